// Guesses at API keys, counted by address: after FAILURES_MAX within WINDOW_MS every wrong key from there gets the same refusal,
// and a key that was not good here before is not even asked about. Keys in use go on: an office behind one address is not
// locked out by one of its own, and nothing is locked for good.
//
// Each process counts for itself and in memory; a restart forgets. Over Redis what was found wrong elsewhere counts besides: n
// processes judge up to n times FAILURES_MAX guesses that come all at once, and after that none of them any. Guesses that are under way count as failures until they
// are known to be none, so that a thousand at once are no more than FAILURES_MAX. A key in use is known by the digest of all of it:
// another secret of the same key is a guess like any other, also in the time that its refusal takes.

import { hash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { type Clock, Fault } from '@ai-switch/kernel';
import type { Redis } from '@ai-switch/redis';
import { failuresOnRedis, type SharedFailures } from './shared-failures.ts';

const FAILURES_MAX = 30;
const WINDOW_MS = 60_000;
/** Addresses that are remembered; one more forgets the one that came first. */
const SOURCES_MAX = 50_000;
/** Requests of one address that wait for others of it to be judged. */
const WAITING_MAX = 1_000;
/** A key that was good goes on being believed to exist this long. */
const GOOD_MS = 600_000;
const GOOD_MAX = 50_000;
/** How much of GOOD_MS may pass before it is noted anew. */
const GOOD_RENEW_MS = 60_000;

interface Source {
  /** When the last ones were, oldest first; at most FAILURES_MAX. */
  readonly failedAtMs: number[];
  underWay: number;
  readonly waiting: (() => void)[];
}

export class WrongKeys {
  readonly #clock: Clock;
  readonly #shared: SharedFailures | undefined;
  readonly #sources = new Map<string, Source>();
  /** Digests of keys that were good, and when. */
  readonly #good = new Map<string, number>();

  /** @param redis where other processes count, too */
  constructor(clock: Clock, redis?: Redis) {
    this.#clock = clock;
    if (redis !== undefined) {
      this.#shared = failuresOnRedis({ redis, failuresMax: FAILURES_MAX, windowMs: WINDOW_MS });
    }
  }

  /**
   * Asks whether a key is good, unless its address has guessed too often.
   * @throws Fault `rateLimited`; whatever `ask` throws
   */
  async judge<Answer>(address: string, key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const name = sourceOf(address);
    const digest = hash('sha256', key, 'base64url');
    const isKnown = this.#isGood(digest);
    if (!isKnown) await this.#admit(name);
    try {
      const answer = await ask();
      this.#noteGood(digest);
      if (!isKnown) this.#end(name, false);
      return answer;
    } catch (error) {
      const isWrong = error instanceof Fault && error.code === 'unauthenticated';
      if (!isKnown) this.#end(name, isWrong);
      else if (isWrong) {
        this.#good.delete(digest);
        this.#failKnown(name);
      }
      throw error;
    }
  }

  /** Waits while as many guesses are under way as the address has left. */
  async #admit(name: string): Promise<void> {
    for (;;) {
      const source = this.#source(name);
      const left = FAILURES_MAX - this.#failures(source);
      if (left <= 0) throw tooMany(this.#waitMs(source));
      if (source.underWay < left) {
        source.underWay += 1;
        return await this.#admitElsewhere(name);
      }
      if (source.waiting.length >= WAITING_MAX) throw tooMany(this.#waitMs(source));
      await new Promise<void>((resolve) => source.waiting.push(resolve));
    }
  }

  /** @throws Fault `rateLimited` for a source that guessed too often at other processes */
  async #admitElsewhere(name: string): Promise<void> {
    const waitMs = await this.#shared?.waitMs(name);
    if (waitMs === undefined || waitMs === 0) return;
    this.#end(name, false);
    throw tooMany(waitMs);
  }

  #end(name: string, isWrong: boolean): void {
    const source = this.#source(name);
    source.underWay -= 1;
    if (isWrong) this.#noteFailure(name, source);
    const isShut = this.#failures(source) >= FAILURES_MAX;
    for (const wake of source.waiting.splice(0, isShut ? source.waiting.length : 1)) wake();
    if (source.underWay === 0 && source.failedAtMs.length === 0 && source.waiting.length === 0) {
      this.#sources.delete(name);
    }
  }

  /** A key that was revoked since it was good is told from no other wrong key. */
  #failKnown(name: string): void {
    const source = this.#source(name);
    if (this.#failures(source) >= FAILURES_MAX) throw tooMany(this.#waitMs(source));
    this.#noteFailure(name, source);
  }

  #source(name: string): Source {
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const source: Source = { failedAtMs: [], underWay: 0, waiting: [] };
    this.#sources.set(name, source);
    if (this.#sources.size > SOURCES_MAX) this.#forgetOldest();
    return source;
  }

  /** Not one that somebody waits at. */
  #forgetOldest(): void {
    for (const [name, { underWay, waiting }] of this.#sources) {
      if (underWay > 0 || waiting.length > 0) continue;
      this.#sources.delete(name);
      return;
    }
  }

  /** How many there were within the window. */
  #failures({ failedAtMs }: Source): number {
    const since = this.#clock.nowMs() - WINDOW_MS;
    while ((failedAtMs[0] ?? Number.POSITIVE_INFINITY) <= since) failedAtMs.shift();
    return failedAtMs.length;
  }

  #waitMs({ failedAtMs: [oldestMs] }: Source): number {
    return oldestMs === undefined ? 0 : oldestMs + WINDOW_MS - this.#clock.nowMs();
  }

  #noteFailure(name: string, source: Source): void {
    this.#shared?.note(name);
    source.failedAtMs.push(this.#clock.nowMs());
    if (source.failedAtMs.length > FAILURES_MAX) source.failedAtMs.shift();
  }

  #isGood(digest: string): boolean {
    const sinceMs = this.#good.get(digest);
    return sinceMs !== undefined && this.#clock.nowMs() - sinceMs < GOOD_MS;
  }

  #noteGood(digest: string): void {
    const nowMs = this.#clock.nowMs();
    const sinceMs = this.#good.get(digest);
    if (sinceMs !== undefined && nowMs - sinceMs < GOOD_RENEW_MS) return;
    this.#good.delete(digest);
    this.#good.set(digest, nowMs);
    const [oldest] = this.#good;
    if (this.#good.size > GOOD_MAX && oldest !== undefined) this.#good.delete(oldest[0]);
  }
}

/** Of IPv6, who has one address has the whole network of 64 bits. */
function sourceOf(address: string): string {
  if (isIPv4(address) || address === '') return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const zeros = 8 - groups.length - (tail ? tail.split(':').length : 0);
  const all = tail === undefined ? groups : [...groups, ...Array(zeros).fill('0'), ...tail.split(':')];
  return all.slice(0, 4).join(':');
}

function tooMany(waitMs: number): Fault {
  return new Fault(
    'rateLimited',
    'Too many invalid API keys came from your address. Please check the key and try again later.',
    { retryAfterMs: Math.max(1_000, waitMs) },
  );
}
