import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMasterKeyFiles } from '../src/master-key-files.ts';

let folder: string;
const first = () => join(folder, 'master.key');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aiswitch-master-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('an empty folder gets its first key, for its owner only, and says so once', async () => {
  const made = await openMasterKeyFiles(first());
  expect([made.isNew, made.others]).toEqual([true, []]);
  expect(statSync(first()).mode & 0o777).toBe(0o600);
  const found = await openMasterKeyFiles(first());
  expect(found.isNew).toBe(false);
  expect(found.newest).toEqual(made.newest);
});

test('the key of the highest number seals, and all others open', async () => {
  const { newest: one, make } = await openMasterKeyFiles(first());
  const two = await make();
  const three = await make();
  const { newest, others } = await openMasterKeyFiles(first());
  expect([newest, ...others]).toEqual([three, two, one]);
});

test('the first key may go once others are there, and no new one is made in its place', async () => {
  const { make } = await openMasterKeyFiles(first());
  const two = await make();
  rmSync(first());
  const { newest, others, isNew } = await openMasterKeyFiles(first());
  expect({ newest, others, isNew }).toEqual({ newest: two, others: [], isNew: false });
  expect(existsSync(first())).toBe(false);
});

test('keys that are made at the same time are one file each', async () => {
  const { make } = await openMasterKeyFiles(first());
  const made = await Promise.all([make(), make(), make()]);
  expect(new Set(made.map((key) => key.toString('hex'))).size).toBe(3);
  expect(readdirSync(folder).sort()).toEqual(['master-2.key', 'master-3.key', 'master-4.key', 'master.key']);
  expect((await openMasterKeyFiles(first())).newest).toEqual(made[2]);
});
