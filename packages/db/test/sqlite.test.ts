import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseError, openDatabase } from '../src/index.ts';
import { createCounter, type Schema } from './counter-schema.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aiswitch-sqlite-'));
});
afterAll(() => rm(folder, { recursive: true }));

const open = (url: string) => openDatabase<Schema>({ url, schema: 'counting', migrations: [createCounter] });

describe('a SQLite database', () => {
  test('creates the folders of its path', async () => {
    const database = await open(`sqlite:${join(folder, 'new', 'deeper', 'file.sqlite')}`);
    await database.close();
  });

  test('lives in memory when asked', async () => {
    const database = await open('sqlite::memory:');
    await database.kysely.insertInto('counter').values({ name: 'a', value: 1n }).execute();
    await database.flush();
    expect(await database.kysely.selectFrom('counter').selectAll().execute()).toHaveLength(1);
    await database.close();
  });

  test('serves transactions in the order in which they came', async () => {
    const database = await open('sqlite::memory:');
    const order: number[] = [];
    const transactions = [1, 2, 3, 4].map((place) =>
      database.transaction(async () => {
        await new Promise(setImmediate);
        order.push(place);
      }),
    );
    await Promise.all(transactions);
    expect(order).toEqual([1, 2, 3, 4]);
    await database.close();
  });

  test('leaves a turn to others, however much is asked of it at once or in a row', async () => {
    const database = await open('sqlite::memory:');
    const ask = () => database.transaction((trx) => trx.selectFrom('counter').selectAll().execute());
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const endMs = performance.now() + 300;
    while (performance.now() < endMs) await ask();
    expect(turns).toBeGreaterThan(5);
    turns = 0;
    await Promise.all(Array.from({ length: 10_000 }, ask));
    expect(turns).toBeGreaterThan(3);
    clearInterval(timer);
    await database.close();
  });

  test('keeps every flushed commit when its process is killed', async () => {
    const url = `sqlite:${join(folder, 'killed.sqlite')}`;
    const writer = spawn(process.execPath, [join(import.meta.dirname, 'write-until-killed.ts'), url]);
    let output = '';
    for await (const chunk of writer.stdout) {
      output += chunk;
      if (output.split('\n').length > 200) break;
    }
    writer.kill('SIGKILL');
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
    const acknowledged = output.split('\n').slice(0, -1).map(BigInt);
    const database = await open(url);
    const rows = await database.kysely.selectFrom('counter').select('value').orderBy('value').execute();
    expect(rows.slice(0, acknowledged.length).map((row) => row.value)).toEqual(acknowledged);
    await database.close();
  });
});

describe('a database that cannot be opened is refused in one line', () => {
  test.each([
    ['a file that is no database', () => `sqlite:${join(folder, 'text')}`, /not a database/],
    [
      'a folder below a file',
      () => `sqlite:${join(folder, 'text', 'a', 'b')}`,
      /cannot be created \(ENOTDIR\)/,
    ],
    ['a folder as file', () => `sqlite:${join(folder, 'folder')}`, /cannot be opened/],
    ['no path', () => 'sqlite:', /names no file/],
    ['another kind', () => 'mysql://user:hunter2@host/db', /must begin with sqlite: or postgres:/],
    [
      'nobody who answers',
      () => 'postgres://user:hunter2@127.0.0.1:1/db',
      /127\.0\.0\.1:1\/db does not answer/,
    ],
    ['an unreadable URL', () => 'postgres://user:hunter2@:x', /cannot be read/],
  ])('%s', async (_title, url, message) => {
    await writeFile(join(folder, 'text'), 'This is a text file, long enough to have a header. '.repeat(10));
    await mkdir(join(folder, 'folder'), { recursive: true });
    const error = await open(url()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatabaseError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toMatch(/\n|hunter2/);
  });
});
