import { databases, type FreshDatabase, lookInto } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Database, type Migration, moveToPostgres, openDatabase } from '../src/index.ts';

const BIG = 9_007_199_254_740_993n;
const ROWS = 2_500;

const tables: Migration = {
  name: '001-tables',
  up: async (database) => {
    await database.schema
      .createTable('amounts')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('amount', 'bigint', (column) => column.notNull())
      .addColumn('note', 'text')
      .execute();
    await database.schema
      .createTable('revision')
      .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
      .execute();
    // As a first start does.
    await sql`insert into revision (id) values (1)`.execute(database);
  },
};

const amountOf = (count: number) => (count === 3 ? BIG : BigInt(count));

let source: FreshDatabase;
let target: FreshDatabase;

beforeEach(async () => {
  const [sqlite, postgres] = databases;
  if (sqlite === undefined || postgres === undefined) throw new Error('both kinds are there');
  [source, target] = await Promise.all([sqlite.create(), postgres.create()]);
  const database = await openDatabase<never>({ url: source.url, schema: 'any', migrations: [tables] });
  for (let count = 0; count < ROWS; count += 1) {
    const note = count % 3 === 0 ? null : `für "${count}" 你好 \\ ' \n`;
    await sql`insert into amounts values (${`name ${count}`}, ${amountOf(count)}, ${note})`.execute(
      database.kysely,
    );
  }
  await sql`update revision set id = 7`.execute(database.kysely);
  await database.close();
});

afterEach(async () => {
  await source.drop();
  await target.drop();
});

function move(
  onProgress?: Parameters<typeof moveToPostgres>[0]['onProgress'],
  migrations: readonly Migration[] = [tables],
) {
  const moved = {
    schema: 'moved',
    from: source.url,
    migrations,
    proofs: { totals: 'select sum(amount) as total, count(*) as rows from amounts' },
  };
  return moveToPostgres({ databases: [moved], to: target.url, ...(onProgress && { onProgress }) });
}

function onTarget<Result>(schema: string, work: (database: Database<never>) => Promise<Result>) {
  return lookInto<never, Result>({ url: target.url, schema, migrations: [] }, work);
}

function schemasOfTarget(): Promise<readonly string[]> {
  return onTarget('looking', async ({ kysely }) => {
    const { rows } = await sql<{ name: string }>`
      select nspname as name from pg_namespace where nspname like 'moved%' order by 1`.execute(kysely);
    return rows.map(({ name }) => name);
  });
}

it('every row arrives as it was, beyond the numbers that a double holds, and what a migration began with does not stay', async () => {
  const counts: bigint[] = [];
  const report = await move(({ table }, rows) => {
    if (table === 'amounts') counts.push(rows);
  });
  expect(counts).toEqual([1_000n, 2_000n, 2_500n]);
  const total = BIG - 3n + BigInt((ROWS * (ROWS - 1)) / 2);
  expect(report.tables.map(({ table, contents }) => [table, contents.rows, contents.sums])).toEqual([
    ['amounts', BigInt(ROWS), { amount: String(total) }],
    ['revision', 1n, { id: '7' }],
  ]);
  expect(report.proofs).toEqual([{ schema: 'moved', name: 'totals', rows: [{ total, rows: BigInt(ROWS) }] }]);
  const database = await openDatabase<never>({ url: target.url, schema: 'moved', migrations: [tables] });
  const { rows } = await sql`select * from amounts where name in ('name 3', 'name 4') order by name`.execute(
    database.kysely,
  );
  await database.close();
  expect(rows).toEqual([
    { name: 'name 3', amount: BIG, note: null },
    { name: 'name 4', amount: 4n, note: `für "4" 你好 \\ ' \n` },
  ]);
  expect(await schemasOfTarget()).toEqual(['moved']);
});

it('a target that has tables is refused and left alone', async () => {
  await move();
  await expect(move()).rejects.toThrow(/^the database is not empty: it has tables in moved\./);
  expect(await schemasOfTarget()).toEqual(['moved']);
});

it.each([
  ['changed', 'update moved_being_copied.amounts set amount = amount + 1 where name = $$name 7$$'],
  [
    'changed with the sum kept',
    `update moved_being_copied.amounts set amount = amount +
       case name when $$name 7$$ then 1 when $$name 8$$ then -1 else 0 end`,
  ],
  ['lost', 'delete from moved_being_copied.amounts where name = $$name 7$$'],
  ['another text', 'update moved_being_copied.amounts set note = $$x$$ where name = $$name 7$$'],
])('a copy with a row %s is not taken over, and the next run begins anew', async (_how, statement) => {
  const spoiled = move(async ({ table }, rows) => {
    if (table !== 'amounts' || rows !== 1_000n) return;
    await onTarget('looking', ({ kysely }) =>
      sql
        .raw(
          `create function looking.spoil() returns trigger language plpgsql as $body$
             begin ${statement}; return null; end $body$;
           create trigger spoil after insert on moved_being_copied.amounts execute function looking.spoil()`,
        )
        .execute(kysely),
    );
  });
  await expect(spoiled).rejects.toThrow(/the copy of the table amounts differs from its source/);
  expect(await schemasOfTarget()).toEqual(['moved_being_copied']);
  await move();
  expect(await schemasOfTarget()).toEqual(['moved']);
});

it('files of an older or a newer version are refused and stay as they are', async () => {
  const later: Migration = {
    name: '002-more',
    up: async (database) => {
      await sql`alter table amounts add column more text`.execute(database);
    },
  };
  const refusedOld = /^the files are of an older version \(migration 002-more of moved did not run\): start/;
  await expect(move(undefined, [tables, later])).rejects.toThrow(refusedOld);
  const newer = await openDatabase<never>({ url: source.url, schema: 'any', migrations: [tables, later] });
  await newer.close();
  await expect(move()).rejects.toThrow(/^the database was written by a newer version \(migration 002-more\)/);
  expect(await schemasOfTarget()).toEqual([]);
});
