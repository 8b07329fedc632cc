import { setTimeout as sleep } from 'node:timers/promises';
import { databases } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { createCounter, type Schema } from './counter-schema.ts';

const postgres = databases.filter(({ name }) => name === 'postgres');

describe.each(postgres)('on PostgreSQL', ({ open }) => {
  test('a connection that ends between two statements fails its transaction, and not the process', async () => {
    const database = await open<Schema>([createCounter], 'counting');
    const cut = database.transaction(async (trx) => {
      const { rows } = await sql<{ readonly pid: bigint }>`select pg_backend_pid()::int8 as pid`.execute(trx);
      await sql`select pg_terminate_backend(${Number(rows[0]?.pid)})`.execute(database.kysely);
      await sleep(100);
      await trx.insertInto('counter').values({ name: 'a', value: 1n }).execute();
    });
    await expect(cut).rejects.toThrow();
    expect(await database.kysely.selectFrom('counter').selectAll().execute()).toEqual([]);
    await database.close();
  });
});
