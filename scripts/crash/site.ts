// What is put under load: a PostgreSQL that waits for its disk, two ledgers on it, an edge on each of them, and around them
// what is never killed: auth, router and audit on files of their own, and a provider.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Alias,
  AuthDefinition,
  Bucket,
  CreateKeyRequest,
  CreateUserRequest,
  Limits,
  OrganisationDefinition,
  PeriodKind,
  Provider,
  type QuotaLedger,
  QuotaLedgerDefinition,
  RouterDefinition,
  Tier,
} from '@ai-switch/contracts';
import { type Database, openDatabase } from '@ai-switch/db';
import { connect } from '@ai-switch/rpc';
import { LOOPBACK_NETWORKS, type PostgresServer, ScriptedProvider, startPostgres } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { ServiceProcess } from '../cluster/service-process.ts';
import type { Random } from '../sim/random.ts';

export const TENANT = 'default';
/** Short, so that what a killed process left is over while the run goes on. */
export const HOLD_TTL_MS = 2_000;
const HEARTBEAT_MS = 500;
export const SWEEP_MS = 500;
const COPIES = [0, 1] as const;
const USERS = 8;
/** About a hundred answers, so that refusals begin in the middle of a run. */
const TIGHT_OUTPUT = 10_000n;

export type Victim = 'ledger' | 'edge' | 'postgres';

export interface Site extends AsyncDisposable {
  readonly postgresUrl: string;
  readonly provider: ScriptedProvider;
  readonly edgeUrls: readonly string[];
  readonly ledgers: readonly QuotaLedger[];
  /** Keys of users, every second of whom has little quota. */
  readonly keys: readonly string[];
  /** Processes that ended though nobody killed them. */
  readonly deaths: () => readonly string[];
  /** Kills and starts again. Resolves when it serves. */
  crash(victim: Victim, random: Random): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'ai-switch-crash-'));
  const postgres = await startPostgres({ isDurable: true });
  const provider = await ScriptedProvider.open();
  const around = await startAround(folder);
  const ledgers = await Promise.all(COPIES.map(() => ledgerOn(postgres).start()));
  const edges = await Promise.all(
    ledgers.map((ledger, copy) => edgeOn(folder, copy, around, ledger).start()),
  );
  const ports = ledgers.map(({ address }) => connect(QuotaLedgerDefinition, address));
  const [first] = ports;
  if (first === undefined) throw new Error('there is no ledger');
  const keys = await setUp(around, first, provider);
  return {
    postgresUrl: postgres.url,
    provider,
    edgeUrls: edges.map(({ address }) => `http://${address}`),
    ledgers: ports,
    keys,
    deaths: () => [...edges, ...ledgers, ...Object.values(around)].flatMap(({ deaths }) => deaths),
    crash: async (victim, random) => {
      if (victim === 'postgres') {
        await killBackend(postgres, random);
        return;
      }
      const killed = random.pick(victim === 'ledger' ? ledgers : edges);
      await killed.kill();
      await killed.start();
    },
    [Symbol.asyncDispose]: async () => {
      for (const port of ports) port.close();
      for (const service of [...edges, ...ledgers, ...Object.values(around)]) await service.kill();
      await provider.close();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Around = Readonly<Record<'auth' | 'router' | 'audit', ServiceProcess>>;

async function startAround(folder: string): Promise<Around> {
  const masterKey = join(folder, 'master.key');
  writeFileSync(masterKey, randomBytes(32), { mode: 0o600 });
  const url = (name: string) => `sqlite:${join(folder, `${name}.db`)}`;
  const [auth, router, audit] = await Promise.all([
    new ServiceProcess({
      name: 'auth',
      listen: 'AISWITCH_AUTH_LISTEN',
      environment: { AISWITCH_AUTH_DATABASE_URL: url('auth') },
    }).start(),
    new ServiceProcess({
      name: 'router',
      listen: 'AISWITCH_ROUTER_LISTEN',
      environment: {
        AISWITCH_ROUTER_DATABASE_URL: url('router'),
        AISWITCH_MASTER_KEY_FILE: masterKey,
        AISWITCH_UPSTREAM_NETWORKS: LOOPBACK_NETWORKS.join(),
      },
    }).start(),
    new ServiceProcess({
      name: 'audit-consumer',
      listen: 'AISWITCH_AUDIT_LISTEN',
      environment: { AISWITCH_AUDIT_DATABASE_URL: url('audit') },
    }).start(),
  ]);
  return { auth, router, audit };
}

function ledgerOn({ url }: PostgresServer): ServiceProcess {
  return new ServiceProcess({
    name: 'quota-ledger',
    listen: 'AISWITCH_LEDGER_LISTEN',
    environment: {
      AISWITCH_LEDGER_DATABASE_URL: url,
      AISWITCH_LEDGER_SWEEP_INTERVAL_MS: String(SWEEP_MS),
      AISWITCH_LEDGER_LOG_LEVEL: 'fatal',
    },
  });
}

function edgeOn(folder: string, copy: number, around: Around, ledger: ServiceProcess): ServiceProcess {
  return new ServiceProcess({
    name: 'edge-gateway',
    listen: 'AISWITCH_EDGE_LISTEN',
    environment: {
      AISWITCH_AUTH_ADDRESS: around.auth.address,
      AISWITCH_ROUTER_ADDRESS: around.router.address,
      AISWITCH_AUDIT_ADDRESS: around.audit.address,
      AISWITCH_LEDGER_ADDRESS: ledger.address,
      AISWITCH_EDGE_SPOOL_PATH: join(folder, `spool-${copy}`),
      AISWITCH_UPSTREAM_NETWORKS: LOOPBACK_NETWORKS.join(),
      AISWITCH_EDGE_HOLD_TTL_MS: String(HOLD_TTL_MS),
      AISWITCH_EDGE_HEARTBEAT_MS: String(HEARTBEAT_MS),
      AISWITCH_EDGE_LOG_LEVEL: 'fatal',
    },
  });
}

async function setUp(around: Around, ledger: QuotaLedger, provider: ScriptedProvider): Promise<string[]> {
  const auth = connect(AuthDefinition, around.auth.address);
  const organisation = connect(OrganisationDefinition, around.auth.address);
  const router = connect(RouterDefinition, around.router.address);
  const tenant = TENANT;
  const { caller } = await auth.authenticate({ key: /ais_\w+/.exec(around.auth.printed)?.[0] ?? '' });
  const actor = { tenant, userId: caller?.userId ?? '' };
  try {
    for (const [alias, dialect] of Object.entries({ chat: 'openai-chat', messages: 'anthropic-messages' })) {
      const row = {
        tenant,
        name: alias,
        kind: 'custom',
        dialect,
        baseUrl: provider.baseUrl,
        origin: 'admin',
      };
      await router.putProvider({ provider: Provider.create(row), credential: 'sk-crash' });
      const resource = { provider: alias, model: `${alias}-model`, weight: 1, priority: 0 };
      await router.putAlias({ alias: Alias.create({ tenant, name: alias, resources: [resource] }) });
    }
    const keys: string[] = [];
    for (let place = 0; place < USERS; place += 1) {
      const name = `user-${place}`;
      const { user } = await organisation.createUser(CreateUserRequest.create({ actor, name }));
      const userId = user?.userId ?? '';
      if (place % 2 === 1) await limit(ledger, userId);
      keys.push((await organisation.createKey(CreateKeyRequest.create({ actor, userId }))).plaintext);
    }
    return keys;
  } finally {
    auth.close();
    organisation.close();
    router.close();
  }
}

async function limit(ledger: QuotaLedger, userId: string): Promise<void> {
  await ledger.putBucket({
    bucket: Bucket.create({
      tenant: TENANT,
      tier: Tier.PERSONAL,
      scope: `user:${userId}`,
      limits: Limits.create({ output: TIGHT_OUTPUT }),
      periodKind: PeriodKind.MONTH,
    }),
  });
}

/** One of the server's processes ends without a word: PostgreSQL then ends all others and recovers from its log. */
async function killBackend({ url }: PostgresServer, random: Random): Promise<void> {
  const database = await openWhenReady(url);
  try {
    const { rows } = await sql<{ readonly pid: bigint }>`select pid::int8 as pid from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid() order by pid`.execute(
      database.kysely,
    );
    if (rows.length > 0) process.kill(Number(random.pick(rows).pid), 'SIGKILL');
  } finally {
    // Its own connection ends with the others, and may never say so.
    void database.close().catch(() => {});
  }
  await (await openWhenReady(url)).close();
}

const READY_MS_MAX = 60_000;

/** @throws DatabaseError when the server has not recovered within a minute */
async function openWhenReady(url: string): Promise<Database<object>> {
  const giveUpAt = performance.now() + READY_MS_MAX;
  for (;;) {
    try {
      return await openDatabase<object>({ url, schema: 'crash', migrations: [] });
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
