// The edge with real services behind it, each on a database in memory, and two scripted providers in front of it.

import { randomBytes, randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { openAuth } from '@ai-switch/auth';
import {
  type AccessRecord,
  Amounts,
  Bucket,
  CreateKeyRequest,
  CreateUserRequest,
  type EdgePorts,
  type Ports,
  type Reservation,
  RevokeKeyRequest,
  Subject,
  Tier,
  type TokenCounts,
} from '@ai-switch/contracts';
import { type MemoryLog, memoryLog } from '@ai-switch/event-log';
import type { TrustedProxies } from '@ai-switch/guard';
import { closeHttp, listenHttp } from '@ai-switch/kernel';
import { openQuotaLedger } from '@ai-switch/quota-ledger';
import { openRouter } from '@ai-switch/router';
import { createLogger } from '@ai-switch/telemetry';
import { LOOPBACK_NETWORKS, ScriptedProvider } from '@ai-switch/testkit';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { SpoolFile } from '../src/holds/spool-file.ts';
import { createEdge, createEdgeServer, type Edge, type EdgeSettings } from '../src/index.ts';

export const PROVIDER_KEY = 'sk-canary-of-the-provider';
const MEMORY = 'sqlite::memory:';

export interface Gateway extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly key: string;
  readonly tenant: string;
  readonly userId: string;
  readonly ports: GatewayPorts;
  readonly edge: Edge;
  readonly server: Server;
  /** Serves `chat` (OpenAI's dialect) and `messages` (Anthropic's); the first of `both`. */
  readonly provider: ScriptedProvider;
  /** The fall-back of `both`, in OpenAI's dialect. */
  readonly second: ScriptedProvider;
  /** Everything that was logged, as JSON lines. */
  readonly logged: string[];
  /** Posts with the key unless `headers` say otherwise. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  balance(): Promise<{ readonly held: TokenCounts; readonly used: TokenCounts }>;
  /** Bounds what the key's user may spend in a month; what is left out is not bounded. */
  limit(limits: Partial<Amounts>): Promise<void>;
  /** Resolves once the ledger holds nothing; rejects after ten seconds. */
  settled(): Promise<void>;
  reservation(id: string): Promise<Reservation>;
  /** A further key, of the first user or of another one who is made for it. */
  makeKey(options?: {
    readonly user?: string;
    readonly models?: string[];
    readonly networks?: string[];
  }): Promise<ApiKeyMade>;
  revokeKey(keyId: string): Promise<void>;
  /** What it wrote down. */
  readonly log: MemoryLog;
  /** What the access log says about a request, once it does. */
  accessRecord(requestId: string | null): Promise<AccessRecord>;
}

export interface ApiKeyMade {
  readonly plaintext: string;
  readonly keyId: string;
  readonly userId: string;
}

/** What a gateway of the tests stands on, with what makes users and keys for it. */
type GatewayPorts = EdgePorts & Pick<Ports, 'organisation'>;

export interface GatewayOptions {
  readonly settings?: Partial<EdgeSettings>;
  readonly trustedProxies?: TrustedProxies;
  /** Where it writes what it is about to do with its holds. */
  readonly spoolFile?: SpoolFile;
  /** Puts something in front of the ports. */
  readonly wrap?: (ports: GatewayPorts) => EdgePorts;
}

/** Opens one for the tests of a file or a suite, and closes it after them; its providers have no script when a test begins. */
export function useGateway(take: (gateway: Gateway) => void): void {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await openGateway();
    take(gateway);
  });
  beforeEach(() => {
    gateway.provider.reset();
    gateway.second.reset();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());
}

export async function openGateway({
  settings,
  trustedProxies,
  spoolFile,
  wrap,
}: GatewayOptions = {}): Promise<Gateway> {
  const logged: string[] = [];
  const logger = createLogger({
    service: 'edge-gateway',
    level: 'debug',
    destination: { write: (line) => logged.push(line) },
  });
  const [auth, ledger, router, provider, second] = await Promise.all([
    openAuth({ databaseUrl: MEMORY, logger }),
    openQuotaLedger({ databaseUrl: MEMORY, logger }),
    openRouter({
      databaseUrl: MEMORY,
      masterKey: randomBytes(32),
      upstreamNetworks: LOOPBACK_NETWORKS,
      logger,
    }),
    ScriptedProvider.open(),
    ScriptedProvider.open(),
  ]);
  const own: GatewayPorts = {
    auth: auth.auth,
    organisation: auth.organisation,
    quotaLedger: ledger.ledger,
    router: router.router,
  };
  const ports = wrap?.(own) ?? own;
  const key = auth.firstRootKey ?? '';
  const { caller } = await own.auth.authenticate({ key });
  const { tenant = '', userId = '' } = caller ?? {};
  await addProviders(own, tenant, provider, second);
  const log = memoryLog();
  const edge = createEdge({
    ports,
    eventLog: log,
    logger,
    upstreamNetworks: LOOPBACK_NETWORKS,
    ...(trustedProxies !== undefined && { trustedProxies }),
    ...(spoolFile !== undefined && { spoolFile }),
    settings: { tickMs: 20, ...settings },
  });
  const server = createEdgeServer(edge);
  const port = await listenHttp(server, '127.0.0.1:0');
  const url = `http://127.0.0.1:${port}`;

  const balance = async () => {
    const { balances } = await own.quotaLedger.getBalances({ tenant, subject: Subject.create({ userId }) });
    const { held = Amounts.create(), used = Amounts.create() } =
      balances.find(({ bucket }) => bucket?.tier === Tier.PERSONAL)?.balance ?? {};
    return { held, used };
  };
  return {
    url,
    port,
    key,
    tenant,
    userId,
    ports: own,
    edge,
    log,
    server,
    provider,
    second,
    logged,
    balance,
    limit: async (limits) => {
      const bucket = { tenant, tier: Tier.PERSONAL, scope: `user:${userId}`, limits };
      await own.quotaLedger.putBucket({ bucket: Bucket.create(bucket) });
    },
    post: (path, given, headers = { authorization: `Bearer ${key}` }) => {
      const { address, body } = addressed(path, given);
      return fetch(`${url}${address}`, {
        method: 'POST',
        // Each is a conversation of its own: where one fell back to is no matter of the next.
        headers: { 'content-type': 'application/json', 'x-aiswitch-affinity': randomUUID(), ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      });
    },
    settled: () => until(async () => isNothing((await balance()).held), 'the ledger still holds something'),
    makeKey: async ({ user: name, models = [], networks = [] } = {}) => {
      const actor = auth.root;
      const made =
        name === undefined
          ? undefined
          : await auth.organisation.createUser(CreateUserRequest.create({ actor, name }));
      const owner = made?.user?.userId ?? userId;
      const request = CreateKeyRequest.create({ actor, userId: owner, models, networks });
      const { key: row, plaintext } = await auth.organisation.createKey(request);
      return { plaintext, keyId: row?.keyId ?? '', userId: owner };
    },
    revokeKey: async (keyId) => {
      await auth.organisation.revokeKey(RevokeKeyRequest.create({ actor: auth.root, keyId }));
    },
    reservation: async (reservationId) => {
      const { reservation } = await own.quotaLedger.getReceipt({ tenant, reservationId });
      if (reservation === undefined) throw new Error(`no reservation ${reservationId}`);
      return reservation;
    },
    accessRecord: async (id) => {
      const find = () => log.records.find(({ requestId }) => requestId === id);
      await until(async () => find() !== undefined, `no access record of ${id}`);
      return find() ?? expect.unreachable();
    },
    [Symbol.asyncDispose]: async () => {
      await edge.close();
      await closeHttp(server);
      await Promise.all([provider.close(), second.close()]);
      await Promise.all([auth.close(), ledger.close(), router.close()]);
    },
  };
}

async function addProviders(
  { router }: EdgePorts,
  tenant: string,
  provider: ScriptedProvider,
  second: ScriptedProvider,
): Promise<void> {
  const rows = [
    { name: 'chat-provider', dialect: 'openai-chat', baseUrl: provider.baseUrl },
    { name: 'responses-provider', dialect: 'openai-responses', baseUrl: provider.baseUrl },
    { name: 'messages-provider', dialect: 'anthropic-messages', baseUrl: provider.baseUrl },
    { name: 'gemini-provider', dialect: 'gemini', baseUrl: provider.baseUrl },
    { name: 'second-provider', dialect: 'openai-chat', baseUrl: second.baseUrl },
  ];
  for (const row of rows) {
    await router.putProvider({
      provider: {
        tenant,
        kind: 'custom',
        hasCredential: true,
        origin: 'admin',
        updatedAtMs: 0n,
        models: [],
        capabilities: undefined,
        modelCapabilities: {},
        ...row,
      },
      credential: PROVIDER_KEY,
    });
  }
  const aliases: Record<string, readonly [string, number][]> = {
    chat: [['chat-provider', 0]],
    responses: [['responses-provider', 0]],
    messages: [['messages-provider', 0]],
    gemini: [['gemini-provider', 0]],
    both: [
      ['chat-provider', 0],
      ['second-provider', 1],
    ],
  };
  for (const [name, places] of Object.entries(aliases)) {
    const resources = places.map(([place, priority]) => ({
      provider: place,
      model: `upstream-${name}`,
      weight: 1,
      priority,
    }));
    await router.putAlias({ alias: { tenant, name, resources, updatedAtMs: 0n } });
  }
}

export function isNothing(counts: TokenCounts): boolean {
  return counts.input + counts.output + counts.cacheRead + counts.cacheWrite === 0n;
}

/** Asks again until it is so; rejects with `complaint` after ten seconds. */
export async function until(isSo: () => boolean | Promise<boolean>, complaint: string): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(complaint);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const CHAT = '/v1/chat/completions';
export const RESPONSES = '/v1/responses';
export const MESSAGES = '/v1/messages';
/** Stands for the paths of Gemini's, which hold the model and whether the answer is streamed. */
export const GEMINI = '/v1beta/models/…';

/** One for each dialect of clients. */
export const PATHS = [CHAT, RESPONSES, MESSAGES, GEMINI] as const;
/** One for each dialect of providers, in the same order. */
export const ALIASES = ['chat', 'responses', 'messages', 'gemini'] as const;
export const PAIRS = PATHS.flatMap((path) => ALIASES.map((alias) => ({ path, alias })));

/** The alias whose provider speaks the dialect of the path. */
export function aliasOf(path: string): (typeof ALIASES)[number] {
  const paths: readonly string[] = PATHS;
  return ALIASES[paths.indexOf(path)] ?? 'chat';
}

const WORDS_ASKED = 'Hello there, how are you today?';

/** The smallest request of each path for an alias. `text` is what the user says. */
export function ask(path: string, model: string, more: Record<string, unknown> = {}): object {
  const { text = WORDS_ASKED, ...fields } = more;
  switch (path) {
    case MESSAGES:
      return { model, max_tokens: 100, messages: [{ role: 'user', content: text }], ...fields };
    case RESPONSES:
      return { model, input: text, ...fields };
    case GEMINI:
      return { model, contents: [{ role: 'user', parts: [{ text }] }], ...fields };
    default:
      return { model, messages: [{ role: 'user', content: text }], ...fields };
  }
}

/** Gemini's requests say in the path what others say in the body. */
export function addressed(
  path: string,
  given: unknown,
): { readonly address: string; readonly body: unknown } {
  if (path !== GEMINI) return { address: path, body: given };
  if (typeof given !== 'object' || given === null || given instanceof Uint8Array) {
    return { address: '/v1beta/models/gemini:generateContent', body: given };
  }
  const { model, stream, ...body } = given as { readonly model: string; readonly stream?: boolean };
  const method = stream === true ? 'streamGenerateContent?alt=sse' : 'generateContent';
  return { address: `/v1beta/models/${encodeURIComponent(model)}:${method}`, body };
}
