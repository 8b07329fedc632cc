import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@ai-switch/kernel';
import { openRedis, type Redis } from '@ai-switch/redis';
import { createLogger } from '@ai-switch/telemetry';
import { type RedisServer, startRedis } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { MemoryRateLimiter } from '../../src/limit/memory-rate-limiter.ts';
import type { RateLease, RateVerdict } from '../../src/limit/rate-limiter.ts';
import { RedisRateLimiter } from '../../src/limit/redis-rate-limiter.ts';
import { bound, rateLimiterSpec } from './rate-limiter-spec.ts';

const logger = createLogger({ service: 'edge-gateway', level: 'silent' });

let server: RedisServer;
let redis: Redis;
const opened: { close(): void }[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = openRedis({ url: server.url, logger });
  opened.push(redis);
  await vi.waitFor(() => expect(redis.isUp).toBe(true));
}, 120_000);

afterAll(async () => {
  for (const each of opened) each.close();
  await server.stop();
});

/** One edge's limiter, with scopes that no other test has. */
function edge(nowMs?: () => number, through: Redis = redis): RedisRateLimiter {
  const limiter = new RedisRateLimiter({
    redis: through,
    fallback: new MemoryRateLimiter(systemClock),
    ...(nowMs !== undefined && { nowMs }),
  });
  opened.push(limiter);
  return limiter;
}

let scopes = 0;
const fresh = () => `test ${++scopes}`;
const leaseOf = (verdict: RateVerdict): RateLease =>
  'lease' in verdict ? verdict.lease : expect.unreachable('it was refused');
const isAdmitted = (verdict: RateVerdict) => 'lease' in verdict;

describe('rates on Redis', () => {
  rateLimiterSpec(({ nowMs }) => {
    const limiter = edge(nowMs);
    const prefix = fresh();
    return {
      admit: (bounds, tokens) =>
        limiter.admit(
          bounds.map((each) => ({ ...each, key: `${prefix} ${each.key}` })),
          tokens,
        ),
      close: () => {},
    };
  });

  test('several edges together admit as much as one', async () => {
    const edges = [edge(), edge(), edge()];
    const limit = [bound({ requestsPerMinute: 100 }, fresh())];
    const asked = Array.from({ length: 300 }, (_, index) => edges[index % 3]?.admit(limit, 1));
    const verdicts = await Promise.all(asked);
    expect(verdicts.filter((verdict) => verdict !== undefined && isAdmitted(verdict))).toHaveLength(100);
  });

  test('what one edge gives back another can use', async () => {
    const [one, other] = [edge(), edge()];
    const limit = [bound({ concurrentRequests: 1 }, fresh())];
    const lease = leaseOf(await one.admit(limit, 0));
    expect(isAdmitted(await other.admit(limit, 0))).toBe(false);
    lease.end(0);
    await expect.poll(async () => isAdmitted(await other.admit(limit, 0))).toBe(true);
  });

  test('the places of an edge that died are free after two minutes', async () => {
    let nowMs = 1_790_000_000_000;
    const [dead, other] = [edge(() => nowMs), edge(() => nowMs)];
    const limit = [bound({ concurrentRequests: 1 }, fresh())];
    await dead.admit(limit, 0);
    nowMs += 119_000;
    expect(isAdmitted(await other.admit(limit, 0))).toBe(false);
    nowMs += 2_000;
    expect(isAdmitted(await other.admit(limit, 0))).toBe(true);
  });

  test('without Redis an edge counts for itself at once, and together again when it is back', async () => {
    const own = await startRedis();
    const through = openRedis({ url: own.url, logger });
    opened.push(through);
    try {
      await expect.poll(() => through.isUp).toBe(true);
      const [one, other] = [edge(undefined, through), edge(undefined, through)];
      const limit = [bound({ requestsPerMinute: 2 }, fresh())];
      expect(isAdmitted(await one.admit(limit, 0))).toBe(true);
      await own.kill();
      for (const limiter of [one, other]) {
        const startedAtMs = performance.now();
        expect(isAdmitted(await limiter.admit(limit, 0))).toBe(true);
        expect(isAdmitted(await limiter.admit(limit, 0))).toBe(true);
        expect(isAdmitted(await limiter.admit(limit, 0))).toBe(false);
        expect(performance.now() - startedAtMs).toBeLessThan(500);
      }
      await own.restart();
      await expect.poll(() => through.isUp, { timeout: 10_000 }).toBe(true);
      const next = [bound({ requestsPerMinute: 2 }, fresh())];
      expect(isAdmitted(await one.admit(next, 0))).toBe(true);
      expect(isAdmitted(await other.admit(next, 0))).toBe(true);
      expect(isAdmitted(await one.admit(next, 0))).toBe(false);
    } finally {
      await own.stop();
    }
  }, 60_000);

  test('places that were taken and given back while Redis hung are free soon after it answers again', async () => {
    const own = await startRedis();
    const through = openRedis({ url: own.url, logger });
    opened.push(through);
    try {
      await expect.poll(() => through.isUp).toBe(true);
      const [one, other] = [edge(undefined, through), edge(undefined, through)];
      const taken = [bound({ concurrentRequests: 1 }, fresh())];
      const given = [bound({ concurrentRequests: 1 }, fresh())];
      const lease = leaseOf(await one.admit(given, 0));
      process.kill(own.pid, 'SIGSTOP');
      lease.end(0);
      leaseOf(await one.admit(taken, 0)).end(0);
      process.kill(own.pid, 'SIGCONT');
      await expect.poll(() => through.isUp, { timeout: 10_000 }).toBe(true);
      for (const limit of [taken, given]) {
        await expect
          .poll(async () => isAdmitted(await other.admit(limit, 0)), { timeout: 5_000, interval: 200 })
          .toBe(true);
      }
    } finally {
      process.kill(own.pid, 'SIGCONT');
      await own.stop();
    }
  }, 60_000);

  test('a Redis that hangs holds a request up for tens of milliseconds, and the next ones not at all', async () => {
    const own = await startRedis();
    const through = openRedis({ url: own.url, logger });
    opened.push(through);
    try {
      await expect.poll(() => through.isUp).toBe(true);
      const limiter = edge(undefined, through);
      const limit = [bound({ requestsPerMinute: 1_000 }, fresh())];
      process.kill(own.pid, 'SIGSTOP');
      const waits: number[] = [];
      for (let index = 0; index < 20; index += 1) {
        const startedAtMs = performance.now();
        expect(isAdmitted(await limiter.admit(limit, 0))).toBe(true);
        waits.push(performance.now() - startedAtMs);
      }
      expect(Math.max(...waits)).toBeLessThan(400);
      expect(waits.slice(5).filter((waitMs) => waitMs > 20)).toEqual([]);
      process.kill(own.pid, 'SIGCONT');
      await sleep(1_100);
      await expect.poll(() => through.isUp, { timeout: 10_000 }).toBe(true);
    } finally {
      process.kill(own.pid, 'SIGCONT');
      await own.stop();
    }
  }, 60_000);
});
