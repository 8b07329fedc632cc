import { createLogger } from '@ai-switch/telemetry';
import { type RedisServer, startRedis } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRedis, type Redis, RedisAway, script } from '../src/index.ts';

const logger = createLogger({ service: 'edge-gateway', level: 'silent' });
const APPEND = script(`return redis.call('APPEND', KEYS[1], ARGV[1])`);

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
}, 120_000);
afterAll(() => server.stop());

async function connected(url: string): Promise<Redis> {
  const redis = openRedis({ url, logger });
  await expect.poll(() => redis.isUp).toBe(true);
  return redis;
}

describe('Redis', () => {
  test('runs scripts in the order in which they were given, also when it has forgotten them', async () => {
    const redis = await connected(server.url);
    const digits = '0123456789'.split('');
    await Promise.all(digits.map((digit) => redis.run(APPEND, ['order'], [digit])));
    expect((await redis.get('order'))?.toString()).toBe('0123456789');
    const flush = script(`return redis.call('SCRIPT', 'FLUSH')`);
    await redis.run(flush, [], []).catch(() => {});
    await redis.run(APPEND, ['order'], ['x']);
    expect((await redis.get('order'))?.toString()).toBe('0123456789x');
    redis.close();
  });

  test('keeps what is set until its time, or until it is deleted', async () => {
    const redis = await connected(server.url);
    await redis.set('a', Buffer.from('1'), 60_000);
    await redis.set('b', Buffer.from('2'), 30);
    await expect.poll(async () => await redis.get('b')).toBeUndefined();
    expect((await redis.get('a'))?.toString()).toBe('1');
    await redis.delete(['a']);
    expect(await redis.get('a')).toBeUndefined();
    redis.close();
  });

  test('that is not there is told at once, and nothing waits for it', async () => {
    const redis = openRedis({ url: 'redis://127.0.0.1:1', logger });
    const startedAtMs = performance.now();
    for (let index = 0; index < 100; index += 1) {
      await expect(redis.run(APPEND, ['k'], ['v'])).rejects.toBeInstanceOf(RedisAway);
    }
    expect(performance.now() - startedAtMs).toBeLessThan(500);
    redis.close();
  });

  test('that comes back is used again, and no command is sent twice', async () => {
    const own = await startRedis();
    const redis = await connected(own.url);
    await redis.run(APPEND, ['log'], ['a']);
    await own.kill();
    await expect(redis.run(APPEND, ['log'], ['lost'])).rejects.toBeInstanceOf(RedisAway);
    await own.restart();
    await expect.poll(() => redis.isUp, { timeout: 10_000 }).toBe(true);
    await redis.run(APPEND, ['log'], ['b']);
    expect((await redis.get('log'))?.toString()).toMatch(/^a?b$/);
    redis.close();
    await own.stop();
  }, 60_000);

  test('with an address that is none is one clear line', () => {
    expect(() => openRedis({ url: 'localhost:6379', logger })).toThrow(/must start with redis:\/\//);
  });
});
