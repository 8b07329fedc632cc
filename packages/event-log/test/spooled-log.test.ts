import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import { createLogger } from '@ai-switch/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSpooledLog, type SpooledLog, type SpooledLogOptions } from '../src/index.ts';
import { nameOf, RecordingSink } from './recording-sink.ts';

let folder: string;
let sink: RecordingSink;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aiswitch-event-log-'));
  sink = new RecordingSink();
});
afterEach(() => rmSync(folder, { recursive: true }));

const logger = createLogger({ service: 'test', level: 'silent' });

function open(options: Partial<SpooledLogOptions> = {}): Promise<SpooledLog> {
  return openSpooledLog({ folder, service: 'edge-gateway', sink, logger, ...options });
}

const access = (requestId: string) =>
  AccessRecord.create({ requestId, tenant: 'default', startedAtMs: 1_000n });
const event = (eventId: string) =>
  AuditEvent.create({ eventId, tenant: 'default', action: 'key.create', atMs: 1_000n });

async function fill(log: SpooledLog, count: number, prefix = 'r'): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    if (index % 10 === 0) await log.audit(event(`${prefix}${index}`));
    else log.access(access(`${prefix}${index}`));
  }
}

/** Leaves what is there as a killed process would: nothing is sent and no end is announced. */
async function abandon(log: SpooledLog): Promise<void> {
  sink.fails = 'before';
  await log.close(0);
  sink.fails = 'never';
}

test('every record arrives once, in an unbroken chain, and the end is announced', async () => {
  const log = await open();
  await fill(log, 1_200);
  await log.close(5_000);
  expect(new Set(sink.ids()).size).toBe(1_200);
  expect(sink.missing(nameOf(log.identity))).toEqual([]);
  expect(sink.isChained(nameOf(log.identity))).toBe(true);
  expect(sink.announced.get(nameOf(log.identity))).toMatchObject({
    lastSequence: 1_200,
    isFinal: true,
    dropped: 0,
  });
});

test('what a killed process left is sent by the next one, which begins a new epoch', async () => {
  sink.fails = 'before';
  const first = await open();
  await fill(first, 300);
  await abandon(first);
  const second = await open();
  await fill(second, 5, 's');
  expect(second.identity).toEqual({ producer: first.identity.producer, epoch: 2 });
  await second.close(5_000);
  expect(sink.ids()).toHaveLength(305);
  expect(sink.announced.get(nameOf(first.identity))).toMatchObject({ lastSequence: 300, isFinal: true });
  expect(readdirSync(folder).filter((name) => name.endsWith('.1'))).toEqual([]);
});

test('what each earlier process wrote last is known until it is sent', async () => {
  const first = await open();
  expect(first.lastBefore).toEqual([]);
  first.access(access('one'));
  first.access(access('two'));
  await abandon(first);
  sink.fails = 'before';
  const second = await open();
  expect(second.lastBefore).toEqual([{ type: 'aiswitch.access.v1', record: access('two') }]);
  await second.audit(event('three'));
  await abandon(second);
  const third = await open();
  expect(third.lastBefore.map(({ record }) => record)).toEqual([access('two'), event('three')]);
  await third.close(5_000);
  const last = await open();
  expect(last.lastBefore).toEqual([]);
  await last.close(5_000);
});

test('a sink that took records and answered too late is given them again, and nothing is lost', async () => {
  sink.fails = 'after';
  const log = await open();
  await fill(log, 50);
  await expect.poll(() => sink.writes).toBeGreaterThan(1);
  sink.fails = 'never';
  await log.close(10_000);
  expect(sink.ids()).toHaveLength(50);
});

test('a log that grew over many segments while the sink was away is sent whole', async () => {
  sink.fails = 'before';
  const log = await open();
  const long = 'x'.repeat(2_000);
  for (let index = 0; index < 10_000; index += 1) log.access({ ...access(`r${index}`), userAgent: long });
  expect(segmentsIn(folder).length).toBeGreaterThan(2);
  sink.fails = 'never';
  await expect.poll(() => log.depth, { timeout: 20_000 }).toBe(0);
  await log.close(5_000);
  expect(new Set(sink.ids()).size).toBe(10_000);
  expect(sink.missing(nameOf(log.identity))).toEqual([]);
  expect(segmentsIn(folder).length).toBeLessThanOrEqual(1);
}, 40_000);

describe('what the disk does to it', () => {
  async function left(count = 100): Promise<{ readonly name: string; readonly path: string }> {
    sink.fails = 'before';
    const log = await open();
    await fill(log, count);
    await abandon(log);
    const [path = ''] = segmentsIn(folder);
    return { name: nameOf(log.identity), path };
  }

  test('a torn tail costs the record that was being written and no other', async () => {
    const { name, path } = await left();
    const bytes = readFileSync(path);
    truncateSync(path, bytes.length - 7);
    await (await open()).close(5_000);
    expect(sink.logs.get(name)?.size).toBe(99);
    // The mark still knew of it.
    expect(sink.missing(name)).toEqual([100]);
  });

  test('a flipped byte costs the record that it is in, and is an exact gap', async () => {
    const { name, path } = await left();
    const bytes = readFileSync(path);
    for (let turn = 0; turn < 40; turn += 1) {
      const flipped = Buffer.from(bytes);
      const at = Math.floor((bytes.length * (turn + 0.5)) / 40);
      flipped[at] = (flipped[at] ?? 0) ^ 0x41;
      await cp(folder, `${folder}-copy`, { recursive: true });
      writeFileSync(path.replace(folder, `${folder}-copy`), flipped);
      sink = new RecordingSink();
      await (await open({ folder: `${folder}-copy` })).close(5_000);
      rmSync(`${folder}-copy`, { recursive: true });
      expect(sink.missing(name), `byte ${at}`).toHaveLength(1);
    }
  });

  test('a segment that somebody deleted is a gap of all that was in it', async () => {
    const { name, path } = await left();
    rmSync(path);
    const log = await open();
    await fill(log, 3, 's');
    await log.close(5_000);
    expect(sink.missing(name)).toHaveLength(100);
    expect(sink.missing(nameOf(log.identity))).toEqual([]);
  });

  test('a folder that was put back from a copy loses nothing: it goes on under another name', async () => {
    const first = await open();
    await fill(first, 20);
    await first.close(5_000);
    await cp(folder, `${folder}-copy`, { recursive: true });
    const second = await open();
    await fill(second, 20, 's');
    await second.close(5_000);
    const restored = await open({ folder: `${folder}-copy` });
    await fill(restored, 30, 't');
    await restored.close(5_000);
    rmSync(`${folder}-copy`, { recursive: true });
    expect(sink.ids()).toHaveLength(70);
    expect(restored.identity.producer).not.toBe(first.identity.producer);
  });

  test('a full disk refuses requests, or gives records up and counts them, as the operator says', async () => {
    let share = 0.5;
    const roomOf = async () => ({ share, freeBytes: (1 - share) * 2 ** 34 });
    const refusing = await open({ roomOf });
    expect(refusing.isAccepting).toBe(true);
    share = 0.96;
    await expect.poll(() => refusing.isAccepting).toBe(false);
    refusing.access(access('still-under-way'));
    await refusing.close(5_000);
    expect(sink.ids()).toEqual(['still-under-way']);

    const dropping = await open({ roomOf, fullDisk: 'drop' });
    expect(dropping.isAccepting).toBe(true);
    await fill(dropping, 10);
    expect(dropping.dropped).toBe(10);
    await dropping.close(5_000);
    expect(sink.announced.get(nameOf(dropping.identity))).toMatchObject({ lastSequence: 0, dropped: 10 });
  });
});

function segmentsIn(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => join(path, name));
}
