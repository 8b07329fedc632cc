// Entries in SQLite or PostgreSQL. It is bounded in bytes: what was stored first goes first, and what is over its time goes with the
// next sweep, which comes every minute and after each SWEPT_SHARE of the bound that is stored: it is over the bound by no more than
// that share a process. Losing it loses nothing but time, so nothing is flushed for it.

import { CacheEntry } from '@ai-switch/contracts';
import { type Database, type Migration, openDatabase } from '@ai-switch/db';
import type { Clock } from '@ai-switch/kernel';
import { type Kysely, sql } from 'kysely';
import type { Tier } from './tier.ts';

const SWEEP_EVERY_MS = 60_000;
/** Rows that are taken away at once, so that no step takes long. */
const STEP_ROWS = 500;
const SWEPT_SHARE = 1 / 32;

export interface CacheSchema {
  readonly entries: {
    readonly name: string;
    /** The entry as proto bytes, in base 64. */
    readonly entry: string;
    readonly bytes: bigint;
    readonly stored_at_ms: bigint;
    readonly expires_at_ms: bigint;
  };
}

const migrations: readonly Migration[] = [
  {
    name: '001-entries',
    up: async (kysely: Kysely<never>) => {
      const schema = kysely.schema;
      await schema
        .createTable('entries')
        .addColumn('name', 'text', (column) => column.primaryKey().notNull())
        .addColumn('bytes', 'bigint', (column) => column.notNull())
        .addColumn('stored_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('entry', 'text', (column) => column.notNull())
        .execute();
      // Sums are read from it alone, and not from all that is stored.
      await schema
        .createIndex('entries_stored')
        .on('entries')
        .columns(['stored_at_ms', 'name', 'bytes'])
        .execute();
      await schema.createIndex('entries_expiry').on('entries').column('expires_at_ms').execute();
    },
  },
];

export interface DatabaseTierOptions {
  readonly databaseUrl: string;
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export interface SweptTier extends Tier {
  /** Takes away what is over its time or over the bound, as happens every minute. */
  sweep(): Promise<void>;
}

/** @throws DatabaseError for a database that cannot be used */
export async function openDatabaseTier(options: DatabaseTierOptions): Promise<SweptTier> {
  const database = await openDatabase<CacheSchema>({
    url: options.databaseUrl,
    schema: 'cache',
    migrations,
  });
  const turn = oneAtATime(() => sweepAll(database, options));
  const sweptBytes = Math.ceil(options.bytesMax * SWEPT_SHARE);
  let bytesSince = 0;
  const sweep = () => {
    bytesSince = 0;
    return turn();
  };
  const timer = setInterval(() => void sweep().catch(options.onError), SWEEP_EVERY_MS);
  timer.unref();
  return {
    get: async (name) => {
      const row = await database.kysely
        .selectFrom('entries')
        .select('entry')
        .where('name', '=', name)
        .executeTakeFirst();
      return row === undefined ? undefined : CacheEntry.decode(Buffer.from(row.entry, 'base64'));
    },
    set: async (name, entry) => {
      const text = Buffer.from(CacheEntry.encode(entry).finish()).toString('base64');
      const row = {
        entry: text,
        bytes: BigInt(text.length),
        stored_at_ms: entry.storedAtMs,
        expires_at_ms: entry.expiresAtMs,
      };
      await database.kysely
        .insertInto('entries')
        .values({ name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
      bytesSince += text.length;
      if (bytesSince >= sweptBytes) void sweep().catch(options.onError);
    },
    delete: async (name) => {
      await database.kysely.deleteFrom('entries').where('name', '=', name).execute();
    },
    sweep,
    close: async () => {
      clearInterval(timer);
      await database.close();
    },
  };
}

/** Who asks while it is under way gets the next one. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const run = (): Promise<void> => {
    running = work().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return run();
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined;
        return run();
      });
    return next;
  };
}

async function sweepAll({ kysely }: Database<CacheSchema>, options: DatabaseTierOptions): Promise<void> {
  while ((await forgetExpired(kysely, options.clock)) === STEP_ROWS);
  const { bytes } = await kysely
    .selectFrom('entries')
    .select(sql<bigint>`cast(coalesce(sum(bytes), 0) as bigint)`.as('bytes'))
    .executeTakeFirstOrThrow();
  let over = bytes - BigInt(options.bytesMax);
  while (over > 0n) {
    const forgotten = await forgetOldest(kysely, over);
    if (forgotten === 0n) return;
    over -= forgotten;
  }
}

/** @returns how many rows */
async function forgetExpired(kysely: Kysely<CacheSchema>, clock: Clock): Promise<number> {
  const { numDeletedRows } = await kysely
    .deleteFrom('entries')
    .where('name', 'in', (rows) =>
      rows
        .selectFrom('entries')
        .select('name')
        .where('expires_at_ms', '<=', BigInt(clock.nowMs()))
        .limit(STEP_ROWS),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** @returns how many bytes */
async function forgetOldest(kysely: Kysely<CacheSchema>, bytesWanted: bigint): Promise<bigint> {
  const oldest = await kysely
    .selectFrom('entries')
    .select(['name', 'bytes'])
    .orderBy('stored_at_ms')
    .orderBy('name')
    .limit(STEP_ROWS)
    .execute();
  const names: string[] = [];
  let bytes = 0n;
  for (const row of oldest) {
    if (bytes >= bytesWanted) break;
    names.push(row.name);
    bytes += row.bytes;
  }
  if (names.length > 0) await kysely.deleteFrom('entries').where('name', 'in', names).execute();
  return bytes;
}
