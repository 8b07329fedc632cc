// Copies databases of SQLite into PostgreSQL and proves that both hold the same.
//
// Everything is written into schemas of other names, read back from the server and compared row by row with what was read from the
// files. Only when all is equal do the schemas get their names, all of them in one transaction: a service never sees half a copy, and a
// process that dies leaves nothing but schemas that the next run removes. The files stay as they are.

import { type Kysely, sql } from 'kysely';
import { type Database, openDatabase } from '../database.ts';
import { DatabaseError } from '../database-error.ts';
import type { Migration } from '../engine.ts';
import { MIGRATIONS_TABLE, missingMigration } from '../migrate.ts';
import { openPostgres } from '../postgres.ts';
import { openSqlite } from '../sqlite.ts';
import {
  ContentsTally,
  type Row,
  readPostgresTable,
  sqliteBatches,
  type TableContents,
} from './read-table.ts';

export interface MovedDatabase {
  /** Its schema in PostgreSQL, like `quota_ledger`. */
  readonly schema: string;
  /** `sqlite:<file>`. Nobody else may use it meanwhile. */
  readonly from: string;
  readonly migrations: readonly Migration[];
  /** Queries by the names of what they tell; both databases have to answer them alike. */
  readonly proofs: Readonly<Record<string, string>>;
}

export interface MovedTable {
  readonly schema: string;
  readonly table: string;
  readonly contents: TableContents;
}

export interface ProofGiven {
  readonly schema: string;
  readonly name: string;
  readonly rows: readonly Row[];
}

export interface MoveReport {
  readonly tables: readonly MovedTable[];
  readonly proofs: readonly ProofGiven[];
}

export interface MoveOptions {
  readonly databases: readonly MovedDatabase[];
  /** `postgres://…` */
  readonly to: string;
  /** Told after each batch; the next one waits for it. */
  readonly onProgress?: (
    table: { readonly schema: string; readonly table: string },
    rows: bigint,
  ) => void | Promise<void>;
}

/** @throws DatabaseError of one line when a target is not empty, another run is under way, or the copy differs */
export async function moveToPostgres({ databases, to, onProgress }: MoveOptions): Promise<MoveReport> {
  const admin = openPostgres<never>(to, 'public');
  try {
    return await admin.kysely.connection().execute(async (connection) => {
      await takeTarget(connection);
      const schemas = databases.map(({ schema }) => schema);
      await refuseFilled(connection, schemas);
      await dropUnfinished(connection, schemas);
      const tables: MovedTable[] = [];
      const proofs: ProofGiven[] = [];
      for (const database of databases) {
        const moved = await moveOne(database, to, onProgress);
        tables.push(...moved.tables);
        proofs.push(...moved.proofs);
      }
      await giveNames(connection, schemas);
      return { tables, proofs };
    });
  } catch (error) {
    const isOfTarget = !(error instanceof Error && 'errcode' in error);
    const explanation = isOfTarget ? admin.explain(error) : undefined;
    throw explanation === undefined ? error : new DatabaseError(explanation, { cause: error });
  } finally {
    await admin.close();
  }
}

/** Held until the connection closes. */
async function takeTarget(connection: Kysely<never>): Promise<void> {
  const { rows } = await sql<{ is_taken: boolean }>`
    select pg_try_advisory_lock(hashtextextended('aiswitch move', 0)) as is_taken
  `.execute(connection);
  if (rows[0]?.is_taken !== true)
    throw new DatabaseError('another run copies into this database: wait for it');
}

async function refuseFilled(connection: Kysely<never>, schemas: readonly string[]): Promise<void> {
  const { rows } = await sql<{ schema: string }>`
    select distinct schemaname as schema from pg_tables where schemaname = any(${[...schemas]})
  `.execute(connection);
  if (rows.length === 0) return;
  const names = rows.map(({ schema }) => schema).sort();
  throw new DatabaseError(
    `the database is not empty: it has tables in ${names.join(', ')}. Give an empty database, or drop these schemas if nobody needs them`,
  );
}

async function dropUnfinished(connection: Kysely<never>, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) {
    await sql`drop schema if exists ${sql.id(unfinished(schema))} cascade`.execute(connection);
  }
}

function giveNames(connection: Kysely<never>, schemas: readonly string[]): Promise<void> {
  return connection.transaction().execute(async (trx) => {
    for (const schema of schemas) {
      // Without `cascade`: one that somebody has filled meanwhile ends the transaction.
      await sql`drop schema if exists ${sql.id(schema)}`.execute(trx);
      await sql`alter schema ${sql.id(unfinished(schema))} rename to ${sql.id(schema)}`.execute(trx);
    }
  });
}

function unfinished(schema: string): string {
  return `${schema}_being_copied`;
}

async function moveOne(
  moved: MovedDatabase,
  to: string,
  onProgress: MoveOptions['onProgress'],
): Promise<MoveReport> {
  const { schema, from, migrations, proofs } = moved;
  const source = openSqlite<never>(from.slice('sqlite:'.length));
  try {
    await refuseOtherVersion(source, moved);
    const target = await openDatabase<never>({ url: to, schema: unfinished(schema), migrations });
    try {
      const names = await tablesOf(source.kysely);
      const tables: MovedTable[] = [];
      for (const table of names) {
        const contents = await moveTable(source.kysely, target, table, (rows) =>
          onProgress?.({ schema, table }, rows),
        );
        tables.push({ schema, table, contents });
      }
      return { tables, proofs: await prove(schema, proofs, source.kysely, target.kysely) };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** A source is only read: bringing it to another version is for a start, which its owner can prepare for with a backup. */
async function refuseOtherVersion(
  { kysely, explain }: ReturnType<typeof openSqlite<never>>,
  { schema, migrations }: MovedDatabase,
): Promise<void> {
  try {
    const missing = await missingMigration(kysely, migrations);
    if (missing === undefined) return;
    throw new DatabaseError(
      `the files are of an older version (migration ${missing.name} of ${schema} did not run): start this version on them once, and end it`,
    );
  } catch (error) {
    const explanation = explain(error);
    throw explanation === undefined ? error : new DatabaseError(explanation, { cause: error });
  }
}

async function tablesOf(source: Kysely<never>): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' and name <> ${MIGRATIONS_TABLE}
    order by name
  `.execute(source);
  return rows.map(({ name }) => name);
}

async function moveTable(
  source: Kysely<never>,
  target: Database<never>,
  table: string,
  onRows: (rows: bigint) => void | Promise<void> | undefined,
): Promise<TableContents> {
  const read = new ContentsTally();
  const columns = await columnsOf(target.kysely, table);
  // A migration may have put a first row there.
  await sql`delete from ${sql.table(table)}`.execute(target.kysely);
  for await (const batch of sqliteBatches(source, table)) {
    for (const row of batch) read.add(row);
    await insert(target.kysely, table, columns, batch);
    await onRows(read.rows);
  }
  const wanted = read.contents();
  const found = await target.kysely.transaction().execute((trx) => readPostgresTable(trx, table));
  if (JSON.stringify(asText(found)) === JSON.stringify(asText(wanted))) return wanted;
  throw new DatabaseError(
    `the copy of the table ${table} differs from its source (${found.rows} rows of ${wanted.rows}): nothing was taken over; run it again, and see that nobody else writes there`,
  );
}

function asText({ rows, sums, digest }: TableContents) {
  return { rows: String(rows), sums, digest };
}

/** The columns of a table with their types, as the server names them. */
async function columnsOf(target: Kysely<never>, table: string): Promise<readonly Column[]> {
  const { rows } = await sql<Column>`
    select column_name as name, udt_name as type from information_schema.columns
    where table_schema = current_schema() and table_name = ${table} order by ordinal_position
  `.execute(target);
  return rows;
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/** A list for each column and one text for every batch: a value each would cost several times as much. */
async function insert(
  target: Kysely<never>,
  table: string,
  columns: readonly Column[],
  rows: readonly Row[],
): Promise<void> {
  const names = sql.join(columns.map(({ name }) => sql.id(name)));
  const lists = columns.map(({ name, type }) => sql`${rows.map((row) => row[name])}::${sql.id(type)}[]`);
  await sql`insert into ${sql.table(table)} (${names}) select * from unnest(${sql.join(lists)})`.execute(
    target,
  );
}

async function prove(
  schema: string,
  proofs: MovedDatabase['proofs'],
  source: Kysely<never>,
  target: Kysely<never>,
): Promise<readonly ProofGiven[]> {
  const given: ProofGiven[] = [];
  for (const [name, query] of Object.entries(proofs)) {
    const [here, there] = await Promise.all(
      [source, target].map(async (each) => (await sql.raw<Row>(query).execute(each)).rows),
    );
    if (here === undefined || there === undefined || linesOf(here) !== linesOf(there)) {
      throw new DatabaseError(`the ${name} of ${schema} differ in the copy: nothing was taken over`);
    }
    given.push({ schema, name, rows: here });
  }
  return given;
}

/** The two databases sort texts differently. */
function linesOf(rows: readonly Row[]): string {
  return rows
    .map((row) => JSON.stringify(Object.entries(row).map(([column, value]) => [column, String(value)])))
    .sort()
    .join('\n');
}
