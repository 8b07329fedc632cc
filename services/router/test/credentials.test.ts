import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ConfigError } from '@ai-switch/kernel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createDataKey,
  type DataKey,
  masterKeyOf,
  openCredential,
  openDataKey,
  openMasterKey,
  SealError,
  sealCredential,
} from '../src/credentials.ts';
import { seeded } from './random.ts';

const CANARY = 'sk-canary-credential';
const masterKey = masterKeyOf(randomBytes(32));

function dataKeyFor(tenant: string, key = masterKey): DataKey {
  return openDataKey(key, tenant, createDataKey(key, tenant, '1'));
}

describe('a sealed credential', () => {
  test('opens at its place and shows nothing of itself', () => {
    const dataKey = dataKeyFor('acme');
    const place = { tenant: 'acme', provider: 'openai' };
    const sealed = sealCredential(dataKey, place, CANARY);
    expect(openCredential(dataKey, place, sealed)).toBe(CANARY);
    expect(sealed).toMatch(/^v1\.[0-9a-f]{12}\.1\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    expect(sealed).not.toContain(CANARY);
    expect(sealed).not.toContain(Buffer.from(CANARY).toString('base64url'));
  });

  test('is another text each time', () => {
    const dataKey = dataKeyFor('acme');
    const place = { tenant: 'acme', provider: 'openai' };
    const texts = Array.from({ length: 100 }, () => sealCredential(dataKey, place, CANARY));
    expect(new Set(texts.map((text) => text.split('.')[3])).size).toBe(100);
  });

  test('of a 10,000 swaps between rows none opens', () => {
    const seed = 20_261;
    const random = seeded(seed);
    const rows = rowsOfManyTenants();
    let swaps = 0;
    let opened = 0;
    while (swaps < 10_000) {
      const [one, other] = [pick(rows, random), pick(rows, random)];
      const swapped = swapField(one.sealed, other.sealed, Math.floor(random() * 7));
      if (swapped === one.sealed) continue;
      swaps += 1;
      if (opens(() => openCredential(one.dataKey, one.place, swapped))) opened += 1;
    }
    expect({ seed, opened }).toEqual({ seed, opened: 0 });
  });

  test('does not open with any one character changed', () => {
    const dataKey = dataKeyFor('acme');
    const place = { tenant: 'acme', provider: 'openai' };
    const sealed = sealCredential(dataKey, place, CANARY);
    const parts = sealed.split('.');
    for (const [index, part] of parts.entries()) {
      // The last character of base64 may hold bits that mean nothing: the one before it always counts.
      const at = Math.max(0, part.length - 2);
      const changed = `${part.slice(0, at)}${part[at] === 'A' ? 'B' : 'A'}${part.slice(at + 1)}`;
      const text = parts.with(index, changed).join('.');
      expect(() => openCredential(dataKey, place, text), text).toThrow(SealError);
    }
  });

  test.each(['', 'v1', 'v2.a.b.c.d.e', 'v1.a.1.', `v1.${masterKey.id}.1.AAAA.AAAA.AAAA`, '......'])(
    'that is no sealed text (%s) does not open',
    (text) => {
      expect(() => openCredential(dataKeyFor('acme'), { tenant: 'acme', provider: 'openai' }, text)).toThrow(
        SealError,
      );
    },
  );
});

describe('a data key', () => {
  test('does not open for another tenant', () => {
    const sealed = createDataKey(masterKey, 'acme', '1');
    expect(() => openDataKey(masterKey, 'other', sealed)).toThrow(SealError);
  });

  test('does not open with another master key, and the error names both keys by their ids', () => {
    const other = masterKeyOf(randomBytes(32));
    const sealed = createDataKey(masterKey, 'acme', '1');
    expect(() => openDataKey(other, 'acme', sealed)).toThrow(
      `${masterKey.id}, and this process has ${other.id}`,
    );
  });
});

describe('the master key’s file', () => {
  let folder = '';
  let path = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'master-key-'));
    path = join(folder, 'master.key');
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('is made once, for its owner only', async () => {
    const made = await openMasterKey(path, { mayCreate: true });
    expect(made.isNew).toBe(true);
    expect(made.key).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const read = await openMasterKey(path, { mayCreate: true });
    expect(read.isNew).toBe(false);
    expect(read.key.equals(made.key)).toBe(true);
    expect((await readFile(path)).equals(made.key)).toBe(true);
  });

  test('is not made unless that is allowed', async () => {
    await expect(openMasterKey(path, { mayCreate: false })).rejects.toThrow(ConfigError);
    await expect(stat(path)).rejects.toThrow();
  });

  test.each([
    ['an empty one', Buffer.alloc(0), 0o600, /has 0 bytes/],
    ['a short one', randomBytes(31), 0o600, /has 31 bytes/],
    ['a long one', randomBytes(33), 0o600, /has 33 bytes/],
    ['a trivial one', Buffer.alloc(32, 7), 0o600, /one byte repeated/],
    ['one that everybody can read', randomBytes(32), 0o644, /can be read by others/],
    ['one that a group can read', randomBytes(32), 0o640, /can be read by others/],
  ])('is refused in one line: %s', async (_name, bytes, mode, message) => {
    await writeFile(path, bytes);
    await chmod(path, mode);
    const refusal = await openMasterKey(path, { mayCreate: true }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConfigError);
    expect((refusal as Error).message).toMatch(message);
    expect((refusal as Error).message).not.toContain('\n');
  });

  test('is there whole or not at all when a process ends while it makes it', async () => {
    const source = new URL('../src/credentials.ts', import.meta.url).href;
    const make = `(await import(${JSON.stringify(source)})).openMasterKey(${JSON.stringify(path)}, { mayCreate: true })`;
    // With no byte to write the process is ended, or told so, between the file and what is in it.
    const program = 'ulimit -f 0; exec "$0" --input-type=module -e "$1"';
    const run = promisify(execFile)('sh', ['-c', program, process.execPath, make]);
    await expect(run).rejects.toThrow();
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect((await openMasterKey(path, { mayCreate: true })).isNew).toBe(true);
  });

  test('in a folder that is not there is refused in one line', async () => {
    await expect(openMasterKey(join(folder, 'no', 'key'), { mayCreate: true })).rejects.toThrow(ConfigError);
  });
});

interface Row {
  readonly dataKey: DataKey;
  readonly place: { readonly tenant: string; readonly provider: string };
  readonly sealed: string;
}

/** Tenants, providers and plain texts repeat across rows, so that only the place tells many of them apart. */
function rowsOfManyTenants(): Row[] {
  const otherMasterKey = masterKeyOf(randomBytes(32));
  return Array.from({ length: 10 }, (_, index) => `tenant-${index}`).flatMap((tenant, index) => {
    const dataKey = dataKeyFor(tenant, index < 8 ? masterKey : otherMasterKey);
    return ['openai', 'anthropic', 'vllm', 'custom'].map((provider) => {
      const place = { tenant, provider };
      return { dataKey, place, sealed: sealCredential(dataKey, place, CANARY) };
    });
  });
}

/** One of the six fields of a text in the place of another's; 6 swaps the whole text. */
function swapField(one: string, other: string, field: number): string {
  return field === 6
    ? other
    : one
        .split('.')
        .with(field, other.split('.')[field] ?? '')
        .join('.');
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function opens(open: () => string): boolean {
  try {
    open();
    return true;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}
