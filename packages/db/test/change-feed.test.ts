import { setTimeout as sleep } from 'node:timers/promises';
import { databases, type FreshDatabase } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ChangeFeed,
  changeFeedMigration,
  type Database,
  type FeedChanges,
  numberChange,
  openDatabase,
} from '../src/index.ts';

const migrations = [changeFeedMigration('001-changes')];
/** Long beside a poll of 250 ms, short beside a wait that is over. */
const SOON_MS = 1_500;

interface Replica {
  readonly database: Database<never>;
  readonly feed: ChangeFeed<never>;
  readonly heard: FeedChanges[];
  readonly errors: unknown[];
}

describe.each(databases)('changes on $name', ({ name, create }) => {
  let fresh: FreshDatabase;
  beforeAll(async () => {
    fresh = await create();
  });
  afterAll(() => fresh.drop());

  let here: Replica;
  let there: Replica;
  const opened: Replica[] = [];

  async function open(): Promise<Replica> {
    const database = await openDatabase<never>({ url: fresh.url, schema: 'feed', migrations });
    const heard: FeedChanges[] = [];
    const errors: unknown[] = [];
    const feed = new ChangeFeed({
      kysely: database.kysely,
      onChanges: (changes) => heard.push(changes),
      onError: (error) => errors.push(error),
    });
    const replica = { database, feed, heard, errors };
    opened.push(replica);
    return replica;
  }

  const change = ({ database }: Replica, tenant: string) =>
    database.transaction((trx) => numberChange(trx, tenant));
  /** Where it stands now. */
  const revisionOf = async ({ feed }: Replica) =>
    (await feed.watch({ afterRevision: 0n, waitMs: 5_000 })).revision;

  beforeEach(async () => {
    here = await open();
    there = await open();
  });
  afterEach(async () => {
    for (const { feed, database } of opened.splice(0)) {
      await feed.close();
      await database.close();
    }
  });

  test('who begins to watch is told that everything may have changed', async () => {
    expect(await here.feed.watch({ afterRevision: 0n, waitMs: 5_000 })).toMatchObject({ isEverything: true });
  });

  test('a change of this process is told at once, with its company', async () => {
    const afterRevision = await revisionOf(here);
    const watching = here.feed.watch({ afterRevision, waitMs: 10_000 });
    await sleep(20);
    await change(here, 'acme');
    here.feed.poke();
    const sinceMs = performance.now();
    expect(await watching).toEqual({
      revision: afterRevision + 1n,
      tenants: ['acme'],
      isEverything: false,
    });
    expect(performance.now() - sinceMs).toBeLessThan(SOON_MS);
  });

  test('a change of another process is told within a moment, after this process heard of it itself', async () => {
    const afterRevision = await revisionOf(here);
    await sleep(300);
    here.heard.length = 0;
    const watching = here.feed.watch({ afterRevision, waitMs: 10_000 });
    await change(there, 'acme');
    await change(there, 'other');
    const sinceMs = performance.now();
    const { tenants } = await watching;
    expect(tenants).toContain('acme');
    expect(here.heard.flatMap((changes) => changes.tenants)).toContain('acme');
    expect(performance.now() - sinceMs).toBeLessThan(SOON_MS);
  });

  test('a change that was undone is told to nobody', async () => {
    const afterRevision = await revisionOf(here);
    const undone = there.database.transaction(async (trx) => {
      await numberChange(trx, 'acme');
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await here.feed.watch({ afterRevision, waitMs: 400 })).toEqual({
      revision: afterRevision,
      tenants: [],
      isEverything: false,
    });
  });

  test('who has seen more than this process is not told that everything may have changed', async () => {
    const before = await revisionOf(here);
    await change(there, 'acme');
    const asked = await here.feed.watch({ afterRevision: before + 1n, waitMs: 600 });
    expect(asked).toEqual({ revision: before + 1n, tenants: [], isEverything: false });
  });

  test('who watches while many change at the same time misses none', async () => {
    let afterRevision = await revisionOf(here);
    const last = afterRevision + 60n;
    const tenants = new Set<string>();
    // Two writers of one file in one thread would wait for each other.
    const writers = name === 'sqlite' ? [there] : [here, there];
    const changing = Promise.all(
      Array.from({ length: 60 }, (_, place) =>
        change(writers[place % writers.length] ?? there, `company ${place}`),
      ),
    );
    while (afterRevision < last) {
      const changes = await here.feed.watch({ afterRevision, waitMs: 5_000 });
      expect(changes.isEverything).toBe(false);
      expect(changes.revision).toBeGreaterThan(afterRevision);
      for (const tenant of changes.tenants) tenants.add(tenant);
      afterRevision = changes.revision;
    }
    await changing;
    expect(tenants.size).toBe(60);
  });

  test('of more changes than are kept, and of a database that was put back, everything may have changed', async () => {
    const afterRevision = await revisionOf(here);
    await there.database.transaction(async (trx) => {
      for (let count = 0; count < 1_001; count += 1) await numberChange(trx, 'acme');
    });
    const far = await here.feed.watch({ afterRevision, waitMs: 5_000 });
    expect(far).toEqual({ revision: afterRevision + 1_001n, tenants: [], isEverything: true });
    const { rows } = await sql<{ kept: bigint }>`select count(*) as kept from changes`.execute(
      here.database.kysely,
    );
    expect(rows[0]?.kept).toBeLessThanOrEqual(1_000n);

    await sql`update change_revision set revision = ${afterRevision}`.execute(there.database.kysely);
    const putBack = await here.feed.watch({ afterRevision: far.revision, waitMs: 5_000 });
    expect(putBack).toEqual({ revision: afterRevision, tenants: [], isEverything: true });
  });

  test('a process that cannot read changes says so, and never that nothing changed', async () => {
    const afterRevision = await revisionOf(here);
    await sql`alter table change_revision rename to gone`.execute(there.database.kysely);
    try {
      const watching = here.feed.watch({ afterRevision, waitMs: SOON_MS });
      await expect(watching).rejects.toMatchObject({ code: 'unavailable' });
      expect(here.errors.length).toBe(1);
    } finally {
      await sql`alter table gone rename to change_revision`.execute(there.database.kysely);
    }
    await sleep(400);
    await change(there, 'acme');
    expect(await here.feed.watch({ afterRevision, waitMs: 5_000 })).toMatchObject({ tenants: ['acme'] });
  });

  test('a process that ends lets go of who watches', async () => {
    const afterRevision = await revisionOf(here);
    const watching = here.feed.watch({ afterRevision, waitMs: 30_000 });
    const refused = expect(watching).rejects.toMatchObject({ code: 'unavailable' });
    await here.feed.close();
    await refused;
  });
});
