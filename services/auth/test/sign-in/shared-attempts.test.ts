import { systemClock } from '@ai-switch/kernel';
import { openRedis, type Redis } from '@ai-switch/redis';
import { createLogger } from '@ai-switch/telemetry';
import { type RedisServer, startRedis } from '@ai-switch/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { attemptsInMemory, type OwnAttemptCounter } from '../../src/sign-in/attempts.ts';
import { attemptsOnRedis } from '../../src/sign-in/shared-attempts.ts';

const logger = createLogger({ service: 'auth', level: 'silent' });
const COUNTS_NOTHING: OwnAttemptCounter = { waitMs: () => 0, begin: () => 0, forgive: () => {} };
const START_MS = 1_790_000_000_000;

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

describe('attempts over Redis', () => {
  test('two replicas together let through just what one alone would have', async () => {
    const attempt = fc.record({
      afterMs: fc.oneof(fc.nat(2_000), fc.nat(400_000), fc.constant(90_000_000)),
      account: fc.constantFrom('alice', 'bob'),
      address: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1'),
      isKnownAddress: fc.boolean(),
      isRight: fc.boolean(),
      times: fc.integer({ min: 1, max: 12 }),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 25 }), async (attempts) => {
        run += 1;
        let nowMs = START_MS;
        const clock = { nowMs: () => nowMs };
        const alone = attemptsInMemory(clock);
        const replicas = [0, 1].map(() =>
          attemptsOnRedis({ redis, own: COUNTS_NOTHING, nowMs: clock.nowMs }),
        );
        let counted = 0;
        for (const { afterMs, account, times, isRight, address, ...rest } of attempts) {
          nowMs += afterMs;
          // Addresses of this run alone: the prefix leaves the groups of addresses as they are.
          const own = { ...rest, account: `${run} ${account}`, address: addressOf(run, address) };
          for (let time = 0; time < times; time += 1) {
            counted += 1;
            const replica = replicas[counted % 2] ?? expect.unreachable();
            const waitMs = await alone.begin(own);
            expect(await replica.begin(own)).toBe(waitMs);
            if (waitMs > 0 || !isRight) continue;
            await alone.forgive(own);
            await replica.forgive(own);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('who comes again while another replica makes him wait waits no longer for it', async () => {
    let nowMs = START_MS;
    const clock = { nowMs: () => nowMs };
    const replicas = [0, 1].map(() =>
      attemptsOnRedis({ redis, own: attemptsInMemory(clock), nowMs: clock.nowMs }),
    );
    const attempt = { account: 'impatient', address: '192.0.2.201', isKnownAddress: false };
    for (let time = 0; time < 5; time += 1) expect(await replicas[0]?.begin(attempt)).toBe(0);
    for (let time = 0; time < 10; time += 1) expect(await replicas[1]?.begin(attempt)).toBe(1_000);
    nowMs += 1_000;
    expect(await replicas[1]?.begin(attempt)).toBe(0);
  });

  test('two hundred guesses at once at two replicas are five', async () => {
    const replicas = [0, 1].map(() => attemptsOnRedis({ redis, own: attemptsInMemory(systemClock) }));
    const guess = { account: 'crowd', address: '192.0.2.200', isKnownAddress: false };
    const waits = await Promise.all(
      Array.from({ length: 200 }, (_, index) => replicas[index % 2]?.begin(guess)),
    );
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(5);
  });

  test('when Redis is gone a replica waits for what it saw itself, and opens nothing', async () => {
    const own = await startRedis();
    const through = openRedis({ url: own.url, logger });
    try {
      await vi.waitFor(() => expect(through.isUp).toBe(true));
      const clock = { nowMs: () => START_MS };
      const attempts = attemptsOnRedis({ redis: through, own: attemptsInMemory(clock), nowMs: clock.nowMs });
      const guess = { account: 'carol', address: '192.0.2.9', isKnownAddress: false };
      for (let time = 0; time < 4; time += 1) expect(await attempts.begin(guess)).toBe(0);
      await own.kill();
      expect(await attempts.begin(guess)).toBe(0);
      expect(await attempts.begin(guess)).toBe(1_000);
      const crowd = { ...guess, account: 'dave', address: '192.0.2.10' };
      const waits = await Promise.all(Array.from({ length: 200 }, () => attempts.begin(crowd)));
      expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(5);
    } finally {
      through.close();
      await own.stop();
    }
  }, 60_000);
});

function addressOf(run: number, address: string): string {
  if (address.includes(':')) return address.replace('db8', `db8:${run.toString(16)}`);
  return address.replace('192.0', `${10 + (run % 100)}.${run >> 7}`);
}
