import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subject } from '@ai-switch/contracts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openSpoolFile } from '../src/holds/spool-file.ts';
import { lineOf, readLines } from '../src/holds/spool-records.ts';

/** What the disk still takes, in bytes. */
let room = Number.POSITIVE_INFINITY;
vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  // As a disk does that is nearly full: a part first, told by the count alone, then nothing.
  const writeSync = (descriptor: number, given: Buffer | string, offset = 0) => {
    const bytes = Buffer.from(given).subarray(offset, offset + room);
    if (bytes.length === 0) throw new Error('no space left on device');
    room -= bytes.length;
    return fs.writeSync(descriptor, bytes);
  };
  return { ...fs, writeSync };
});

let folder: string;
beforeEach(async () => {
  room = Number.POSITIVE_INFINITY;
  folder = await mkdtemp(join(tmpdir(), 'aiswitch-spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const NOTHING = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };

function lineFor(reservationId: string, place: number): string {
  const subject = Subject.create({ userId: 'user' });
  const intent = { tenant: 'company', reservationId, ownerToken: 'own', subject, priceVersion: '' };
  return lineOf(['intent', place, { ...intent, promptEstimate: NOTHING }]);
}

const placesIn = (text: string) => [...readLines(text).holds.keys()];

test('a line that a full disk took in part is told as not taken, and spoils no other', () => {
  const file = openSpoolFile(folder);
  file.append(lineFor('one', 1));
  const two = lineFor('two', 2);
  for (let taken = 0; taken < two.length; taken += 17) {
    room = taken;
    expect(() => file.append(two)).toThrow('no space');
    room = Number.POSITIVE_INFINITY;
    file.append(lineFor('next', 3 + taken));
    expect(placesIn(file.read())).not.toContain(2);
    expect(placesIn(file.read())).toContain(3 + taken);
  }
  file.close();
});

test('one that cannot be written anew stands as it was', () => {
  const file = openSpoolFile(folder);
  file.append(lineFor('one', 1));
  room = 20;
  expect(() => file.replace(lineFor('two', 2))).toThrow('no space');
  room = Number.POSITIVE_INFINITY;
  file.append(lineFor('three', 3));
  expect(placesIn(file.read())).toEqual([1, 3]);
  file.close();
});
