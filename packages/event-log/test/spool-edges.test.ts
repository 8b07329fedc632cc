import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';
import { temporaryFolder } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type LogIdentity,
  openSpooledLog,
  type SequencedRecord,
  type SpooledLog,
  type SpooledLogOptions,
} from '../src/index.ts';
import { nameOf, RecordingSink } from './recording-sink.ts';

let place: ReturnType<typeof temporaryFolder>;
let folder: string;
let sink: RecordingSink;
beforeEach(() => {
  place = temporaryFolder();
  folder = join(place.path, 'log');
  sink = new RecordingSink();
});
afterEach(() => place[Symbol.dispose]());

const logger = createLogger({ service: 'test', level: 'silent' });

function open(options: Partial<SpooledLogOptions> = {}): Promise<SpooledLog> {
  return openSpooledLog({ folder, service: 'edge-gateway', sink, logger, ...options });
}

const access = (requestId: string, userAgent = '') =>
  AccessRecord.create({ requestId, tenant: 'default', startedAtMs: 1_000n, userAgent });
const event = (eventId: string) =>
  AuditEvent.create({ eventId, tenant: 'default', action: 'key.create', atMs: 1_000n });

/** A log that a killed process left, with nothing of it sent. */
async function leave(count: number, userAgent = ''): Promise<string> {
  sink.fails = 'before';
  const log = await open();
  for (let index = 0; index < count; index += 1) log.access(access(`r${index}`, userAgent));
  await log.close(0);
  sink.fails = 'never';
  return nameOf(log.identity);
}

function filesIn(path: string, ending: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(path, name));
}

describe('whose folder it is', () => {
  test('a second log is refused the folder until the first one lets go of it', async () => {
    const first = await open();
    await expect(open()).rejects.toThrow('another process uses the event log in');
    await first.audit(event('one'));
    await first.close(5_000);
    const second = await open();
    await second.close(5_000);
    expect(sink.ids()).toEqual(['one']);
  });

  test('a folder of another service is refused, whose records would come under a wrong name', async () => {
    await leave(3);
    await expect(open({ service: 'console' })).rejects.toThrow('give console a folder of its own');
    await (await open()).close(5_000);
    expect(sink.ids()).toHaveLength(3);
  });

  test('an identity that was put back from an older copy gives no epoch twice', async () => {
    await leave(1);
    const older = readFileSync(join(folder, 'identity.json'));
    await leave(2);
    await leave(3);
    writeFileSync(join(folder, 'identity.json'), older);
    const log = await open();
    expect(log.identity.epoch).toBe(4);
    await log.close(5_000);
    expect([...sink.logs.values()].map(({ size }) => size)).toEqual([1, 2, 3]);
  });
});

describe('closing', () => {
  test('a sink that does not answer keeps nobody longer than the bound, and its late answer changes nothing', async () => {
    let answer = () => {};
    const asked = new Promise<void>((isAsked) => {
      const slow = {
        name: 'slow',
        write: () =>
          new Promise<void>((resolve) => {
            answer = resolve;
            isAsked();
          }),
        announce: async () => {},
        close: async () => {},
      };
      void open({ sink: slow }).then(async (log) => {
        await log.audit(event('one'));
        const startMs = performance.now();
        await asked;
        await log.close(200);
        expect(performance.now() - startMs).toBeLessThan(2_000);
        closed();
      });
    });
    let closed = () => {};
    await new Promise<void>((resolve) => {
      closed = resolve;
    });
    const [mark = ''] = filesIn(folder, 'mark');
    const before = readFileSync(mark);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(readFileSync(mark)).toEqual(before);
    await (await open()).close(5_000);
    expect(sink.ids()).toEqual(['one']);
  });

  test('a log whose sink fails is closed at once, and not after its next attempt', async () => {
    sink.fails = 'before';
    const log = await open();
    await log.audit(event('one'));
    // By now it waits for more than a second.
    await new Promise((resolve) => setTimeout(resolve, 1_700));
    const startMs = performance.now();
    await log.close(10_000);
    expect(performance.now() - startMs).toBeLessThan(800);
  });
});

describe('a sink that has other records under the same name', () => {
  /** What somebody else wrote under this name, as after a folder was put back from a copy. */
  class TakenSink extends RecordingSink {
    readonly taken = new Set<string>();
    conflicts = 0;
    override async write(identity: LogIdentity, records: readonly SequencedRecord[]): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (this.taken.has(nameOf(identity))) {
        this.conflicts += 1;
        throw new Fault('conflict', 'It has another one.');
      }
      return super.write(identity, records);
    }
  }

  test('nothing is lost of what is written while the log goes on under another name', async () => {
    const taken = new TakenSink();
    const log = await open({ sink: taken });
    taken.taken.add(nameOf(log.identity));
    for (let index = 0; index < 400; index += 1) {
      log.access(access(`r${index}`, 'x'.repeat(5_000)));
      if (index % 4 === 0) await log.audit(event(`e${index}`));
    }
    await log.close(10_000);
    expect(taken.conflicts).toBe(1);
    expect(new Set(taken.ids()).size).toBe(500);
    expect(taken.ids()).toHaveLength(500);
    expect(taken.missing(nameOf(log.identity))).toEqual([]);
    expect(taken.isChained(nameOf(log.identity))).toBe(true);
  });

  test('what is left of an older epoch comes under the current one when only the older is refused', async () => {
    const older = await leave(50);
    const taken = new TakenSink();
    taken.taken.add(older);
    const log = await open({ sink: taken });
    for (let index = 0; index < 10; index += 1) await log.audit(event(`e${index}`));
    await log.close(10_000);
    expect(log.identity.epoch).toBe(2);
    expect(new Set(taken.ids()).size).toBe(60);
  });

  test('an announcement that is refused moves the epoch it is about, and no other', async () => {
    const older = await leave(50);
    const taken = new (class extends RecordingSink {
      override async announce(identity: LogIdentity, announcement: Parameters<RecordingSink['announce']>[1]) {
        if (nameOf(identity) === current) throw new Fault('conflict', 'It has another one.');
        return super.announce(identity, announcement);
      }
    })();
    const current = older.replace('#1', '#2');
    const log = await open({ sink: taken });
    for (let index = 0; index < 10; index += 1) await log.audit(event(`e${index}`));
    await expect.poll(() => log.depth).toBe(0);
    await log.close(10_000);
    expect(taken.logs.get(older)?.size).toBe(50);
    expect(log.identity.producer).not.toBe(older.split('#')[0]);
    expect(new Set(taken.ids()).size).toBe(60);
  });

  test('a sink that refuses every name has no folder made for each of its answers', async () => {
    const refusing = new TakenSink();
    refusing.taken.has = () => true;
    const log = await open({ sink: refusing });
    await log.audit(event('one'));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(refusing.conflicts).toBeLessThan(10);
    await log.close(0);
    await (await open()).close(5_000);
    expect(new Set(sink.ids())).toEqual(new Set(['one']));
  });
});

describe('what is on the disk', () => {
  test('a segment that was cut off in its middle costs what was cut off, and what follows arrives', async () => {
    // Six segments of 140 records each.
    const name = await leave(800, 'x'.repeat(60_000));
    const [, second = '', third = ''] = filesIn(folder, '.segment');
    const isLost = Number.parseInt(third.split('/').at(-1) ?? '', 10);
    truncateSync(second, statSync(second).size - 2_500_000);
    await (await open()).close(20_000);
    const missing = sink.missing(name);
    expect(missing.length).toBe(Math.ceil(2_500_000 / 60_250));
    expect(missing.at(-1)).toBe(isLost - 1);
  }, 60_000);

  test('a flipped byte in the note of how far it is costs nothing', async () => {
    const name = await leave(20);
    const [mark = ''] = filesIn(folder, 'mark');
    const bytes = readFileSync(mark);
    // Each place of the note is a sector, of which it fills the beginning.
    const places = [0, 512].flatMap((start) => Array.from({ length: 23 }, (_, index) => start + index * 3));
    for (const at of places) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 0x11;
      const copy = join(place.path, `copy-${at}`);
      await cp(folder, copy, { recursive: true });
      writeFileSync(mark.replace(folder, copy), flipped);
      sink = new RecordingSink();
      await (await open({ folder: copy })).close(5_000);
      expect(sink.logs.get(name)?.size, `byte ${at}`).toBe(20);
    }
  }, 60_000);

  test('a record that is longer than a message may be is given up and counted, and the next ones arrive', async () => {
    const log = await open();
    log.access(access('too-long', 'x'.repeat(1_000_000)));
    log.access(access('longest', 'x'.repeat(999_000)));
    log.access({ ...access('long-name'), tenant: 'x'.repeat(1_000_000) });
    log.access(access('next'));
    await log.close(5_000);
    expect(sink.ids()).toEqual(['longest', 'next']);
    expect(sink.announced.get(nameOf(log.identity))).toMatchObject({ lastSequence: 2, dropped: 2 });
    expect(log.isAccepting).toBe(true);
  });

  test('a backlog is sent in pieces that fit into memory and into a call', async () => {
    await leave(5_000, 'x'.repeat(3_000));
    const sizes: number[] = [];
    const watched = new (class extends RecordingSink {
      override write(identity: LogIdentity, records: readonly SequencedRecord[]) {
        sizes.push(records.reduce((sum, { data }) => sum + data.length, 0));
        return super.write(identity, records);
      }
    })();
    await (await open({ sink: watched })).close(20_000);
    expect(watched.ids()).toHaveLength(5_000);
    expect(Math.max(...sizes)).toBeLessThan(1_100_000);
  }, 60_000);
});
