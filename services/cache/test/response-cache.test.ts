import { randomBytes } from 'node:crypto';
import { CacheEntry, CacheTier, type ResponseCache, ResponseCacheDefinition } from '@ai-switch/contracts';
import { createLogger } from '@ai-switch/telemetry';
import { databases, type RedisServer, startRedis, transports } from '@ai-switch/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabaseTier } from '../src/database-tier.ts';
import { openCache } from '../src/index.ts';
import { MemoryTier } from '../src/memory-tier.ts';
import { ResponseCacheService } from '../src/response-cache.ts';
import type { Tier } from '../src/tier.ts';

const logger = createLogger({ service: 'cache', level: 'silent' });
const START_MS = 1_790_000_000_000;
const MINUTE_MS = 60_000;

const stores = [
  ...databases.map(({ name, create }) => ({
    name,
    create: async () => {
      const fresh = await create();
      return { url: fresh.url, drop: () => fresh.drop() };
    },
  })),
  { name: 'redis', create: async () => ({ url: redisServer.url, drop: async () => {} }) },
];

let redisServer: RedisServer;
beforeAll(async () => {
  redisServer = await startRedis();
}, 120_000);
afterAll(() => redisServer.stop());

let nowMs = START_MS;
const clock = { nowMs: () => nowMs };
beforeEach(() => {
  nowMs = START_MS;
});

function entry(differing: Partial<CacheEntry> = {}): CacheEntry {
  return CacheEntry.create({
    scope: { tenant: 'acme', owner: 'user:u1' },
    key: randomBytes(32),
    events: Buffer.from('[{"type":"text","text":"hello"}]'),
    usage: { input: 10n, output: 2n, cacheRead: 0n, cacheWrite: 0n },
    storedAtMs: BigInt(nowMs),
    expiresAtMs: BigInt(nowMs + MINUTE_MS),
    ...differing,
  });
}

describe.each(stores)('answers kept on $name', (store) => {
  describe.each(transports)('$name', ({ open }) => {
    let cache: ResponseCache;
    const closing: (() => Promise<unknown>)[] = [];

    beforeEach(async () => {
      const { url, drop } = await store.create();
      const opened = await openCache({ storeUrl: url, clock, logger });
      const served = await open(ResponseCacheDefinition, opened.cache);
      closing.push(drop, opened.close, served.close);
      cache = served.port;
      // Redis connects in the background: what comes before is a miss.
      await expect.poll(async () => isKept(cache, url)).toBe(true);
    });

    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });

    test('are found by who they are of, and by nobody else', async () => {
      const kept = entry();
      const { key } = kept;
      await cache.store({ entry: kept });
      const found = await cache.lookUp({ scope: kept.scope, key });
      expect(found).toMatchObject({ tier: CacheTier.MEMORY, similarity: 1 });
      expect(bytesOf(found.entry)).toEqual(bytesOf(kept));
      for (const scope of [
        { tenant: 'acme', owner: 'user:u2' },
        { tenant: 'other', owner: 'user:u1' },
        { tenant: 'acme', owner: 'department:u1' },
      ]) {
        expect((await cache.lookUp({ scope, key })).entry).toBeUndefined();
      }
      expect((await cache.lookUp({ scope: kept.scope, key: randomBytes(32) })).entry).toBeUndefined();
    });

    test('are gone after their time, and when they are evicted', async () => {
      const [old, unwanted] = [entry(), entry()];
      await cache.store({ entry: old });
      await cache.store({ entry: unwanted });
      await cache.evict({ scope: unwanted.scope, key: unwanted.key });
      expect((await cache.lookUp({ scope: unwanted.scope, key: unwanted.key })).entry).toBeUndefined();
      nowMs += MINUTE_MS;
      expect((await cache.lookUp({ scope: old.scope, key: old.key })).entry).toBeUndefined();
    });

    test('that are none are refused', async () => {
      const bad: readonly [CacheEntry | undefined, string][] = [
        [undefined, 'invalid'],
        [entry({ key: randomBytes(31) }), 'invalid'],
        [entry({ scope: { tenant: 'acme', owner: '' } }), 'invalid'],
        [entry({ expiresAtMs: BigInt(nowMs) }), 'invalid'],
        [entry({ events: Buffer.alloc(1024 * 1024 + 1) }), 'tooLarge'],
      ];
      for (const [wrong, code] of bad)
        await expect(cache.store({ entry: wrong })).rejects.toMatchObject({ code });
    });
  });

  test('are there after a restart', async () => {
    const { url, drop } = await store.create();
    const kept = entry();
    const first = await openCache({ storeUrl: url, clock, logger });
    await expect.poll(async () => isKept(first.cache, url)).toBe(true);
    await first.cache.store({ entry: kept });
    await first.close();
    const second = await openCache({ storeUrl: url, clock, logger });
    const ask = () => second.cache.lookUp({ scope: kept.scope, key: kept.key });
    await expect.poll(async () => bytesOf((await ask()).entry)).toEqual(bytesOf(kept));
    expect((await ask()).tier).toBe(CacheTier.MEMORY);
    await second.close();
    await drop();
  });
});

/** Whether another opening of the same store would find what this one keeps. */
async function isKept(cache: ResponseCache, url: string): Promise<boolean> {
  if (!url.startsWith('redis')) return true;
  const probe = entry();
  await cache.store({ entry: probe });
  const other = await openCache({ storeUrl: url, clock, logger });
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      if ((await other.cache.lookUp({ scope: probe.scope, key: probe.key })).entry !== undefined) return true;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return false;
  } finally {
    await other.close();
  }
}

function bytesOf(found: CacheEntry | undefined): string {
  return found === undefined ? '' : Buffer.from(CacheEntry.encode(found).finish()).toString('hex');
}

function overTier(exact: Partial<Tier>) {
  const nothing: Tier = {
    get: async () => undefined,
    set: async () => {},
    delete: async () => {},
    close: async () => {},
  };
  const memory = new MemoryTier(1024 * 1024, clock);
  return new ResponseCacheService({ memory, exact: { ...nothing, ...exact }, clock, logger });
}

test('an entry that lies under the name of another is given to nobody', async () => {
  const planted = entry({ scope: { tenant: 'acme', owner: 'user:attacker' } });
  const cache = overTier({ get: async () => planted });
  const asked = { scope: { tenant: 'acme', owner: 'user:victim' }, key: planted.key };
  expect((await cache.lookUp(asked)).entry).toBeUndefined();
  expect((await cache.lookUp({ scope: planted.scope, key: planted.key })).entry).toEqual(planted);
});

test('a store that hangs or fails costs tens of milliseconds and is a miss; what it would not forget is told', async () => {
  const never = () => new Promise<never>(() => {});
  const hanging = overTier({ get: never, set: never });
  const kept = entry();
  const startedAtMs = performance.now();
  expect((await hanging.lookUp({ scope: kept.scope, key: kept.key })).entry).toBeUndefined();
  await hanging.store({ entry: kept });
  expect(performance.now() - startedAtMs).toBeLessThan(400);
  expect((await hanging.lookUp({ scope: kept.scope, key: kept.key })).tier).toBe(CacheTier.MEMORY);
  const failing = overTier({ delete: () => Promise.reject(new Error('gone')) });
  await expect(failing.evict({ scope: kept.scope, key: kept.key })).rejects.toMatchObject({
    code: 'unavailable',
  });
});

test('an entry that is evicted while it is looked up is not given again', async () => {
  const kept = entry();
  let answer: (found: CacheEntry | undefined) => void = () => {};
  let stored: CacheEntry | undefined = kept;
  const cache = overTier({
    get: () => {
      const found = stored;
      return new Promise((resolve) => {
        answer = () => resolve(found);
      });
    },
    delete: async () => {
      stored = undefined;
    },
  });
  const asked = { scope: kept.scope, key: kept.key };
  const early = cache.lookUp(asked);
  await cache.evict(asked);
  answer(kept);
  await early;
  const late = cache.lookUp(asked);
  answer(undefined);
  expect((await late).entry).toBeUndefined();
});

test('what another replica evicted or replaced is not given from memory for longer than half a minute', async () => {
  let stored: CacheEntry | undefined = entry();
  const { scope, key } = stored;
  const cache = overTier({ get: async () => stored });
  expect((await cache.lookUp({ scope, key })).tier).toBe(CacheTier.EXACT);
  stored = undefined;
  expect((await cache.lookUp({ scope, key })).tier).toBe(CacheTier.MEMORY);
  nowMs += 30_000;
  expect((await cache.lookUp({ scope, key })).entry).toBeUndefined();
});

test('what is kept in memory is a copy, of the bytes of the entry alone', () => {
  const memory = new MemoryTier(100_000, clock);
  const call = Buffer.alloc(50_000, 'x');
  const kept = entry({ events: call.subarray(100, 200) });
  memory.set('a', kept);
  call.fill('y');
  const found = memory.get('a');
  expect(Buffer.from(found?.events ?? []).toString()).toBe('x'.repeat(100));
  expect(found?.events.buffer.byteLength).toBe(100);
});

test('memory is bounded in bytes, and what was used last stays', () => {
  const memory = new MemoryTier(100_000, clock);
  const large = entry({ events: Buffer.alloc(10_000) });
  for (let index = 0; index < 9; index += 1) memory.set(String(index), large);
  memory.get('0');
  for (let index = 9; index < 14; index += 1) memory.set(String(index), large);
  expect(memory.bytes).toBeLessThanOrEqual(100_000);
  expect(memory.get('0')?.events).toHaveLength(10_000);
  expect(memory.get('1')).toBeUndefined();
  memory.set('huge', entry({ events: Buffer.alloc(200_000) }));
  expect(memory.get('huge')).toBeUndefined();
  expect(memory.get('0')?.events).toHaveLength(10_000);
});

test.each(databases)(
  'a database on $name is bounded in bytes, and forgets what is over its time',
  async ({ create }) => {
    const fresh = await create();
    const tier = await openDatabaseTier({
      databaseUrl: fresh.url,
      bytesMax: 50_000,
      clock,
      onError: () => {},
    });
    for (let index = 0; index < 20; index += 1) {
      nowMs += 1;
      await tier.set(String(index), entry({ events: Buffer.alloc(4_000) }));
    }
    await tier.sweep();
    expect(await tier.get('0')).toBeUndefined();
    expect(await tier.get('19')).toBeDefined();
    nowMs += MINUTE_MS;
    await tier.sweep();
    expect(await tier.get('19')).toBeUndefined();
    await tier.close();
    await fresh.drop();
  },
);

test.each(databases)(
  'a database on $name stays within its bound however much is stored in a minute',
  async ({ create }) => {
    const fresh = await create();
    const bytesMax = 400_000;
    const failures: unknown[] = [];
    const tier = await openDatabaseTier({
      databaseUrl: fresh.url,
      bytesMax,
      clock,
      onError: (error) => failures.push(error),
    });
    for (let index = 0; index < 1_500; index += 1) {
      nowMs += 1;
      await tier.set(`entry ${index}`, entry({ events: Buffer.alloc(3_000) }));
    }
    const bytes = async () => {
      let sum = 0;
      for (let index = 0; index < 1_500; index += 1) {
        if ((await tier.get(`entry ${index}`)) !== undefined) sum += 4_000;
      }
      return sum;
    };
    await expect.poll(bytes).toBeLessThanOrEqual(bytesMax * 1.1);
    expect(await bytes()).toBeGreaterThan(bytesMax / 2);
    expect(failures).toEqual([]);
    await tier.close();
    await fresh.drop();
  },
);
