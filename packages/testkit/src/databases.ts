import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, type DatabaseOptions, type Migration, openDatabase } from '@ai-switch/db';
import { type Kysely, sql } from 'kysely';
import { testDatabasePrefix, testPostgresUrl } from './config.ts';

/** An empty database of its own, for what opens databases by URL, several times over if need be. */
export interface FreshDatabase {
  readonly url: string;
  /** Removes it; what has it open must be closed before. */
  drop(): Promise<void>;
}

/** One kind of database. A store's spec passes on all of them. */
export interface DatabaseKind {
  readonly name: 'sqlite' | 'postgres';
  create(): Promise<FreshDatabase>;
  /** A fresh, migrated database; closing it removes it. */
  open<Schema>(migrations: readonly Migration[], schema: string): Promise<Database<Schema>>;
}

/** For `describe.each(databases)('… on $name', ({ open }) => …)`. */
export const databases: readonly DatabaseKind[] = [
  { name: 'sqlite', create: createSqlite, open: (...parameters) => openFresh(createSqlite, ...parameters) },
  {
    name: 'postgres',
    create: createPostgres,
    open: (...parameters) => openFresh(createPostgres, ...parameters),
  },
];

async function openFresh<Schema>(
  create: () => Promise<FreshDatabase>,
  migrations: readonly Migration[],
  schema: string,
): Promise<Database<Schema>> {
  const fresh = await create();
  const database = await openDatabase<Schema>({ url: fresh.url, schema, migrations });
  return {
    ...database,
    close: async () => {
      await database.close();
      await fresh.drop();
    },
  };
}

/** What `work` finds in a database that somebody else has open too. */
export async function lookInto<Schema, Result>(
  options: DatabaseOptions,
  work: (database: Database<Schema>) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase<Schema>(options);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function createSqlite(): Promise<FreshDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'aiswitch-test-'));
  return {
    url: `sqlite:${join(folder, 'test.sqlite')}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Databases that a test has let go of: emptying one takes a tenth of the time of making one. */
const freeDatabases: string[] = [];

async function createPostgres(): Promise<FreshDatabase> {
  const server = testPostgresUrl();
  if (server === '') throw new Error('no PostgreSQL: tests run through the vitest.config.ts of the root');
  const url = freeDatabases.pop() ?? (await createDatabase(server));
  return {
    url,
    drop: async () => {
      await onServer(url, async (kysely) => {
        const schemas = await sql<{ name: string }>`
          select nspname as name from pg_namespace where nspname !~ '^(pg_|information_schema$|public$)'
        `.execute(kysely);
        for (const { name } of schemas.rows) await sql`drop schema ${sql.id(name)} cascade`.execute(kysely);
      });
      freeDatabases.push(url);
    },
  };
}

async function createDatabase(server: string): Promise<string> {
  const name = `${testDatabasePrefix()}${randomBytes(8).toString('hex')}`;
  await onServer(server, (kysely) => sql`create database ${sql.id(name)}`.execute(kysely));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** Removes the databases of this test run from a server that stays. */
export async function dropTestDatabases(): Promise<void> {
  await onServer(testPostgresUrl(), async (kysely) => {
    const found = await sql<{ name: string }>`
      select datname as name from pg_database where starts_with(datname, ${testDatabasePrefix()})
    `.execute(kysely);
    for (const { name } of found.rows) {
      await sql`drop database if exists ${sql.id(name)} with (force)`.execute(kysely);
    }
  });
}

async function onServer(url: string, work: (kysely: Kysely<unknown>) => Promise<unknown>): Promise<void> {
  await lookInto({ url, schema: 'aiswitch_testkit', migrations: [] }, ({ kysely }) => work(kysely));
}
