import { randomBytes } from 'node:crypto';
import { databases } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Migration, openScopedDatabase, type RowScope } from '../src/index.ts';

interface Schema {
  things: { id: string; company: string; path: string; owner: string };
}

const tables = { things: { tenant: 'company', departmentPath: 'path', userId: 'owner' } } as const;
const createThings: Migration = {
  name: '001-things',
  up: async ({ schema }) => {
    await schema
      .createTable('things')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('company', 'text', (column) => column.notNull())
      .addColumn('path', 'text', (column) => column.notNull())
      .addColumn('owner', 'text', (column) => column.notNull())
      .execute();
  },
};

const PATHS = ['/', '/a/', '/a/b/', '/a_/', '/A/', '/a%/'];
const ROWS = ['one', 'two'].flatMap((company) =>
  PATHS.map((path) => ({ id: `${company}${path}`, company, path, owner: `${company}-owner-of-${path}` })),
);

const scopeOf = (scope: Partial<RowScope>): RowScope => ({
  tenant: 'one',
  isWholeCompany: false,
  departmentPaths: [],
  userId: '',
  ...scope,
});
const SCOPES: readonly [name: string, scope: RowScope, ids: readonly string[]][] = [
  ['a whole company', scopeOf({ isWholeCompany: true }), PATHS.map((path) => `one${path}`)],
  ['a subtree', scopeOf({ departmentPaths: ['/a/'] }), ['one/a/', 'one/a/b/']],
  ['two subtrees', scopeOf({ departmentPaths: ['/a/b/', '/A/'] }), ['one/a/b/', 'one/A/']],
  ['a subtree with a wildcard in its name', scopeOf({ departmentPaths: ['/a%/'] }), ['one/a%/']],
  ['one’s own', scopeOf({ userId: 'one-owner-of-/a_/' }), ['one/a_/']],
  ['another company’s owner', scopeOf({ userId: 'two-owner-of-/a/' }), []],
  ['nothing', scopeOf({}), []],
];

describe.each(databases)('a scoped database on $name', ({ create }) => {
  let fresh: Awaited<ReturnType<typeof create>>;
  const open = (url = fresh.url) =>
    openScopedDatabase<Schema, typeof tables>({ url, schema: 'scoped', migrations: [createThings], tables });
  let database: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    fresh = await create();
    database = await open();
    await database.asSystem('upkeep').insertInto('things').values(ROWS).execute();
  });
  afterAll(async () => {
    await database.close();
    await fresh.drop();
  });

  describe.each(SCOPES)('within %s', (_name, scope, ids) => {
    it('are its rows, read, counted, changed and deleted, and no others', async () => {
      const outcome = await database
        .within(scope, async (rows) => {
          const read = await rows.selectFrom('things').select('id').execute();
          const { count } = await rows
            .selectFrom('things')
            .select(({ fn }) => fn.countAll<bigint>().as('count'))
            .executeTakeFirstOrThrow();
          const changed = await rows
            .updateTable('things')
            .set({ id: sql`id || '!'` })
            .returning('id')
            .execute();
          const deleted = await rows.deleteFrom('things').returning('id').execute();
          throw new Outcome(
            [read, changed, deleted].map((found) => found.map(({ id }) => id.replace('!', ''))),
            count,
          );
        })
        .catch((error: unknown) => error);
      if (!(outcome instanceof Outcome)) throw outcome;
      for (const found of outcome.found) expect(found.toSorted()).toEqual([...ids].toSorted());
      expect(outcome.count).toBe(BigInt(ids.length));
    });

    it('a row outside of it is not written', async () => {
      for (const row of ROWS.filter(({ id }) => !ids.includes(id))) {
        const write = database.within(scope, (rows) => rows.insert('things', { ...row, id: 'new' }));
        await expect(write).rejects.toBeInstanceOf(RangeError);
      }
    });
  });

  it('a row that is there already runs the transaction again, which finds it', async () => {
    const [row] = ROWS;
    if (row === undefined) return;
    let runs = 0;
    const id = await database.within(scopeOf({ isWholeCompany: true }), async (rows) => {
      runs += 1;
      if (runs === 1) await rows.insert('things', row);
      const found = await rows.selectFrom('things').select('id').where('id', '=', row.id).executeTakeFirst();
      return found?.id;
    });
    expect([runs, id]).toEqual([2, row.id]);
  });
});

it('PostgreSQL itself bounds a query that has lost its condition', async () => {
  const fresh = await (databases.find(({ name }) => name === 'postgres') ?? expect.unreachable()).create();
  const admin = await openScopedDatabase<Schema, typeof tables>({
    url: fresh.url,
    schema: 'scoped',
    migrations: [createThings],
    tables,
  });
  const kysely = admin.asSystem('upkeep');
  await kysely.insertInto('things').values(ROWS).execute();
  // A superuser is bounded by nothing.
  const role = `role_${randomBytes(6).toString('hex')}`;
  const database = new URL(fresh.url).pathname.slice(1);
  await sql`create role ${sql.id(role)} login password 'bounded'`.execute(kysely);
  await sql`grant create on database ${sql.id(database)} to ${sql.id(role)}`.execute(kysely);
  await sql`grant usage, create on schema scoped to ${sql.id(role)}`.execute(kysely);
  await sql`grant all on schema_migrations to ${sql.id(role)}`.execute(kysely);
  await sql`alter table things owner to ${sql.id(role)}`.execute(kysely);
  const url = Object.assign(new URL(fresh.url), { username: role, password: 'bounded' }).href;
  const bounded = await openScopedDatabase<Schema, typeof tables>({
    url,
    schema: 'scoped',
    migrations: [createThings],
    tables,
  });
  try {
    expect([admin.hasSecondWall, bounded.hasSecondWall]).toEqual([false, true]);
    for (const [, scope, ids] of SCOPES) {
      const found = await bounded.within(scope, (rows) =>
        rows.selectFrom('things').select('id').clearWhere().execute(),
      );
      expect(found.map(({ id }) => id).toSorted()).toEqual([...ids].toSorted());
      const stolen = bounded.within(scope, (rows) =>
        rows.updateTable('things').set({ company: 'two' }).clearWhere().execute(),
      );
      if (ids.length > 0) await expect(stolen).rejects.toThrow(/row-level security/);
      else expect(await stolen).toMatchObject([{ numUpdatedRows: 0n }]);
    }
    const all = await bounded.asSystem('upkeep').selectFrom('things').select('id').execute();
    expect(all).toHaveLength(ROWS.length);
  } finally {
    await bounded.close();
    await sql`reassign owned by ${sql.id(role)} to current_user`.execute(kysely);
    await sql`drop owned by ${sql.id(role)}`.execute(kysely);
    await sql`drop role ${sql.id(role)}`.execute(kysely);
    await admin.close();
    await fresh.drop();
  }
});

/** Carries what was seen out of a transaction that is rolled back. */
class Outcome extends Error {
  readonly found: readonly (readonly string[])[];
  readonly count: bigint;

  constructor(found: readonly (readonly string[])[], count: bigint) {
    super('rolled back');
    this.found = found;
    this.count = count;
  }
}
