// Which migrations ran is a table in the service's own schema. Each migration and its note are one transaction, so a
// process that dies leaves either both or none. Concurrent starters queue up: on SQLite a transaction takes the only
// write lock at its begin, on PostgreSQL each takes the same advisory lock first.

import type { Kysely } from 'kysely';
import { DatabaseError } from './database-error.ts';
import type { Engine, Migration } from './engine.ts';
import { runTransaction } from './transaction.ts';

/** Where it stands which of them ran. */
export const MIGRATIONS_TABLE = 'schema_migrations';

interface MigrationSchema {
  readonly schema_migrations: { readonly name: string; readonly applied_at_ms: bigint };
}

/** Brings the schema up to `migrations`, or refuses one that this program does not know. */
export async function migrate<Schema>(
  engine: Engine<Schema>,
  migrations: readonly Migration[],
): Promise<void> {
  const kysely = engine.kysely as unknown as Kysely<MigrationSchema>;
  await runTransaction(kysely, async (trx) => {
    await engine.lockSchema(trx);
    await trx.schema
      .createTable(MIGRATIONS_TABLE)
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('applied_at_ms', 'bigint', (column) => column.notNull())
      .execute();
  });
  let isComplete = false;
  while (!isComplete) {
    isComplete = await runTransaction(kysely, async (trx) => {
      await engine.lockSchema(trx);
      const migration = await nextMigration(trx, migrations);
      if (migration === undefined) return true;
      await migration.up(trx as unknown as Kysely<never>);
      await trx
        .insertInto(MIGRATIONS_TABLE)
        .values({ name: migration.name, applied_at_ms: BigInt(Date.now()) })
        .execute();
      return false;
    });
  }
}

/**
 * The first migration that did not run yet, of a database that is only to be read.
 * @throws DatabaseError when its schema is newer than this program or half done
 */
export async function missingMigration(
  kysely: Kysely<never>,
  migrations: readonly Migration[],
): Promise<Migration | undefined> {
  const tables = await kysely.introspection.getTables();
  if (!tables.some(({ name }) => name === MIGRATIONS_TABLE)) return migrations[0];
  return await nextMigration(kysely as unknown as Kysely<MigrationSchema>, migrations);
}

async function nextMigration(
  trx: Kysely<MigrationSchema>,
  migrations: readonly Migration[],
): Promise<Migration | undefined> {
  const rows = await trx.selectFrom(MIGRATIONS_TABLE).select('name').orderBy('name').execute();
  const applied = new Set(rows.map((row) => row.name));
  const unknown = rows.find((row) => !migrations.some((migration) => migration.name === row.name));
  if (unknown !== undefined) {
    throw new DatabaseError(
      `the database was written by a newer version (migration ${unknown.name}): start that version, or restore a backup`,
    );
  }
  const next = migrations.findIndex((migration) => !applied.has(migration.name));
  if (next === -1) return undefined;
  const later = migrations.slice(next).find((migration) => applied.has(migration.name));
  if (later !== undefined) {
    throw new DatabaseError(
      `the database is half migrated (${later.name} ran, ${migrations[next]?.name} did not): restore a backup`,
    );
  }
  return migrations[next];
}
