// The whole cluster on components of its own, which can be killed, with a scripted provider behind it and users in front of it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type QuotaLedger, QuotaLedgerDefinition } from '@ai-switch/contracts';
import { connect } from '@ai-switch/rpc';
import {
  type KafkaBroker,
  type RedisServer,
  ScriptedProvider,
  startKafka,
  startPostgres,
  startRedis,
} from '@ai-switch/testkit';
import { type Cluster, openCluster } from '../cluster/cluster.ts';
import { HOLD_TTL_MS, SWEEP_MS } from '../crash/site.ts';

const HEARTBEAT_MS = 500;
const USERS = 16;
const CHANGE_ATTEMPTS_MAX = 40;
/** A prompt with these words is blocked, and the block is an audit event. */
export const BLOCKED_WORDS = 'Project Nightingale';

export interface ClusterSite extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly postgresUrl: string;
  readonly kafka: KafkaBroker;
  readonly redis: RedisServer;
  readonly provider: ScriptedProvider;
  readonly edgeUrls: readonly string[];
  readonly ledgers: readonly QuotaLedger[];
  readonly keys: readonly string[];
  readonly deaths: () => readonly string[];
  /** @returns the body of an answer of the admin API. @throws Error with it when it is no success */
  admin(method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>>;
}

export interface ClusterSiteOptions {
  /** How long a stream may go on while its edge ends. */
  readonly drainMs?: number;
  readonly onStarted?: (name: string) => void;
}

export async function openClusterSite(options: ClusterSiteOptions = {}): Promise<ClusterSite> {
  const { drainMs = 30_000, onStarted = () => {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'ai-switch-crash-cluster-'));
  const opened: (() => PromiseLike<void>)[] = [];
  const close = async () => {
    for (const end of opened.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const postgres = await startPostgres({ isDurable: true });
    opened.push(() => postgres.stop());
    const redis = await startRedis();
    opened.push(() => redis.stop());
    const kafka = await startKafka();
    opened.push(() => kafka.stop());
    const provider = await ScriptedProvider.open();
    opened.push(() => provider.close());
    const cluster = await openCluster({
      folder,
      components: { postgres: postgres.url, redis: redis.url, kafka: kafka.address },
      environment: {
        AISWITCH_LEDGER_SWEEP_INTERVAL_MS: String(SWEEP_MS),
        AISWITCH_EDGE_HOLD_TTL_MS: String(HOLD_TTL_MS),
        AISWITCH_EDGE_HEARTBEAT_MS: String(HEARTBEAT_MS),
        AISWITCH_EDGE_DRAIN_MS: String(drainMs),
        AISWITCH_EDGE_LOG_LEVEL: 'fatal',
        AISWITCH_AUDIT_LOG_LEVEL: 'fatal',
        AISWITCH_CONSOLE_LOG_LEVEL: 'fatal',
      },
      onStarted,
    });
    opened.push(() => cluster[Symbol.asyncDispose]());
    const ledgers = cluster.of('quota-ledger').map(({ address }) => connect(QuotaLedgerDefinition, address));
    opened.push(async () => {
      for (const ledger of ledgers) ledger.close();
    });
    const admin = adminOf(cluster);
    return {
      cluster,
      postgresUrl: postgres.url,
      kafka,
      redis,
      provider,
      edgeUrls: [cluster.url],
      ledgers,
      keys: await setUp(admin, provider),
      deaths: () => cluster.deaths(),
      admin,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function adminOf({ url, rootKey }: Cluster): ClusterSite['admin'] {
  return async (method, path, body) => {
    const response = await fetch(`${url}/api/admin/v1${path}`, {
      method,
      headers: { 'x-api-key': rootKey },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  };
}

async function setUp(admin: ClusterSite['admin'], { baseUrl }: ScriptedProvider): Promise<string[]> {
  for (const [alias, dialect] of Object.entries({ chat: 'openai-chat', messages: 'anthropic-messages' })) {
    const model = `${alias}-model`;
    const row = { kind: 'custom', dialect, baseUrl, credential: 'sk-crash', models: [model] };
    await admin('PUT', `/providers/${alias}`, row);
    await admin('PUT', `/aliases/${alias}`, { resources: [{ provider: alias, model }] });
  }
  const rule = {
    ruleId: 'no-names',
    mode: 'contains',
    pattern: BLOCKED_WORDS,
    action: 'block',
    surfaces: ['prompt'],
    message: 'It is confidential.',
  };
  await admin('PUT', '/rule-sets/no-names', { name: 'No names', rules: [rule] });
  // Bounds that nobody reaches, so that each request asks the counters.
  const rates = { requestsPerMinute: 10_000_000, tokensPerMinute: 0, concurrentRequests: 100_000 };
  await admin('PUT', '/access-policies/company', { ruleSets: ['no-names'], userRateLimit: rates });
  const keys: string[] = [];
  for (let place = 0; place < USERS; place += 1) {
    const name = `user-${place}`;
    await admin('POST', '/users', { name });
    keys.push(String((await admin('POST', '/keys', { user: name })).plaintext));
  }
  return keys;
}

export interface MadeUser {
  readonly userId: string;
}

/** Makes users until it is told to stop; notes those whose making was acknowledged. */
export async function changingClient(
  { admin }: ClusterSite,
  isOver: () => boolean,
  note: (made: MadeUser) => void,
): Promise<void> {
  let failures = 0;
  for (let number = 0; !isOver(); number += 1) {
    try {
      const { userId } = await admin('POST', '/users', { name: `made-${number}` });
      note({ userId: String(userId) });
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === CHANGE_ATTEMPTS_MAX) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
