import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@ai-switch/db';
import { Ledger, type LedgerSchema, migrations } from '@ai-switch/quota-ledger';
import { createLogger } from '@ai-switch/telemetry';
import { startPostgres } from '@ai-switch/testkit';
import { prepare, runLoad, type Work } from './load.ts';
import type { DatabaseName, LedgerBenchOptions } from './options.ts';

export const FORMS = ['naive', 'coalesced'] as const;
export type Form = (typeof FORMS)[number];

export interface Measured {
  readonly database: DatabaseName;
  readonly work: Work;
  readonly clients: number;
  readonly round: number;
  readonly form: Form;
  readonly perSecond: number;
  readonly latenciesMs: number[];
}

const WARM_UP_SECONDS = 1;
/** Transactions of the naive form at the same time: the connections that a ledger has to PostgreSQL. */
const WRITERS = 10;

/** Both forms turn by turn, on the same database, for every number of clients. */
export async function measure(
  database: DatabaseName,
  { rounds, seconds, clients, delayMs }: LedgerBenchOptions,
  onWindow: (measured: Measured) => void,
): Promise<void> {
  const place = await openPlace(database);
  const opened = await openDatabase<LedgerSchema>({ url: place.url, schema: 'quota_ledger', migrations });
  const logger = createLogger({ service: 'bench', level: 'error' });
  const coalesced = new Ledger({ database: opened, logger, batchDelayMs: delayMs });
  // Each in a transaction of its own at the same time as the others: as many writers as the database has connections.
  const writers = Array.from(
    { length: WRITERS },
    () => new Ledger({ database: opened, logger, batchMax: 1 }),
  );
  const ledgers = { naive: inTurn(writers), coalesced };
  try {
    await prepare(ledgers.coalesced);
    for (const form of FORMS) await runLoad(ledgers[form], 'pairs', 32, WARM_UP_SECONDS);
    for (const work of ['reserves', 'pairs'] as const) {
      for (const each of clients) {
        for (let round = 1; round <= rounds; round += 1) {
          for (const form of FORMS) {
            const window = await runLoad(ledgers[form], work, each, seconds);
            onWindow({ database, work, clients: each, round, form, ...window });
          }
        }
      }
    }
  } finally {
    for (const ledger of [coalesced, ...writers]) await ledger.drain();
    await opened.close();
    await place.close();
  }
}

/** Hands each call to the next of several ledgers on one database. */
function inTurn(ledgers: readonly Ledger[]): Pick<Ledger, 'reserve' | 'settle'> {
  let calls = 0;
  const next = () => {
    calls += 1;
    const ledger = ledgers[calls % ledgers.length];
    if (ledger === undefined) throw new Error('there is a ledger');
    return ledger;
  };
  return { reserve: (request) => next().reserve(request), settle: (request) => next().settle(request) };
}

async function openPlace(database: DatabaseName): Promise<{ readonly url: string; close(): Promise<void> }> {
  if (database === 'postgres') {
    const server = await startPostgres({ isDurable: true });
    return { url: server.url, close: () => server.stop() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'aiswitch-bench-'));
  return {
    url: `sqlite:${join(folder, 'ledger.db')}`,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
