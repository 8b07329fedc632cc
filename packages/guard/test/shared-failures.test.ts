import { Fault, systemClock } from '@ai-switch/kernel';
import { openRedis, type Redis } from '@ai-switch/redis';
import { createLogger } from '@ai-switch/telemetry';
import { type RedisServer, startRedis } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WrongKeys } from '../src/index.ts';

const logger = createLogger({ service: 'edge-gateway', level: 'silent' });
const wrong = () => Promise.reject(new Fault('unauthenticated', 'This key is not valid.'));

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = openRedis({ url: server.url, logger });
  await vi.waitFor(() => expect(redis.isUp).toBe(true));
}, 120_000);

afterAll(async () => {
  redis.close();
  await server.stop();
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'good',
    (error) => (error instanceof Fault ? error.code : 'internal'),
  );
}

describe('wrong keys over Redis', () => {
  test('who guessed too often at one edge is refused at every one, and elsewhere nobody is', async () => {
    const edges = [new WrongKeys(systemClock, redis), new WrongKeys(systemClock, redis)];
    const codes: string[] = [];
    for (let guess = 0; guess < 40; guess += 1) {
      const judged = edges[guess % 2]?.judge('192.0.2.1', `wrong ${guess}`, wrong);
      codes.push(await codeOf(judged ?? expect.unreachable()));
    }
    expect(codes.filter((code) => code === 'unauthenticated')).toHaveLength(30);
    expect(codes.slice(30)).toEqual(Array(10).fill('rateLimited'));
    const good = () => Promise.resolve('caller');
    expect(await codeOf(new WrongKeys(systemClock, redis).judge('192.0.2.1', 'other', good))).toBe(
      'rateLimited',
    );
    expect(await codeOf(new WrongKeys(systemClock, redis).judge('192.0.2.2', 'other', good))).toBe('good');
  });

  test('good keys from one address are never refused, however many come at once', async () => {
    const edges = [new WrongKeys(systemClock, redis), new WrongKeys(systemClock, redis)];
    const good = () => Promise.resolve('caller');
    const judged = Array.from({ length: 400 }, (_, index) =>
      codeOf(edges[index % 2]?.judge('192.0.2.3', `key ${index}`, good) ?? expect.unreachable()),
    );
    expect(new Set(await Promise.all(judged))).toEqual(new Set(['good']));
  });

  test('many guesses at once at several edges are as many as one has for each', async () => {
    const edges = [new WrongKeys(systemClock, redis), new WrongKeys(systemClock, redis)];
    const judged = Array.from({ length: 400 }, (_, index) =>
      codeOf(edges[index % 2]?.judge('192.0.2.4', `key ${index}`, wrong) ?? expect.unreachable()),
    );
    const codes = await Promise.all(judged);
    expect(codes.filter((code) => code === 'unauthenticated').length).toBeLessThanOrEqual(60);
    expect(await codeOf(edges[0]?.judge('192.0.2.4', 'one more', wrong) ?? expect.unreachable())).toBe(
      'rateLimited',
    );
  });

  test('without Redis each edge still counts for itself', async () => {
    const own = await startRedis();
    const through = openRedis({ url: own.url, logger });
    try {
      await vi.waitFor(() => expect(through.isUp).toBe(true));
      const edge = new WrongKeys(systemClock, through);
      const codes: string[] = [];
      for (let guess = 0; guess < 40; guess += 1) {
        if (guess === 10) await own.kill();
        codes.push(await codeOf(edge.judge('192.0.2.5', `wrong ${guess}`, wrong)));
      }
      expect(codes.filter((code) => code === 'unauthenticated')).toHaveLength(30);
      expect(codes.at(-1)).toBe('rateLimited');
    } finally {
      through.close();
      await own.stop();
    }
  }, 60_000);
});
