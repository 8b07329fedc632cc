import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { databases } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Database,
  type Migration,
  openDatabase,
  prepareRows,
  TransactionConflict,
} from '../src/index.ts';
import { createCounter, type Schema } from './counter-schema.ts';

const execute = promisify(execFile);

const second: Migration = { name: '002-first-row', up: async () => {} };
const third: Migration = { name: '003-nothing', up: async () => {} };

describe.each(databases)('a database on $name', ({ open, create }) => {
  let database: Database<Schema>;
  beforeEach(async () => {
    database = await open<Schema>([createCounter], 'counting');
  });
  afterEach(() => database.close());

  const insert = (name: string, value: bigint) =>
    database.kysely.insertInto('counter').values({ name, value }).execute();
  const values = () => database.kysely.selectFrom('counter').selectAll().orderBy('name').execute();

  test('keeps integers above 2^53 exact', async () => {
    await insert('a', 2n ** 62n + 1n);
    await insert('b', -(2n ** 53n) - 1n);
    expect(await values()).toEqual([
      { name: 'a', value: 2n ** 62n + 1n },
      { name: 'b', value: -(2n ** 53n) - 1n },
    ]);
  });

  test('returns counts and sums as bigints', async () => {
    await insert('a', 2n ** 60n);
    await insert('b', 2n ** 60n);
    const row = await database.kysely
      .selectFrom('counter')
      .select((eb) => [eb.fn.countAll().as('count'), eb.fn.sum('value').as('sum')])
      .executeTakeFirst();
    expect(row).toEqual({ count: 2n, sum: 2n ** 61n });
  });

  test('undoes a transaction that fails', async () => {
    const failing = database.transaction(async (trx) => {
      await trx.insertInto('counter').values({ name: 'a', value: 1n }).execute();
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await values()).toEqual([]);
  });

  test('undoes and repeats a transaction that met a concurrent change', async () => {
    let runs = 0;
    await database.transaction(async (trx) => {
      runs += 1;
      await trx
        .insertInto('counter')
        .values({ name: `run ${runs}`, value: 1n })
        .execute();
      if (runs < 3) throw new TransactionConflict('again');
    });
    expect(await values()).toEqual([{ name: 'run 3', value: 1n }]);
  });

  test('loses no increment of concurrent transactions that lock the row', async () => {
    await insert('a', 0n);
    const increment = () =>
      database.transaction(async (trx) => {
        const { value } = await trx
          .selectFrom('counter')
          .select('value')
          .where('name', '=', 'a')
          .forUpdate()
          .executeTakeFirstOrThrow();
        await trx
          .updateTable('counter')
          .set({ value: value + 1n })
          .where('name', '=', 'a')
          .execute();
      });
    await Promise.all(Array.from({ length: 100 }, increment));
    expect(await values()).toEqual([{ name: 'a', value: 100n }]);
  });

  test('runs deadlocked transactions again', async () => {
    await insert('a', 0n);
    await insert('b', 0n);
    const addInOrder = (names: readonly string[]) =>
      database.transaction(async (trx) => {
        for (const name of names) {
          await trx
            .updateTable('counter')
            .set((eb) => ({ value: eb('value', '+', 1n) }))
            .where('name', '=', name)
            .execute();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      });
    await Promise.all([addInOrder(['a', 'b']), addInOrder(['b', 'a'])]);
    expect(await values()).toEqual([
      { name: 'a', value: 2n },
      { name: 'b', value: 2n },
    ]);
  });

  test('executes a prepared query with the values of each call', async () => {
    const upsert = prepareRows(database, { name: 'text', value: 'bigint' }, (given) =>
      database.kysely
        .insertInto('counter')
        .columns(['name', 'value'])
        .expression(given)
        .onConflict((conflict) =>
          conflict.column('name').doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
        ),
    );
    const both = await upsert.execute(database.kysely, [
      { name: 'a', value: 1n },
      { name: 'b', value: 2n },
    ]);
    await upsert.execute(database.kysely, [{ name: 'b', value: 3n }]);
    await upsert.execute(database.kysely, [
      { name: 'c', value: 4n },
      { name: 'b', value: 5n },
    ]);
    expect(both.affectedRows).toBe(2);
    expect((await values()).map((row) => row.value)).toEqual([1n, 5n, 4n]);
  });

  test('flushes for many callers at once', async () => {
    await insert('a', 1n);
    await Promise.all(Array.from({ length: 10 }, () => database.flush()));
    await database.flush();
  });

  describe('migrations', () => {
    test('run once when several processes start at the same time', async () => {
      const fresh = await create();
      const starts = [1, 2, 3].map(() =>
        execute(process.execPath, [join(import.meta.dirname, 'start-and-migrate.ts'), fresh.url]),
      );
      await Promise.all(starts);
      const migrations = [createCounter, second];
      const opened = await openDatabase<Schema>({ url: fresh.url, schema: 'counting', migrations });
      const rows = await opened.kysely.selectFrom('counter').selectAll().execute();
      expect(rows).toEqual([{ name: 'migrated', value: 1n }]);
      await opened.close();
      await fresh.drop();
    });

    test('of a newer version are refused', async () => {
      const fresh = await create();
      const options = { url: fresh.url, schema: 'counting' };
      const newer = await openDatabase<Schema>({ ...options, migrations: [createCounter, second] });
      await newer.close();
      await expect(openDatabase<Schema>({ ...options, migrations: [createCounter] })).rejects.toThrow(
        /newer version \(migration 002-first-row\)/,
      );
      await fresh.drop();
    });

    test('that left a gap are refused', async () => {
      const fresh = await create();
      const options = { url: fresh.url, schema: 'counting' };
      const first = await openDatabase<Schema>({ ...options, migrations: [createCounter, third] });
      await first.close();
      await expect(
        openDatabase<Schema>({ ...options, migrations: [createCounter, second, third] }),
      ).rejects.toThrow(/half migrated \(003-nothing ran, 002-first-row did not\)/);
      await fresh.drop();
    });

    test('that fail leave nothing behind', async () => {
      const fresh = await create();
      const options = { url: fresh.url, schema: 'counting' };
      const failing: Migration = {
        name: '001-counter',
        up: async (kysely) => {
          await createCounter.up(kysely);
          throw new Error('cut');
        },
      };
      await expect(openDatabase<Schema>({ ...options, migrations: [failing] })).rejects.toThrow('cut');
      const repaired = await openDatabase<Schema>({ ...options, migrations: [createCounter] });
      expect(await repaired.kysely.selectFrom('counter').selectAll().execute()).toEqual([]);
      await repaired.close();
      await fresh.drop();
    });
  });
});
