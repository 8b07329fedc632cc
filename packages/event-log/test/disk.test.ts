// What survives when the disk fails, fills up, or loses its power: the calls that reach it are watched, and made to fail.

import type * as Fs from 'node:fs';
import { copyFileSync, mkdirSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import { createLogger } from '@ai-switch/telemetry';
import { temporaryFolder } from '@ai-switch/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openSpooledLog, type SpooledLog, type SpooledLogOptions } from '../src/index.ts';
import { nameOf, RecordingSink } from './recording-sink.ts';

/** What the disk does, and what of it would be there after a power cut. */
const disk = vi.hoisted(() => ({
  writes: 'well' as 'well' | 'nothing' | 'only to what is there',
  syncs: 'well' as 'well' | 'nothing' | 'never',
  paths: new Map<number, string>(),
  /** By path, how many bytes of a file, or which names of a folder. */
  durableBytes: new Map<string, number>(),
  durableNames: new Map<string, readonly string[]>(),
}));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>();
  const refusal = (code: string) => Object.assign(new Error(`${code}: the disk refuses`), { code });
  const noteSynced = (descriptor: number) => {
    const path = disk.paths.get(descriptor) ?? '';
    if (fs.fstatSync(descriptor).isDirectory()) disk.durableNames.set(path, fs.readdirSync(path));
    else disk.durableBytes.set(path, fs.fstatSync(descriptor).size);
  };
  const sync = (descriptor: number, done: (error: Error | null) => void) => {
    if (disk.syncs === 'never') return;
    if (disk.syncs === 'nothing') {
      setImmediate(() => done(refusal('EIO')));
      return;
    }
    noteSynced(descriptor);
    setImmediate(() => done(null));
  };
  const openSync = (path: string, ...rest: [string, number]) => {
    const descriptor = fs.openSync(path, ...rest);
    disk.paths.set(descriptor, path);
    return descriptor;
  };
  const writeSync = (...args: Parameters<typeof Fs.writeSync>) => {
    const [descriptor, , , length, position] = args as unknown as [number, unknown, unknown, number, number];
    const isGrowing = position + length > fs.fstatSync(descriptor).size;
    if (disk.writes === 'nothing' || (disk.writes !== 'well' && isGrowing)) throw refusal('ENOSPC');
    return fs.writeSync(...args);
  };
  const writeFileSync = (path: string, text: string, options: Fs.WriteFileOptions) => {
    fs.writeFileSync(path, text, options);
    if (typeof options === 'object' && options?.flush === true) disk.durableBytes.set(path, text.length);
  };
  const renameSync = (from: string, to: string) => {
    fs.renameSync(from, to);
    const bytes = disk.durableBytes.get(from);
    if (bytes !== undefined) disk.durableBytes.set(to, bytes);
  };
  const fsyncSync = (descriptor: number) => noteSynced(descriptor);
  return { ...fs, openSync, writeSync, writeFileSync, renameSync, fdatasync: sync, fsync: sync, fsyncSync };
});

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const writeFile: typeof fs.writeFile = async (...args) => {
    if (disk.writes !== 'well' || disk.syncs !== 'well') throw new Error('ENOSPC: the disk refuses');
    return fs.writeFile(...args);
  };
  return { ...fs, writeFile };
});

/** Copies what a power cut leaves of a folder: synced bytes under synced names. */
function copyDurable(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of disk.durableNames.get(from) ?? []) {
    const path = join(from, name);
    if (!readdirSync(from).includes(name)) continue;
    if (statSync(path).isDirectory()) {
      copyDurable(path, join(to, name));
      continue;
    }
    copyFileSync(path, join(to, name));
    truncateSync(join(to, name), disk.durableBytes.get(path) ?? 0);
  }
}

let place: ReturnType<typeof temporaryFolder>;
let folder: string;
let sink: RecordingSink;
let opened: SpooledLog[];
beforeEach(() => {
  disk.durableBytes.clear();
  disk.durableNames.clear();
  place = temporaryFolder();
  folder = join(place.path, 'log');
  sink = new RecordingSink();
  opened = [];
});
afterEach(async () => {
  disk.writes = 'well';
  disk.syncs = 'well';
  for (const log of opened) await log.close(0);
  place[Symbol.dispose]();
});

const logger = createLogger({ service: 'test', level: 'silent' });
const plenty = async () => ({ share: 0.1, freeBytes: 2 ** 40 });

async function open(options: Partial<SpooledLogOptions> = {}): Promise<SpooledLog> {
  const log = await openSpooledLog({
    folder,
    service: 'edge-gateway',
    sink,
    logger,
    roomOf: plenty,
    ...options,
  });
  opened.push(log);
  return log;
}

const access = (requestId: string, userAgent = '') =>
  AccessRecord.create({ requestId, tenant: 'default', startedAtMs: 1_000n, userAgent });
const event = (eventId: string) =>
  AuditEvent.create({ eventId, tenant: 'default', action: 'key.create', atMs: 1_000n });

test('a power cut takes nothing that audit() had acknowledged, in the first start and in later ones', async () => {
  sink.fails = 'before';
  for (let start = 1; start <= 3; start += 1) {
    const log = await open();
    for (let index = 0; index < 30; index += 1) {
      // Long ones begin new segments.
      log.access(access(`r${start}.${index}`, 'x'.repeat(500_000)));
      if (index % 10 === 0) await log.audit(event(`e${start}.${index}`));
    }
    const acknowledged = Array.from({ length: start * 3 }, (_, index) => {
      return `e${Math.floor(index / 3) + 1}.${(index % 3) * 10}`;
    });
    const copy = join(place.path, `after-${start}`);
    const durable = join(copy, basename(folder));
    expect(disk.durableNames.get(dirname(folder))).toContain(basename(folder));
    copyDurable(folder, durable);
    await log.close(0);

    const later = new RecordingSink();
    const next = await open({ folder: durable, sink: later });
    await next.close(10_000);
    const arrived = new Set(later.ids());
    expect(acknowledged.filter((id) => !arrived.has(id))).toEqual([]);
    expect(next.identity.epoch, 'the epoch before is known').toBe(start + 1);
    expect([...later.logs.keys()].every((name) => later.isChained(name))).toBe(true);
  }
}, 60_000);

test('a disk that is full to the last byte is freed as soon as the sink takes the records', async () => {
  sink.fails = 'before';
  const log = await open();
  for (let index = 0; index < 40; index += 1) log.access(access(`r${index}`, 'x'.repeat(500_000)));
  const bytes = log.bytes;
  disk.writes = 'only to what is there';
  sink.fails = 'never';
  await expect.poll(() => log.depth).toBe(0);
  expect(log.bytes).toBeLessThan(bytes / 2);
});

test.each(['writes', 'syncs'] as const)(
  'a disk on which nothing %s any more has requests refused until it does again',
  async (what) => {
    const log = await open();
    await log.audit(event('before'));
    disk[what] = 'nothing';
    await log.audit(event('in-between'));
    expect(log.isAccepting).toBe(false);
    disk[what] = 'well';
    await expect.poll(() => log.isAccepting).toBe(true);
    await log.audit(event('after'));
    await log.close(5_000);
    expect(sink.ids()).toEqual(what === 'writes' ? ['before', 'after'] : ['before', 'in-between', 'after']);
    const dropped = what === 'writes' ? 1 : 0;
    expect(sink.announced.get(nameOf(log.identity))).toMatchObject({ isFinal: true, dropped });
  },
);

test('a disk that hangs keeps nobody waiting for ever: requests are refused, and the process can end', async () => {
  const log = await open();
  disk.syncs = 'never';
  const startMs = performance.now();
  await log.audit(event('one'));
  expect(log.isAccepting).toBe(false);
  await log.close(5_000);
  expect(performance.now() - startMs).toBeLessThan(15_000);
  expect(sink.ids()).toEqual(['one']);
}, 40_000);

test('what was written before a sync failed is not taken for synced by the next one', async () => {
  sink.fails = 'before';
  const log = await open();
  await log.audit(event('first'));
  const [segment = ''] = disk.durableBytes.keys().filter((path) => path.endsWith('.segment'));
  disk.syncs = 'nothing';
  await log.audit(event('second'));
  disk.syncs = 'well';
  await log.audit(event('third'));
  // The third is in a file of its own, of which a sync says the truth.
  const segments = [...disk.durableBytes.keys()].filter((path) => dirname(path) === dirname(segment));
  expect(segments.filter((path) => path.endsWith('.segment'))).toHaveLength(2);
});

test('the count of what was given up survives a process that is killed right after', async () => {
  sink.fails = 'before';
  const log = await open({ fullDisk: 'drop', roomOf: async () => ({ share: 1, freeBytes: 0 }) });
  for (let index = 0; index < 7; index += 1) log.access(access(`r${index}`));
  // As a kill leaves it: nothing is closed.
  const copy = join(place.path, 'killed');
  mkdirSync(copy);
  copyAll(folder, copy);
  sink.fails = 'never';
  const next = await open({ folder: copy });
  await next.close(5_000);
  expect(sink.announced.get(nameOf(log.identity))).toMatchObject({
    isFinal: true,
    lastSequence: 0,
    dropped: 7,
  });
});

function copyAll(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      mkdirSync(target);
      copyAll(join(from, entry.name), target);
    } else {
      copyFileSync(join(from, entry.name), target);
    }
  }
}
