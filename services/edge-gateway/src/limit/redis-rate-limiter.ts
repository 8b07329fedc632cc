// Rates that several edges count together, with one round trip a request. Time is Redis's own, so that the edges' clocks do not matter.
//
// When Redis is slow or gone each edge counts for itself in memory, from nothing, until it is back: then n edges admit up to n
// times as much. Places that Redis may hold for nobody, since it did not answer when they were taken or given back, are given back a
// second after it answers again; those of an edge that died are free after PLACE_LIFE_MS.

import { randomBytes } from 'node:crypto';
import type { Redis } from '@ai-switch/redis';
import { RedisAway } from '@ai-switch/redis';
import type { RateBound, RateKind, RateLease, RateLimiter, RateVerdict } from './rate-limiter.ts';
import { ADMIT, END, KEEP } from './redis-scripts.ts';

const PLACE_LIFE_MS = 120_000;
const KEEP_MS = 30_000;
const GIVE_BACK_MS = 1_000;
/** Places that are to be given back once Redis answers; the others have their end. */
const LEFT_MAX = 10_000;
/** Places of one scope that one command keeps. */
const KEPT_AT_ONCE = 500;
const KINDS: readonly RateKind[] = ['requestsPerMinute', 'tokensPerMinute', 'concurrentRequests'];

export interface RedisRateLimiterOptions {
  readonly redis: Redis;
  /** Counts while Redis is away. */
  readonly fallback: RateLimiter;
  /** Redis's own time unless told otherwise. */
  readonly nowMs?: () => number;
}

interface Place {
  readonly name: string;
  /** Of each scope the hash, then of each the set. */
  readonly keys: readonly string[];
  readonly pieces: readonly number[];
  readonly asked: number;
}

export class RedisRateLimiter implements RateLimiter {
  readonly #options: RedisRateLimiterOptions;
  readonly #id = randomBytes(6).toString('base64url');
  readonly #timers: readonly NodeJS.Timeout[];
  /** Keys of the places that Redis may hold for nobody, by name. */
  readonly #left = new Map<string, readonly string[]>();
  /** Names of the places that are taken, by set. */
  readonly #taken = new Map<string, Set<string>>();
  #places = 0;

  constructor(options: RedisRateLimiterOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => this.#keep(), KEEP_MS).unref(),
      setInterval(() => this.#giveBack(), GIVE_BACK_MS).unref(),
    ];
  }

  admit(bounds: readonly RateBound[], tokens: number): RateVerdict | Promise<RateVerdict> {
    const { redis, fallback } = this.#options;
    return redis.isUp ? this.#ask(bounds, tokens) : fallback.admit(bounds, tokens);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #ask(bounds: readonly RateBound[], tokens: number): Promise<RateVerdict> {
    this.#places += 1;
    const name = `${this.#id}${this.#places}`;
    const scopes = [...new Set(bounds.map(({ key }) => key))];
    const keys = [...scopes.map((scope) => `rate ${scope}`), ...scopes.map((scope) => `under way ${scope}`)];
    const limits = bounds.flatMap(({ key, requestsPerMinute, tokensPerMinute, concurrentRequests }) => [
      scopes.indexOf(key) + 1,
      requestsPerMinute,
      tokensPerMinute,
      concurrentRequests,
    ]);
    let answer: readonly unknown[];
    try {
      const values = [this.#now(), name, PLACE_LIFE_MS, tokens, scopes.length, ...limits];
      answer = (await this.#options.redis.run(ADMIT, keys, values)) as readonly unknown[];
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      this.#leave(name, keys);
      return this.#options.fallback.admit(bounds, tokens);
    }
    const [first, bound, kind, waitMs] = answer.map(Number);
    if (first !== -1)
      return { lease: this.#lease({ name, keys, pieces: answer.map(Number), asked: tokens }) };
    const refusal = {
      bound: bounds[(bound ?? 1) - 1] ?? NO_BOUND,
      kind: KINDS[(kind ?? 1) - 1] ?? 'requestsPerMinute',
      retryAfterMs: waitMs === undefined || waitMs < 0 ? undefined : waitMs,
    };
    return { refusal };
  }

  #lease(place: Place): RateLease {
    const sets = place.keys.slice(place.pieces.length);
    for (const set of sets) this.#taken.set(set, (this.#taken.get(set) ?? new Set()).add(place.name));
    let isOver = false;
    return {
      end: (used) => {
        if (isOver) return;
        isOver = true;
        for (const set of sets) this.#forget(set, place.name);
        const values = [this.#now(), place.name, used - place.asked, ...place.pieces];
        // Tokens are told once: what cannot be told counts as it was asked for.
        this.#options.redis.run(END, place.keys, values).catch(() => this.#leave(place.name, place.keys));
      },
    };
  }

  #forget(set: string, name: string): void {
    const names = this.#taken.get(set);
    names?.delete(name);
    if (names?.size === 0) this.#taken.delete(set);
  }

  #keep(): void {
    for (const [set, names] of this.#taken) {
      const all = [...names];
      for (let from = 0; from < all.length; from += KEPT_AT_ONCE) {
        const values = [this.#now(), PLACE_LIFE_MS, ...all.slice(from, from + KEPT_AT_ONCE)];
        this.#options.redis.run(KEEP, [set], values).catch(() => {});
      }
    }
  }

  #leave(name: string, keys: readonly string[]): void {
    if (this.#left.size < LEFT_MAX) this.#left.set(name, keys);
  }

  #giveBack(): void {
    if (!this.#options.redis.isUp) return;
    for (const [name, keys] of this.#left) {
      this.#left.delete(name);
      const values = [this.#now(), name, 0, ...keys.slice(keys.length / 2).map(() => 0)];
      this.#options.redis.run(END, keys, values).catch(() => this.#leave(name, keys));
    }
  }

  #now(): number | '' {
    return this.#options.nowMs?.() ?? '';
  }
}

const NO_BOUND: RateBound = { key: '', requestsPerMinute: 0, tokensPerMinute: 0, concurrentRequests: 0 };
