// Entries in SQLite or PostgreSQL. It is bounded in bytes: what was stored first goes first, and what is over its time goes with the
// next sweep. Losing it loses nothing but time, so nothing is flushed for it.

import { CacheEntry } from '@ai-switch/contracts';
import { type Database, type Migration, openDatabase } from '@ai-switch/db';
import type { Clock } from '@ai-switch/kernel';
import { type Kysely, sql } from 'kysely';
import type { Tier } from './tier.ts';

const SWEEP_EVERY_MS = 60_000;
/** Rows that one sweep takes away, so that none takes long. */
const SWEPT_MAX = 1_000;

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

export const migrations: readonly Migration[] = [
  {
    name: '001-entries',
    up: async (kysely: Kysely<never>) => {
      const schema = kysely.schema;
      await schema
        .createTable('entries')
        .addColumn('name', 'text', (column) => column.primaryKey().notNull())
        .addColumn('entry', 'text', (column) => column.notNull())
        .addColumn('bytes', 'bigint', (column) => column.notNull())
        .addColumn('stored_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
        .execute();
      await schema.createIndex('entries_stored').on('entries').columns(['stored_at_ms', 'name']).execute();
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
  const sweep = () => sweepOnce(database, options);
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

async function sweepOnce({ kysely }: Database<CacheSchema>, options: DatabaseTierOptions): Promise<void> {
  await kysely
    .deleteFrom('entries')
    .where('name', 'in', (rows) =>
      rows
        .selectFrom('entries')
        .select('name')
        .where('expires_at_ms', '<=', BigInt(options.clock.nowMs()))
        .limit(SWEPT_MAX),
    )
    .execute();
  const { bytes } = await kysely
    .selectFrom('entries')
    .select(sql<bigint>`cast(coalesce(sum(bytes), 0) as bigint)`.as('bytes'))
    .executeTakeFirstOrThrow();
  let over = bytes - BigInt(options.bytesMax);
  if (over <= 0n) return;
  const oldest = await kysely
    .selectFrom('entries')
    .select(['name', 'bytes'])
    .orderBy('stored_at_ms')
    .orderBy('name')
    .limit(SWEPT_MAX)
    .execute();
  const names: string[] = [];
  for (const row of oldest) {
    if (over <= 0n) break;
    names.push(row.name);
    over -= row.bytes;
  }
  await kysely.deleteFrom('entries').where('name', 'in', names).execute();
}
