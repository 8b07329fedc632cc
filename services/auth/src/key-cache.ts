// Key records in memory, in front of the store. A record is at most MEMORY_MS old: that is how long a key that another
// process revoked stays usable here, and how long a user whom another process moved still counts in his old departments.
// What this process revokes or moves is forgotten at once, even by look-ups that are under way. When the store is down,
// remembered keys work until their time is over and all others are refused as unavailable.

import { type Clock, Fault } from '@ai-switch/kernel';
import type { KeyRecord, KeyUse } from './callers.ts';

/** How long a record is believed. With the memory of an edge in front of it, a revocation is seen within five seconds. */
const MEMORY_MS = 2_000;
/** How long it is believed that a key does not exist. */
const MISS_MEMORY_MS = 1_000;
const RECORDS_MAX = 50_000;
/** Bounded apart from the records, so that guesses cannot push keys in use out of memory. */
const MISSES_MAX = 10_000;
/** Look-ups under way at once; one more is refused as overloaded. */
const LOOKUPS_MAX = 1_000;

interface Remembered {
  readonly record: KeyRecord | undefined;
  readonly sinceMs: number;
}

export interface KeyCacheOptions {
  readonly find: (use: KeyUse) => Promise<KeyRecord | undefined>;
  readonly clock: Clock;
}

export class KeyCache {
  readonly #find: KeyCacheOptions['find'];
  readonly #clock: Clock;
  readonly #records = new Map<string, Remembered>();
  readonly #misses = new Map<string, Remembered>();
  readonly #lookups = new Map<string, Promise<KeyRecord | undefined>>();

  constructor({ find, clock }: KeyCacheOptions) {
    this.#find = find;
    this.#clock = clock;
  }

  /** What is remembered of the key, without waiting: undefined when it has to be looked up. */
  recall(use: KeyUse): Remembered | undefined {
    const name = nameOf(use);
    const hit = this.#records.get(name);
    if (hit !== undefined && this.#isFresh(hit, MEMORY_MS)) return hit;
    const miss = this.#misses.get(name);
    return miss !== undefined && this.#isFresh(miss, MISS_MEMORY_MS) ? miss : undefined;
  }

  /** Looks the key up; callers that ask for the same key meanwhile share one look-up. */
  lookUp(use: KeyUse): Promise<KeyRecord | undefined> {
    const name = nameOf(use);
    const underWay = this.#lookups.get(name);
    if (underWay !== undefined) return underWay;
    if (this.#lookups.size >= LOOKUPS_MAX) {
      return Promise.reject(
        new Fault('overloaded', 'Too many keys are being looked up. Please try again in a moment.', {
          retryAfterMs: 1_000,
        }),
      );
    }
    const lookup: Promise<KeyRecord | undefined> = this.#findAndRemember(
      use,
      name,
      () => this.#lookups.get(name) === lookup,
    ).finally(() => {
      if (this.#lookups.get(name) === lookup) this.#lookups.delete(name);
    });
    this.#lookups.set(name, lookup);
    return lookup;
  }

  /** Something has changed that callers are made of: neither memory nor a look-up under way speaks for any key. */
  forgetAll(): void {
    this.#records.clear();
    this.#misses.clear();
    this.#lookups.clear();
  }

  async #findAndRemember(
    use: KeyUse,
    name: string,
    isCurrent: () => boolean,
  ): Promise<KeyRecord | undefined> {
    const sinceMs = this.#clock.nowMs();
    const record = await this.#find(use);
    if (!isCurrent()) return record;
    if (record === undefined) remember(this.#misses, MISSES_MAX, name, { record, sinceMs });
    else {
      this.#misses.delete(name);
      remember(this.#records, RECORDS_MAX, name, { record, sinceMs });
    }
    return record;
  }

  /** An age below zero means that the clock was turned back: such a record is not believed either. */
  #isFresh({ sinceMs }: Remembered, memoryMs: number): boolean {
    const ageMs = this.#clock.nowMs() - sinceMs;
    return ageMs >= 0 && ageMs < memoryMs;
  }
}

/** Neither has a blank in it. */
function nameOf({ keyId, projectId }: KeyUse): string {
  return projectId === '' ? keyId : `${keyId} ${projectId}`;
}

/** Puts the newest last; the oldest makes room. */
function remember<Value>(memory: Map<string, Value>, sizeMax: number, key: string, value: Value): void {
  memory.delete(key);
  if (memory.size >= sizeMax) {
    for (const oldest of memory.keys()) {
      memory.delete(oldest);
      break;
    }
  }
  memory.set(key, value);
}
