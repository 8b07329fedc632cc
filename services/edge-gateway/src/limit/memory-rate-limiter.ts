// Rates in memory, for one edge: several edges count each for itself, so that together they admit as many times as much.
//
// Memory is bounded by the scopes that are active: one that counted nothing for a minute is forgotten when others come. Over
// SCOPES_MAX active ones, a new one is refused and not let through uncounted.

import { type Clock, Fault } from '@ai-switch/kernel';
import type {
  RateBound,
  RateKind,
  RateLease,
  RateLimiter,
  RateRefusal,
  RateVerdict,
} from './rate-limiter.ts';
import { SlidingMinute } from './sliding-minute.ts';

const SCOPES_MAX = 100_000;
/** How many old scopes are looked at for each new one, so that the idle ones go as fast as others come. */
const LOOKED_AT = 2;
const LOOKED_AT_WHEN_FULL = 1_000;
/** Nobody knows when one under way ends. */
const CONCURRENCY_RETRY_MS = 1_000;

class Counts {
  readonly requests = new SlidingMinute();
  readonly tokens = new SlidingMinute();
  underWay = 0;

  isIdle(nowMs: number): boolean {
    return this.underWay === 0 && this.requests.total(nowMs) === 0 && this.tokens.total(nowMs) === 0;
  }
}

export class MemoryRateLimiter implements RateLimiter {
  readonly #clock: Clock;
  readonly #scopes = new Map<string, Counts>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many scopes are in memory. */
  get size(): number {
    return this.#scopes.size;
  }

  /** @throws Fault `overloaded` for a new scope where there are too many */
  admit(bounds: readonly RateBound[], tokens: number): RateVerdict {
    const nowMs = this.#clock.nowMs();
    const sizeBefore = this.#scopes.size;
    let worst: RateRefusal | undefined;
    const counted = new Set<Counts>();
    for (const bound of bounds) {
      const counts = this.#countsOf(bound.key, counted, nowMs);
      counted.add(counts);
      const refusal = refusalOf(bound, counts, tokens, nowMs);
      if (refusal !== undefined && (worst === undefined || isLonger(refusal, worst))) worst = refusal;
    }
    const verdict: RateVerdict =
      worst === undefined ? { lease: this.#lease([...counted], tokens, nowMs) } : { refusal: worst };
    const isNew = this.#scopes.size > sizeBefore;
    if (isNew) this.#forgetIdle(LOOKED_AT * (this.#scopes.size - sizeBefore), counted, nowMs);
    return verdict;
  }

  /** Nothing is open. */
  close(): void {}

  #lease(counted: readonly Counts[], asked: number, nowMs: number): RateLease {
    let piece = 0;
    for (const counts of counted) {
      counts.requests.add(1, nowMs);
      piece = counts.tokens.add(asked, nowMs);
      counts.underWay += 1;
    }
    let isOver = false;
    return {
      end: (used) => {
        if (isOver) return;
        isOver = true;
        const endMs = this.#clock.nowMs();
        for (const counts of counted) {
          counts.underWay -= 1;
          if (used > asked) counts.tokens.add(used - asked, endMs);
          else counts.tokens.takeBack(asked - used, piece, endMs);
        }
      },
    };
  }

  #countsOf(key: string, counted: ReadonlySet<Counts>, nowMs: number): Counts {
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    if (this.#scopes.size >= SCOPES_MAX) this.#forgetIdle(LOOKED_AT_WHEN_FULL, counted, nowMs);
    if (this.#scopes.size >= SCOPES_MAX) {
      throw new Fault('overloaded', 'Too many rates are being counted. Please try again in a moment.', {
        retryAfterMs: 1_000,
      });
    }
    const counts = new Counts();
    this.#scopes.set(key, counts);
    return counts;
  }

  /** @param counted looks idle until its request is booked */
  #forgetIdle(lookedAtMax: number, counted: ReadonlySet<Counts>, nowMs: number): void {
    let looked = 0;
    for (const [key, counts] of this.#scopes) {
      if (looked++ === lookedAtMax) return;
      this.#scopes.delete(key);
      if (counted.has(counts) || !counts.isIdle(nowMs)) this.#scopes.set(key, counts);
    }
  }
}

function refusalOf(bound: RateBound, counts: Counts, tokens: number, nowMs: number): RateRefusal | undefined {
  const { requestsPerMinute, tokensPerMinute, concurrentRequests } = bound;
  const refusal = (kind: RateKind, retryAfterMs: number | undefined) => ({ bound, kind, retryAfterMs });
  if (tokensPerMinute > 0) {
    if (tokens > tokensPerMinute) return refusal('tokensPerMinute', undefined);
    if (counts.tokens.total(nowMs) + tokens > tokensPerMinute)
      return refusal('tokensPerMinute', counts.tokens.waitMs(tokensPerMinute - tokens, nowMs));
  }
  if (requestsPerMinute > 0 && counts.requests.total(nowMs) >= requestsPerMinute)
    return refusal('requestsPerMinute', counts.requests.waitMs(requestsPerMinute - 1, nowMs));
  if (concurrentRequests > 0 && counts.underWay >= concurrentRequests)
    return refusal('concurrentRequests', CONCURRENCY_RETRY_MS);
  return undefined;
}

function isLonger({ retryAfterMs: one }: RateRefusal, { retryAfterMs: other }: RateRefusal): boolean {
  return (one ?? Number.POSITIVE_INFINITY) > (other ?? Number.POSITIVE_INFINITY);
}
