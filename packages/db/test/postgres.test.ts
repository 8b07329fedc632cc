import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { databases } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../src/index.ts';
import { createCounter, type Schema } from './counter-schema.ts';

const postgres = databases.filter(({ name }) => name === 'postgres');

describe.each(postgres)('on PostgreSQL', ({ open, create }) => {
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

  test('connections that break before their first query leave room for others', async () => {
    const fresh = await create();
    const proxy = await openProxy(fresh.url);
    const options = { url: proxy.url, schema: 'counting', migrations: [createCounter] };
    const database = await openDatabase<Schema>(options);
    const ask = () => database.kysely.selectFrom('counter').selectAll().execute();
    // One connection is there; the others are broken as they are made, more often than the pool has places.
    proxy.breaks = 30;
    const answers = await Promise.allSettled(Array.from({ length: 60 }, ask));
    expect(proxy.breaks).toBeLessThan(30);
    expect(answers.some(({ status }) => status === 'rejected')).toBe(true);
    proxy.breaks = 0;
    expect(await Promise.all(Array.from({ length: 20 }, ask))).toEqual(Array(20).fill([]));
    await database.close();
    proxy.close();
    await fresh.drop();
  });
});

/** Breaks connections as soon as they say where their tables are. */
async function openProxy(url: string) {
  const target = new URL(url);
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    upstream.pipe(client);
    client.on('data', (bytes: Buffer) => {
      if (proxy.breaks > 0 && bytes.includes('search_path')) {
        proxy.breaks -= 1;
        end();
      } else upstream.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = new URL(url);
  own.port = String((server.address() as AddressInfo).port);
  const proxy = { url: own.href, breaks: 0, close: () => server.close() };
  return proxy;
}
