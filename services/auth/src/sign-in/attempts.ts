// Guesses at passwords. An attempt counts as a failure from its beginning, so that many at once are as few as one after
// another, and is forgiven when it was right.
//
// Three counts hold back: of an account from one address, of an address over all accounts, and of an account from all addresses
// that it was never signed in to from. The first makes who guesses wait and leaves everybody else alone; the last makes
// guessing from many addresses slow, without shutting out who comes from where he always does. Nothing is locked for good.

import { type Clock, normalAddress } from '@ai-switch/kernel';

export interface Attempt {
  /** Names the account, whether it is there or not. */
  readonly account: string;
  readonly address: string;
  /** The account was signed in to from this address before. */
  readonly isKnownAddress: boolean;
}

/** In memory here; where several processes count together, elsewhere. One that cannot be asked lets nobody in. */
export interface AttemptCounter {
  /** @returns how long to wait, in ms; 0 for an attempt that may be made and has been counted */
  begin(attempt: Attempt): number | Promise<number>;
  /** The attempt was right. */
  forgive(attempt: Attempt): void | Promise<void>;
}

/** One that a shared counter can look at first. */
export interface OwnAttemptCounter extends AttemptCounter {
  /** @returns what `begin` would, and counts nothing */
  waitMs(attempt: Attempt): number;
}

export const FREE_FAILURES = 5;
export const FREE_FAILURES_FROM_ANYWHERE = 50;
export const WAIT_MS = 1_000;
export const WAIT_MS_MAX = 900_000;
/** Without a failure for a day the account begins anew: long after the longest wait, which would else be followed by free ones. */
export const MEMORY_MS = 86_400_000;
export const ADDRESS_FAILURES_MAX = 20;
export const ADDRESS_WINDOW_MS = 300_000;
/** Of each kind; the oldest is forgotten first. */
const COUNTS_MAX = 100_000;

interface Count {
  failures: number;
  lastAtMs: number;
  waitUntilMs: number;
}

export function attemptsInMemory(clock: Clock): OwnAttemptCounter {
  const byAccountAndAddress = new Map<string, Count>();
  const byAccount = new Map<string, Count>();
  const byAddress = new Map<string, Count>();

  function countsOf(attempt: Attempt, nowMs: number): Count[] {
    const { here, anywhere, from } = keysOf(attempt);
    return [
      countOf(byAccountAndAddress, here, nowMs, MEMORY_MS),
      countOf(byAddress, from, nowMs, ADDRESS_WINDOW_MS),
      ...(anywhere === undefined ? [] : [countOf(byAccount, anywhere, nowMs, MEMORY_MS)]),
    ];
  }

  return {
    waitMs(attempt) {
      const nowMs = clock.nowMs();
      return longestWaitMs(countsOf(attempt, nowMs), nowMs);
    },

    begin(attempt) {
      const nowMs = clock.nowMs();
      const counts = countsOf(attempt, nowMs);
      const waitMs = longestWaitMs(counts, nowMs);
      if (waitMs > 0) return waitMs;
      const [own, address, all] = counts;
      if (own !== undefined) fail(own, nowMs, FREE_FAILURES);
      if (all !== undefined) fail(all, nowMs, FREE_FAILURES_FROM_ANYWHERE);
      if (address !== undefined) failInWindow(address, nowMs);
      return 0;
    },

    forgive(attempt) {
      const { here, anywhere, from } = keysOf(attempt);
      byAccountAndAddress.delete(here);
      for (const [counts, key] of [
        [byAddress, from],
        [byAccount, anywhere],
      ] as const) {
        const count = key === undefined ? undefined : counts.get(key);
        if (count === undefined) continue;
        count.failures = Math.max(0, count.failures - 1);
        count.waitUntilMs = 0;
      }
    },
  };
}

/** What the three counts of an attempt go by; `anywhere` is undefined where it is not counted. */
export function keysOf({ account, address, isKnownAddress }: Attempt) {
  const from = addressGroup(address);
  return { here: `${account}\n${from}`, anywhere: isKnownAddress ? undefined : account, from };
}

/** A customer of a provider has a whole /64 of IPv6. */
export function addressGroup(address: string): string {
  const normal = normalAddress(address) ?? 'unknown';
  if (!normal.includes(':')) return normal;
  const [head = '', tail] = normal.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const whole = [...groups, ...Array.from({ length: missing }, () => '0'), ...(tail?.split(':') ?? [])];
  return `${whole.slice(0, 4).join(':')}::/64`;
}

function longestWaitMs(counts: readonly Count[], nowMs: number): number {
  return Math.max(...counts.map(({ waitUntilMs }) => waitUntilMs - nowMs), 0);
}

function fail(count: Count, nowMs: number, free: number): void {
  count.failures += 1;
  count.lastAtMs = nowMs;
  if (count.failures < free) return;
  count.waitUntilMs = nowMs + Math.min(WAIT_MS * 2 ** (count.failures - free), WAIT_MS_MAX);
}

function failInWindow(count: Count, nowMs: number): void {
  if (count.failures === 0) count.lastAtMs = nowMs;
  count.failures += 1;
  if (count.failures >= ADDRESS_FAILURES_MAX) count.waitUntilMs = count.lastAtMs + ADDRESS_WINDOW_MS;
}

/** The count of a key, which is fresh when the last one is too old. */
function countOf(counts: Map<string, Count>, key: string, nowMs: number, memoryMs: number): Count {
  const known = counts.get(key);
  if (known !== undefined && nowMs - known.lastAtMs < memoryMs) return known;
  counts.delete(key);
  if (counts.size >= COUNTS_MAX) {
    for (const oldest of counts.keys()) {
      counts.delete(oldest);
      break;
    }
  }
  const fresh = { failures: 0, lastAtMs: nowMs, waitUntilMs: 0 };
  counts.set(key, fresh);
  return fresh;
}
