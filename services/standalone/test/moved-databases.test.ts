// The move knows no table by name, so whatever a service keeps has to go along: each table of each service is filled here.

import { join } from 'node:path';
import { type Database, moveToPostgres, openDatabase } from '@ai-switch/db';
import { databases, type FreshDatabase, temporaryFolder } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serviceDatabases } from '../src/migrate-database/moved-databases.ts';

/** More than one batch, so that batches meet in every table. */
const ROWS = 1_050;
const BIG = 9_007_199_254_740_993n;

const postgres = databases.find(({ name }) => name === 'postgres') ?? expect.unreachable();
let folder: ReturnType<typeof temporaryFolder>;
let target: FreshDatabase;

beforeEach(async () => {
  folder = temporaryFolder();
  target = await postgres.create();
});
afterEach(async () => {
  await target.drop();
  folder[Symbol.dispose]();
});

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: bigint;
  readonly pk: bigint;
}

async function tablesOf({ kysely }: Database<never>): Promise<readonly string[]> {
  const tables = await kysely.introspection.getTables();
  return tables.map(({ name }) => name).filter((name) => name !== 'schema_migrations');
}

function valueFor({ name, type, notnull, pk }: Column, table: string, row: number) {
  if (notnull === 0n && pk === 0n && row % 3 === 0) return null;
  switch (type.toLowerCase()) {
    case 'bigint':
      return BIG + BigInt(row);
    case 'text':
      return `${table}.${name} ${row} "für" 你好 \\ {"a":[1]}`;
    case 'bytea':
    case 'blob':
      return Buffer.from([0, row % 256, 255, 92]);
    default:
      throw new Error(`a column of ${table} has the type ${type}, which the move is not tested with`);
  }
}

async function fill(database: Database<never>, table: string): Promise<void> {
  const { rows: columns } = await sql<Column>`select * from pragma_table_info(${table})`.execute(
    database.kysely,
  );
  await database.transaction(async (trx) => {
    await sql`delete from ${sql.table(table)}`.execute(trx);
    for (let row = 0; row < ROWS; row += 1) {
      const values = columns.map((column) => sql`${valueFor(column, table, row)}`);
      await sql`insert into ${sql.table(table)} values (${sql.join(values)})`.execute(trx);
    }
  });
}

it('every table of every service arrives in PostgreSQL row by row', async () => {
  const moved = serviceDatabases((service) => `sqlite:${join(folder.path, `${service}.db`)}`);
  const filled: string[] = [];
  for (const { schema, from, migrations } of moved) {
    const database = await openDatabase<never>({ url: from, schema, migrations });
    for (const table of await tablesOf(database)) {
      await fill(database, table);
      filled.push(`${schema}.${table}`);
    }
    await database.close();
  }
  expect(filled.length).toBeGreaterThan(40);

  const report = await moveToPostgres({ databases: moved, to: target.url });
  expect(report.tables.map(({ schema, table }) => `${schema}.${table}`).sort()).toEqual(filled.sort());
  for (const { contents } of report.tables) expect(contents.rows).toBe(BigInt(ROWS));

  for (const { schema, from, migrations } of moved) {
    const here = await openDatabase<never>({ url: from, schema, migrations });
    const there = await openDatabase<never>({ url: target.url, schema, migrations });
    for (const table of await tablesOf(here)) {
      const [ours, theirs] = await Promise.all([here, there].map((database) => rowsOf(database, table)));
      expect(theirs, table).toEqual(ours);
    }
    await here.close();
    await there.close();
  }
}, 120_000);

async function rowsOf({ kysely }: Database<never>, table: string): Promise<readonly string[]> {
  const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(kysely);
  return rows
    .map((row) => JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)))
    .sort();
}
