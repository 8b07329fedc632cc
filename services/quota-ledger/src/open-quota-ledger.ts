import type { QuotaLedger } from '@ai-switch/contracts';
import { ChangeFeed, openDatabase } from '@ai-switch/db';
import { type LogSink, type Outbox, openOutbox } from '@ai-switch/event-log';
import type { Clock } from '@ai-switch/kernel';
import { createLogger, type Logger } from '@ai-switch/telemetry';
import { Ledger } from './ledger.ts';
import { watchQueue } from './ledger-metrics.ts';
import { type LedgerSchema, migrations } from './schema.ts';
import { startSweeper } from './sweeper.ts';

/** How often expired holds are looked for. */
const SWEEP_INTERVAL_MS = 5_000;

export interface QuotaLedgerOptions {
  /** `sqlite:<file>`, `sqlite::memory:` or `postgres://…` */
  readonly databaseUrl: string;
  /** In place of the database's own. */
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly sweepIntervalMs?: number;
}

export interface OpenQuotaLedger {
  readonly ledger: QuotaLedger;
  /** Sends the events of changes from now on; to be closed before this. Until then they wait in the database. */
  sendEvents(sink: LogSink): Outbox;
  /** Waits for the operations under way, then lets go of the database. */
  close(): Promise<void>;
}

/**
 * Opens the ledger on its own database, migrated.
 * @throws DatabaseError when the database cannot be used.
 */
export async function openQuotaLedger({
  databaseUrl,
  clock,
  logger = createLogger({ service: 'quota-ledger', level: 'info' }),
  sweepIntervalMs = SWEEP_INTERVAL_MS,
}: QuotaLedgerOptions): Promise<OpenQuotaLedger> {
  const database = await openDatabase<LedgerSchema>({
    url: databaseUrl,
    schema: 'quota_ledger',
    migrations,
  });
  const feed = new ChangeFeed({
    kysely: database.kysely,
    // The ledger itself reads the rules in each transaction.
    onChanges: () => {},
    onError: (err) => logger.warn({ err }, 'changes of rules cannot be read'),
  });
  let outbox: Outbox | undefined;
  const onChange = () => outbox?.poke();
  const ledger = new Ledger({ database, logger, feed, onChange, ...(clock !== undefined && { clock }) });
  const letGo = watchQueue(() => ledger.depth);
  const sweeper = startSweeper(ledger, sweepIntervalMs, logger);
  return {
    ledger,
    sendEvents: (sink) => {
      outbox = openOutbox({ service: 'quota-ledger', database, sink, logger });
      return outbox;
    },
    close: async () => {
      await feed.close();
      await sweeper.close();
      await ledger.drain();
      letGo();
      await database.flush();
      await database.close();
    },
  };
}
