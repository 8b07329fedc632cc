import { Caller } from '@ai-switch/contracts';
import { describe, expect, it } from 'vitest';
import type { KeyRecord } from '../src/callers.ts';
import { KeyCache } from '../src/key-cache.ts';

function recordOf(keyId: string): KeyRecord {
  return {
    caller: Caller.create({ tenant: 't', userId: 'u', userName: 'n', keyId }),
    digest: '',
    olderDigest: '',
    olderUntilMs: 0,
    expiresAtMs: Number.POSITIVE_INFINITY,
    isRevoked: false,
  };
}

/** A cache over a store whose look-ups are counted and end when the test says so. */
function held() {
  const clock = { now: 1_000_000, nowMs: () => clock.now };
  const lookups: { keyId: string; end: (record: KeyRecord | undefined) => void; fail: () => void }[] = [];
  const cache = new KeyCache({
    clock,
    find: ({ keyId }) =>
      new Promise((resolve, reject) => {
        lookups.push({ keyId, end: resolve, fail: () => reject(new Error('store is down')) });
      }),
  });
  const load = async (keyId: string, record: KeyRecord | undefined) => {
    const lookup = cache.lookUp({ keyId, projectId: '' });
    lookups.at(-1)?.end(record);
    return lookup;
  };
  return { cache, clock, lookups, load };
}

describe('the memory of keys', () => {
  it('believes a record for 2 seconds and not a millisecond longer', async () => {
    const { cache, clock, load } = held();
    await load('a', recordOf('a'));
    clock.now += 1_999;
    expect(cache.recall({ keyId: 'a', projectId: '' })?.record?.caller.keyId).toBe('a');
    clock.now += 1;
    expect(cache.recall({ keyId: 'a', projectId: '' })).toBeUndefined();
  });

  it('counts the age from before the look-up', async () => {
    const { cache, clock, lookups } = held();
    const lookup = cache.lookUp({ keyId: 'a', projectId: '' });
    clock.now += 4_000;
    lookups[0]?.end(recordOf('a'));
    await lookup;
    clock.now += 1_000;
    expect(cache.recall({ keyId: 'a', projectId: '' })).toBeUndefined();
  });

  it('believes for one second that a key does not exist', async () => {
    const { cache, clock, load } = held();
    await load('a', undefined);
    clock.now += 999;
    expect(cache.recall({ keyId: 'a', projectId: '' })).toMatchObject({ record: undefined });
    clock.now += 1;
    expect(cache.recall({ keyId: 'a', projectId: '' })).toBeUndefined();
  });

  it('believes nothing when the clock was turned back', async () => {
    const { cache, clock, load } = held();
    await load('a', recordOf('a'));
    clock.now -= 1;
    expect(cache.recall({ keyId: 'a', projectId: '' })).toBeUndefined();
  });

  it('shares one look-up among all who ask meanwhile', async () => {
    const { cache, lookups } = held();
    const asked = [
      cache.lookUp({ keyId: 'a', projectId: '' }),
      cache.lookUp({ keyId: 'a', projectId: '' }),
      cache.lookUp({ keyId: 'a', projectId: '' }),
    ];
    expect(lookups).toHaveLength(1);
    lookups[0]?.end(recordOf('a'));
    expect((await Promise.all(asked)).map((record) => record?.caller.keyId)).toEqual(['a', 'a', 'a']);
  });

  it('remembers nothing of a look-up that was under way when the key changed', async () => {
    const { cache, lookups } = held();
    const stale = cache.lookUp({ keyId: 'a', projectId: '' });
    cache.forgetAll();
    const fresh = cache.lookUp({ keyId: 'a', projectId: '' });
    expect(lookups).toHaveLength(2);
    lookups[1]?.end(undefined);
    await fresh;
    lookups[0]?.end(recordOf('a'));
    await stale;
    expect(cache.recall({ keyId: 'a', projectId: '' })).toMatchObject({ record: undefined });
  });

  it('remembers no failure', async () => {
    const { cache, lookups } = held();
    const lookup = cache.lookUp({ keyId: 'a', projectId: '' });
    lookups[0]?.fail();
    await expect(lookup).rejects.toThrow('store is down');
    expect(cache.recall({ keyId: 'a', projectId: '' })).toBeUndefined();
    void cache.lookUp({ keyId: 'a', projectId: '' });
    expect(lookups).toHaveLength(2);
  });

  it('keeps keys in use through a flood of guesses', async () => {
    const { cache, load } = held();
    await load('a', recordOf('a'));
    for (let guess = 0; guess < 12_000; guess += 1) await load(`guess${guess}`, undefined);
    expect(cache.recall({ keyId: 'a', projectId: '' })?.record).toBeDefined();
    expect(cache.recall({ keyId: 'guess0', projectId: '' })).toBeUndefined();
    expect(cache.recall({ keyId: 'guess11999', projectId: '' })).toBeDefined();
  });

  it('forgets the oldest record first', async () => {
    const { cache, load } = held();
    for (let key = 0; key <= 50_000; key += 1) await load(`key${key}`, recordOf(`key${key}`));
    expect(cache.recall({ keyId: 'key0', projectId: '' })).toBeUndefined();
    expect(cache.recall({ keyId: 'key1', projectId: '' })).toBeDefined();
    expect(cache.recall({ keyId: 'key50000', projectId: '' })).toBeDefined();
  });

  it('refuses look-ups over the bound as overloaded', async () => {
    const { cache } = held();
    for (let key = 0; key < 1_000; key += 1) void cache.lookUp({ keyId: `key${key}`, projectId: '' });
    await expect(cache.lookUp({ keyId: 'one more', projectId: '' })).rejects.toMatchObject({
      code: 'overloaded',
    });
  });
});
