import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Amounts, type QuotaLedger, Subject } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Holds } from '../src/holds/holds.ts';
import { Spool } from '../src/holds/spool.ts';
import { memorySpoolFile, openSpoolFile, type SpoolFile } from '../src/holds/spool-file.ts';
import { type Intent, lineOf, readLines } from '../src/holds/spool-records.ts';

const logger = createLogger({ service: 'edge-gateway', level: 'silent' });
const NOTHING: Amounts = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };
const SETTLEMENT = {
  actual: NOTHING,
  outcome: 'completed',
  isEstimated: false,
  platform: NOTHING,
  priceVersion: '',
};

function intentOf(reservationId: string, subject: Partial<Subject> = {}): Intent {
  return {
    tenant: 'company',
    reservationId,
    ownerToken: `own_${reservationId}`,
    subject: Subject.create({ userId: 'user', ...subject }),
    promptEstimate: { ...NOTHING, input: 10n },
    priceVersion: '',
  };
}

const idsIn = (text: string) => [...readLines(text).holds.values()].map(({ intent }) => intent.reservationId);

/** A file whose disk can be full. */
function fillingFile(): SpoolFile & { isFull: boolean } {
  const file = memorySpoolFile();
  return {
    ...file,
    isFull: false,
    append(text) {
      if (this.isFull) throw new Error('no space left on device');
      file.append(text);
    },
  };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aiswitch-spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('what is read again', () => {
  test('a line that was torn, and one that the disk spoiled, are left out; the lines around them stand', () => {
    const [one = '', two = '', three = ''] = ['one', 'two', 'three'].map((id, at) =>
      lineOf(['intent', at + 1, intentOf(id)]),
    );
    expect(idsIn(one + two.replace('two', 'owt') + three)).toEqual(['one', 'three']);
    for (let kept = 1; kept < three.length - 1; kept += 1) {
      expect(idsIn(one + two + three.slice(0, kept))).toEqual(['one', 'two']);
    }
  });

  test('names that look like amounts are names', () => {
    const intent = intentOf('one', { userId: '42n', projectId: '7n', departmentIds: ['1n'], model: '-3n' });
    const { holds } = readLines(lineOf(['intent', 1, intent]));
    expect(holds.get(1)?.intent).toEqual(intent);
  });
});

describe('a disk that takes nothing', () => {
  test('nobody is asked for a hold, nor anybody for an answer, and what is under way ends', () => {
    const file = fillingFile();
    const spool = new Spool({ file, logger });
    const running = spool.begin(intentOf('running'));
    spool.dispatched(running, () => '{}');
    const waiting = spool.begin(intentOf('waiting'));
    file.isFull = true;
    const refusal = expect.objectContaining({ code: 'unavailable', retryAfterMs: 5_000 });
    expect(() => spool.begin(intentOf('new'))).toThrow(refusal);
    expect(() => spool.dispatched(waiting, () => '{}')).toThrow(refusal);
    expect(waiting.isDispatched).toBe(false);
    spool.settle(running, SETTLEMENT);
    spool.end(running);
    file.isFull = false;
    spool.begin(intentOf('later'));
    expect(idsIn(file.read())).toEqual(['waiting', 'later']);
  });
});

describe('the file', () => {
  test('is for its owner alone', async () => {
    openSpoolFile(join(folder, 'spool')).close();
    expect((await stat(join(folder, 'spool', 'holds.spool'))).mode & 0o777).toBe(0o600);
  });

  test('nothing is written once it is closed: its number is another file’s by then', async () => {
    const spool = new Spool({ file: openSpoolFile(folder), logger });
    const hold = spool.begin(intentOf('one'));
    await spool.close();
    const path = join(folder, 'another');
    const another = openSync(path, 'a');
    spool.progress(hold, NOTHING);
    spool.settle(hold, SETTLEMENT);
    await sleep(5);
    closeSync(another);
    expect(await readFile(path, 'utf8')).toBe('');
  });
});

describe('a ledger that does not answer', () => {
  const down = () => Promise.reject(new Fault('unavailable', 'The ledger does not answer.'));

  function holdsOn(file: SpoolFile, ledger: Partial<QuotaLedger>, delayMs = 1) {
    const spool = new Spool({ file, logger });
    const holds = new Holds({
      // Why: no other call is made here.
      ledger: ledger as QuotaLedger,
      spool,
      logger,
      settings: { holdTtlMs: 60_000, heartbeatMs: 10_000 },
      sleep: async (_ms, signal) => {
        await sleep(delayMs, undefined, { signal }).catch(() => {});
      },
      random: () => 0.5,
      newOwnerToken: () => 'own',
      recordLeft: () => {},
    });
    return { spool, holds };
  }

  test('replay goes on until all is taken, some at a time', async () => {
    const file = memorySpoolFile();
    file.append(
      Array.from({ length: 300 }, (_, at) => lineOf(['intent', at + 1, intentOf(`r${at}`)])).join(''),
    );
    let calls = 0;
    let underWay = 0;
    let most = 0;
    const { spool, holds } = holdsOn(file, {
      void: async () => {
        calls += 1;
        underWay += 1;
        most = Math.max(most, underWay);
        await sleep(1);
        underWay -= 1;
        return calls < 1_000 ? down() : { reservation: undefined };
      },
    });
    await holds.replay();
    expect({ left: spool.size, most }).toEqual({ left: 0, most: 64 });
    await holds.close(0);
  });

  test('an edge that closes does not wait for its turn', async () => {
    const file = memorySpoolFile();
    file.append(
      Array.from({ length: 300 }, (_, at) => lineOf(['intent', at + 1, intentOf(`r${at}`)])).join(''),
    );
    let calls = 0;
    const { spool, holds } = holdsOn(file, {
      void: async () => {
        calls += 1;
        await sleep(20);
        return down();
      },
    });
    const replayed = holds.replay();
    await holds.close(0);
    await replayed;
    expect(calls).toBe(64);
    expect(spool.size).toBe(300);
  });

  test('what waits for it is bounded: more is refused', async () => {
    const { spool } = holdsOn(memorySpoolFile(), {});
    const refusal = expect.objectContaining({ code: 'unavailable', retryAfterMs: 5_000 });
    for (let at = 0; at < 20_000; at += 1) spool.release(spool.begin(intentOf(`r${at}`)));
    expect(() => spool.begin(intentOf('one more'))).toThrow(refusal);
  });
});
