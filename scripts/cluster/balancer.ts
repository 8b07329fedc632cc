// Stands in front of the edges and the console, as an ingress does: the requests of one key go to one edge as long as it is ready,
// since an edge remembers what clients cannot carry from request to request, and the admin API goes to the console. It passes bytes
// on as they come and changes nothing but the header that says where a request comes from.

import { hash } from 'node:crypto';
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { closeHttp, listenHttp } from '@ai-switch/kernel';

const ADMIN_PREFIX = '/api/admin/';
/** Where clients put their key. */
const CREDENTIAL_HEADERS = ['authorization', 'x-api-key', 'x-goog-api-key'] as const;
const LOOK_MS = 100;
const LOOK_TIMEOUT_MS = 1_000;

export interface Backend {
  /** `host:port`; it may change from start to start. */
  readonly address: string;
  /** Of its /readyz; 0 while it starts. */
  readonly operationsPort: number;
}

export interface Balancer {
  readonly url: string;
  /** How many of the edges are ready now. */
  readonly ready: number;
  close(): Promise<void>;
}

export interface BalancerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  readonly edges: readonly Backend[];
  readonly console: Backend;
}

export async function openBalancer({ address, edges, console }: BalancerOptions): Promise<Balancer> {
  let ready: readonly Backend[] = [];
  const look = async () => {
    const answers = await Promise.all(edges.map(isReady));
    ready = edges.filter((_, index) => answers[index]);
  };
  await look();
  let isClosed = false;
  const looking = (async () => {
    while (!isClosed) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      await look();
    }
  })();
  const backendsFor = ({ url = '/', headers }: IncomingMessage): readonly Backend[] => {
    if (url.startsWith(ADMIN_PREFIX)) return [console];
    const key = CREDENTIAL_HEADERS.map((name) => headers[name]).find((value) => value !== undefined);
    return inOrderFor(String(key ?? ''), ready);
  };
  const server = createServer(
    { requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 75_000 },
    (incoming, outgoing) => pass(incoming, outgoing, backendsFor(incoming)),
  );
  const port = await listenHttp(server, address);
  return {
    url: `http://127.0.0.1:${port}`,
    get ready() {
      return ready.length;
    },
    close: async () => {
      isClosed = true;
      await looking;
      await closeHttp(server);
    },
  };
}

/** Each key has an order of its own, which a backend that comes or goes changes for nobody else. */
function inOrderFor(key: string, ready: readonly Backend[]): readonly Backend[] {
  const weight = ({ address }: Backend) => hash('sha256', `${key} ${address}`);
  return ready.toSorted((left, right) => weight(left).localeCompare(weight(right)));
}

async function isReady({ operationsPort }: Backend): Promise<boolean> {
  if (operationsPort === 0) return false;
  return fetch(`http://127.0.0.1:${operationsPort}/readyz`, {
    signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
  }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, backends: readonly Backend[]): void {
  const [backend, ...others] = backends;
  if (backend === undefined) {
    outgoing.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '1' }).end('Nobody is ready.\n');
    return;
  }
  const [host, port] = backend.address.split(':');
  const asked: ClientRequest = request({
    host,
    port,
    method: incoming.method,
    path: incoming.url,
    headers: { ...incoming.headers, 'x-forwarded-for': incoming.socket.remoteAddress ?? '' },
    // A connection a request: a backend that ends its idle ones cannot cut a request off.
    agent: false,
  });
  let isSent = false;
  asked.once('socket', (socket) => {
    const send = () => {
      isSent = true;
      incoming.pipe(asked);
    };
    if (socket.connecting) socket.once('connect', send);
    else send();
  });
  asked.once('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.headers);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
    answer.once('error', () => outgoing.destroy());
    answer.once('aborted', () => outgoing.destroy());
  });
  asked.once('error', () => {
    // What nobody has heard of yet goes to the next one.
    if (!isSent && others.length > 0) pass(incoming, outgoing, others);
    else if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502, { 'content-type': 'text/plain' }).end('The gateway went away.\n');
  });
  outgoing.once('close', () => asked.destroy());
}
