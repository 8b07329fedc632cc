// What every limiter holds to, wherever it counts.

import { expect, test } from 'vitest';
import type { RateBound, RateLease, RateLimiter } from '../../src/limit/rate-limiter.ts';

const NONE = { requestsPerMinute: 0, tokensPerMinute: 0, concurrentRequests: 0 };
export const bound = (limit: Partial<RateBound>, key = 'a'): RateBound => ({ key, ...NONE, ...limit });

/** What every limiter has to hold to. Each line is one thing that happens, in order, and what is answered. */
type Step =
  | {
      readonly at: number;
      readonly ask: readonly RateBound[];
      readonly tokens?: number;
      readonly says: string;
    }
  | { readonly at: number; readonly end: number; readonly used?: number };

const two = [bound({ requestsPerMinute: 2 })];
const hundred = [bound({ tokensPerMinute: 100 })];
const one = [bound({ concurrentRequests: 1 })];

const SPEC: Readonly<Record<string, readonly Step[]>> = {
  'nothing bounds who has no bound': Array.from({ length: 50 }, () => ({
    at: 0,
    ask: [bound({})],
    tokens: 1_000_000,
    says: 'yes',
  })),
  'requests are counted for a minute': [
    { at: 0, ask: two, says: 'yes' },
    { at: 10_000, ask: two, says: 'yes' },
    { at: 20_000, ask: two, says: 'requestsPerMinute 45000' },
    { at: 59_999, ask: two, says: 'requestsPerMinute 5001' },
    { at: 65_000, ask: two, says: 'yes' },
    { at: 65_000, ask: two, says: 'requestsPerMinute 10000' },
    { at: 75_000, ask: two, says: 'yes' },
  ],
  'what is refused is not counted': [
    { at: 0, ask: two, says: 'yes' },
    { at: 0, ask: two, says: 'yes' },
    { at: 1_000, ask: two, says: 'requestsPerMinute 64000' },
    { at: 40_000, ask: two, says: 'requestsPerMinute 25000' },
    { at: 65_000, ask: two, says: 'yes' },
    { at: 65_000, ask: two, says: 'yes' },
  ],
  'tokens are counted when they are asked for, and the rest when it is known': [
    { at: 0, ask: hundred, tokens: 60, says: 'yes' },
    { at: 0, ask: hundred, tokens: 41, says: 'tokensPerMinute 65000' },
    { at: 30_000, end: 0, used: 90 },
    { at: 30_000, ask: hundred, tokens: 11, says: 'tokensPerMinute 35000' },
    { at: 30_000, ask: hundred, tokens: 10, says: 'yes' },
    { at: 65_000, ask: hundred, tokens: 61, says: 'tokensPerMinute 30000' },
    { at: 65_000, ask: hundred, tokens: 60, says: 'yes' },
  ],
  'tokens that were not used are given back': [
    { at: 0, ask: hundred, tokens: 100, says: 'yes' },
    { at: 1_000, end: 0, used: 10 },
    { at: 1_000, ask: hundred, tokens: 91, says: 'tokensPerMinute 64000' },
    { at: 1_000, ask: hundred, tokens: 90, says: 'yes' },
    // Too late to be given back: the minute that they were of is over.
    { at: 70_000, end: 3, used: 0 },
    { at: 70_000, ask: hundred, tokens: 100, says: 'yes' },
    { at: 70_000, ask: hundred, tokens: 1, says: 'tokensPerMinute 65000' },
  ],
  'an answer that used more than there is closes the minute, and no more': [
    { at: 0, ask: hundred, tokens: 10, says: 'yes' },
    { at: 0, end: 0, used: 100_000 },
    { at: 0, ask: hundred, tokens: 0, says: 'tokensPerMinute 65000' },
    { at: 65_000, ask: hundred, tokens: 100, says: 'yes' },
  ],
  'a prompt that no minute has room for never fits': [
    { at: 0, ask: hundred, tokens: 101, says: 'tokensPerMinute never' },
    { at: 0, ask: hundred, tokens: 100, says: 'yes' },
  ],
  'places are given back once': [
    { at: 0, ask: one, says: 'yes' },
    { at: 0, ask: one, says: 'concurrentRequests 1000' },
    { at: 100_000, ask: one, says: 'concurrentRequests 1000' },
    { at: 100_000, end: 0 },
    { at: 100_000, end: 0 },
    { at: 100_000, ask: one, says: 'yes' },
    { at: 100_000, ask: one, says: 'concurrentRequests 1000' },
  ],
  'all bounds hold, and what one refuses no other counts': [
    {
      at: 0,
      ask: [bound({ requestsPerMinute: 1 }, 'user'), bound({ requestsPerMinute: 3 }, 'team')],
      says: 'yes',
    },
    {
      at: 0,
      ask: [bound({ requestsPerMinute: 3 }, 'team'), bound({ requestsPerMinute: 1 }, 'user')],
      says: 'requestsPerMinute 65000',
    },
    { at: 0, ask: [bound({ requestsPerMinute: 3 }, 'team')], says: 'yes' },
    { at: 0, ask: [bound({ requestsPerMinute: 3 }, 'team')], says: 'yes' },
    { at: 0, ask: [bound({ requestsPerMinute: 3 }, 'team')], says: 'requestsPerMinute 65000' },
  ],
  'two bounds of one scope share its count, and a request counts there once': [
    { at: 0, ask: [bound({ requestsPerMinute: 5 }), bound({ requestsPerMinute: 2 })], says: 'yes' },
    { at: 0, ask: [bound({ requestsPerMinute: 5 }), bound({ requestsPerMinute: 2 })], says: 'yes' },
    {
      at: 0,
      ask: [bound({ requestsPerMinute: 5 }), bound({ requestsPerMinute: 2 })],
      says: 'requestsPerMinute 65000',
    },
    { at: 0, ask: [bound({ requestsPerMinute: 3 })], says: 'yes' },
  ],
  'who is refused by two is told the longer wait': [
    { at: 0, ask: [bound({ requestsPerMinute: 1, concurrentRequests: 1 })], says: 'yes' },
    {
      at: 20_000,
      ask: [bound({ concurrentRequests: 1 }), bound({ requestsPerMinute: 1 })],
      says: 'requestsPerMinute 45000',
    },
  ],
  'a clock that is turned back opens nothing': [
    { at: 100_000, ask: two, says: 'yes' },
    { at: 0, ask: two, says: 'yes' },
    { at: 0, ask: two, says: 'requestsPerMinute 165000' },
    { at: 160_000, ask: two, says: 'requestsPerMinute 5000' },
    { at: 165_000, ask: two, says: 'yes' },
  ],
};

export function rateLimiterSpec(make: (clock: { nowMs(): number }) => RateLimiter): void {
  test.each(Object.entries(SPEC))('%s', async (_title, steps) => {
    let nowMs = 0;
    const limiter = make({ nowMs: () => 1_790_000_000_000 + nowMs });
    const leases: (RateLease | undefined)[] = [];
    for (const [index, step] of steps.entries()) {
      nowMs = step.at;
      if ('end' in step) {
        leases[step.end]?.end(step.used ?? 0);
        continue;
      }
      const verdict = await limiter.admit(step.ask, step.tokens ?? 0);
      const said =
        'lease' in verdict ? 'yes' : `${verdict.refusal.kind} ${verdict.refusal.retryAfterMs ?? 'never'}`;
      leases.push('lease' in verdict ? verdict.lease : undefined);
      expect(said, `step ${index}`).toBe(step.says);
    }
  });
}
