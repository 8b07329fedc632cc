import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, type Migration, openDatabase } from '@ai-switch/db';
import { sql } from 'kysely';
import { testPostgresUrl } from './config.ts';

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

async function createSqlite(): Promise<FreshDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'aiswitch-test-'));
  return {
    url: `sqlite:${join(folder, 'test.sqlite')}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function createPostgres(): Promise<FreshDatabase> {
  const server = testPostgresUrl();
  if (server === '') throw new Error('no PostgreSQL: tests run through the vitest.config.ts of the root');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onServer(server, sql`create database ${sql.id(name)}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => onServer(server, sql`drop database if exists ${sql.id(name)} with (force)`),
  };
}

async function onServer(url: string, statement: ReturnType<typeof sql>): Promise<void> {
  const database = await openDatabase({ url, schema: 'aiswitch_testkit', migrations: [] });
  try {
    await statement.execute(database.kysely);
  } finally {
    await database.close();
  }
}
