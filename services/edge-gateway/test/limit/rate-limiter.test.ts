import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryRateLimiter } from '../../src/limit/memory-rate-limiter.ts';
import { SlidingMinute } from '../../src/limit/sliding-minute.ts';
import { bound, rateLimiterSpec } from './rate-limiter-spec.ts';

describe('rates in memory', () => {
  rateLimiterSpec((given) => new MemoryRateLimiter(given));

  test('within no 60 seconds is more admitted than the bound, and who waits as told is admitted', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(20_000), tokens: fc.integer({ min: 1, max: 60 }) }), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(steps, fc.nat(4_999), (asked, offsetMs) => {
        let nowMs = 1_790_000_000_000 + offsetMs;
        const limiter = new MemoryRateLimiter({ nowMs: () => nowMs });
        const limit = [bound({ requestsPerMinute: 5, tokensPerMinute: 100 })];
        const admitted: { atMs: number; tokens: number }[] = [];
        for (const { waitMs, tokens } of asked) {
          nowMs += waitMs;
          let verdict = limiter.admit(limit, tokens);
          if ('refusal' in verdict) {
            const waitMsTold = verdict.refusal.retryAfterMs ?? expect.unreachable();
            expect(waitMsTold).toBeGreaterThan(0);
            expect(waitMsTold).toBeLessThanOrEqual(65_000);
            nowMs += waitMsTold - 1;
            const early = limiter.admit(limit, tokens);
            // Another bound may have been in the way first.
            if ('lease' in early) expect.unreachable('it was told to wait too long');
            nowMs += 1;
            verdict = limiter.admit(limit, tokens);
            while ('refusal' in verdict) {
              nowMs += verdict.refusal.retryAfterMs ?? 1;
              verdict = limiter.admit(limit, tokens);
            }
          }
          admitted.push({ atMs: nowMs, tokens });
        }
        for (const { atMs } of admitted) {
          const within = admitted.filter((each) => each.atMs >= atMs && each.atMs < atMs + 60_000);
          expect(within.length).toBeLessThanOrEqual(5);
          expect(within.reduce((sum, each) => sum + each.tokens, 0)).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('scopes that counted nothing for a minute are forgotten, those under way never', () => {
    let nowMs = 0;
    const limiter = new MemoryRateLimiter({ nowMs: () => nowMs });
    const kept = limiter.admit([bound({ concurrentRequests: 1 }, 'kept')], 0);
    for (let round = 0; round < 20; round += 1) {
      nowMs += 70_000;
      for (let scope = 0; scope < 1_000; scope += 1) {
        const verdict = limiter.admit([bound({ requestsPerMinute: 1 }, `${round}/${scope}`)], 1);
        if ('lease' in verdict) verdict.lease.end(1);
      }
    }
    expect(limiter.size).toBeLessThan(2_100);
    expect('refusal' in limiter.admit([bound({ concurrentRequests: 1 }, 'kept')], 0)).toBe(true);
    if ('lease' in kept) kept.lease.end(0);
    expect('lease' in limiter.admit([bound({ concurrentRequests: 1 }, 'kept')], 0)).toBe(true);
  });

  test('too many active scopes are refused and not let through, until they are idle', () => {
    let nowMs = 0;
    const limiter = new MemoryRateLimiter({ nowMs: () => nowMs });
    for (let scope = 0; scope < 100_000; scope += 1) {
      const verdict = limiter.admit([bound({ requestsPerMinute: 1 }, String(scope))], 1);
      if ('lease' in verdict) verdict.lease.end(1);
    }
    expect(() => limiter.admit([bound({ requestsPerMinute: 1 }, 'new')], 1)).toThrow(/Too many rates/);
    expect('refusal' in limiter.admit([bound({ requestsPerMinute: 1 }, '7')], 1)).toBe(true);
    nowMs += 70_000;
    // The oldest is idle, and is not forgotten while it is being asked about together with a new one.
    const both = [bound({ requestsPerMinute: 1 }, '0'), bound({ requestsPerMinute: 1 }, 'new')];
    expect('lease' in limiter.admit(both, 1)).toBe(true);
    expect('refusal' in limiter.admit(both.slice(0, 1), 1)).toBe(true);
    expect(limiter.size).toBeLessThan(100_000);
  });
});

test('the minute of a count is what a list of all counts says, a piece of five seconds later at most', () => {
  const events = fc.array(fc.record({ waitMs: fc.nat(30_000), count: fc.nat(10) }), { maxLength: 60 });
  fc.assert(
    fc.property(events, (all) => {
      const minute = new SlidingMinute();
      let nowMs = 1_790_000_000_000;
      const list: { atMs: number; count: number }[] = [];
      const since = (ms: number) =>
        list.filter(({ atMs }) => atMs > nowMs - ms).reduce((sum, { count }) => sum + count, 0);
      for (const { waitMs, count } of all) {
        nowMs += waitMs;
        minute.add(count, nowMs);
        list.push({ atMs: nowMs, count });
        expect(minute.total(nowMs)).toBeGreaterThanOrEqual(since(60_000));
        expect(minute.total(nowMs)).toBeLessThanOrEqual(since(65_000));
      }
    }),
  );
});
