import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDatabase } from '../src/index.ts';
import { LogFlusher } from '../src/log-flusher.ts';
import { createCounter, type Schema } from './counter-schema.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aiswitch-flush-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('callers at the same time share a flush; one that comes during it waits for the next', async () => {
  const database = await openDatabase<Schema>({
    url: `sqlite:${join(folder, 'a.sqlite')}`,
    schema: 'counting',
    migrations: [createCounter],
  });
  const flusher = new LogFlusher(join(folder, 'a.sqlite-wal'));
  const ended: string[] = [];
  const note = (name: string) => () => void ended.push(name);
  const first = flusher.flush().then(note('first'));
  const second = flusher.flush().then(note('second'));
  const third = flusher.flush().then(note('third'));
  await first;
  expect(ended).toEqual(['first']);
  await Promise.all([second, third]);
  expect(ended).toEqual(['first', 'second', 'third']);
  await flusher.close();
  await database.close();
});

test('a log that cannot be flushed fails every flush from then on', async () => {
  const flusher = new LogFlusher(join(folder, 'missing', 'a.sqlite-wal'));
  await expect(flusher.flush()).rejects.toThrow('ENOENT');
  await expect(flusher.flush()).rejects.toThrow('ENOENT');
  await flusher.close();
});

test('a log is checkpointed into the database while it is open', async () => {
  const path = join(folder, 'b.sqlite');
  const database = await openDatabase<Schema>({
    url: `sqlite:${path}`,
    schema: 'counting',
    migrations: [createCounter],
  });
  const before = (await stat(path)).size;
  for (let value = 0n; value < 200n; value += 1n) {
    const name = `${value} ${'x'.repeat(1_000)}`;
    await database.kysely.insertInto('counter').values({ name, value }).execute();
  }
  await vi.waitFor(async () => expect((await stat(path)).size).toBeGreaterThan(before + 200_000), 5_000);
  await database.close();
});
