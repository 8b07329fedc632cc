// What operators and their machines ask a process, on an address of its own: it stands open to whoever reaches it, so that it belongs on
// a private network. It answers from the first moment of a start to the last of a drain.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { closeHttp, integerSetting, listenHttp, textSetting } from '@ai-switch/kernel';
import { countProcess, METRICS_TYPE, metricsText } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export const operationsSettings = {
  AISWITCH_OPERATIONS_LISTEN: textSetting({
    describe:
      'Where /healthz, /readyz and /metrics are answered. They need no key: keep the address on a private network.',
    fallback: '127.0.0.1:0',
    pattern: /^\S+:[0-9]{1,5}$/,
    accepts: 'host:port; port 0 takes a free one',
  }),
  AISWITCH_DRAIN_DELAY_MS: integerSetting({
    describe:
      'How long the process goes on as before after SIGTERM while /readyz says that it drains, so that balancers leave it first.',
    fallback: 0,
    min: 0,
    max: 300_000,
  }),
};

export interface OperationsServer {
  readonly port: number;
  close(): Promise<void>;
}

const SERVER_OPTIONS = { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 10_000 } as const;

let isProcessCounted = false;

/** @throws ConfigError when the address cannot be listened on */
export async function openOperationsServer(address: string, readiness: Readiness): Promise<OperationsServer> {
  // The runtime is counted once, however many servers a process has.
  if (!isProcessCounted) countProcess();
  isProcessCounted = true;
  const server = createServer(SERVER_OPTIONS, (incoming, outgoing) => {
    answer(incoming, outgoing, readiness).catch(() => send(outgoing, 500, 'text/plain', 'failed\n'));
  });
  const port = await listenHttp(server, address);
  return { port, close: () => closeHttp(server) };
}

async function answer(
  { method, url = '' }: IncomingMessage,
  outgoing: ServerResponse,
  readiness: Readiness,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return send(outgoing, 405, 'text/plain', 'GET only\n');
  switch (url.split('?', 1)[0]) {
    case '/healthz':
      return send(outgoing, 200, 'text/plain', 'alive\n');
    case '/readyz': {
      const { isReady, ...told } = await readiness.answer();
      return send(outgoing, isReady ? 200 : 503, 'application/json', `${JSON.stringify(told)}\n`);
    }
    case '/metrics':
      return send(outgoing, 200, METRICS_TYPE, await metricsText());
    default:
      return send(outgoing, 404, 'text/plain', 'there are /healthz, /readyz and /metrics\n');
  }
}

function send(outgoing: ServerResponse, status: number, type: string, body: string): void {
  if (outgoing.headersSent) return;
  outgoing.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
