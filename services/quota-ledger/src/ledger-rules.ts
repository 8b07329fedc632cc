// What an operation does to a reservation and its bucket, decided without I/O from what is stored. Three things hold
// after every decision: the balance is the fold of the entries; nothing in it is negative; `used - overrun + held` is
// within the limit, unless the limit was lowered under what was already admitted.
//
// A refusal is a value. Where several apply, the first in the order of the code is told.

import type { TokenCounts } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';

export type State = 'HELD' | 'REJECTED' | 'SETTLED' | 'VOIDED' | 'EXPIRED' | 'RECONCILED' | 'ORPHAN_SETTLED';

/** Why an entry was written; also its place in the life of a reservation. */
export type EntryOperation = 'reserve' | 'settle' | 'void' | 'expire' | 'reconcile' | 'orphan';

export type CountedType = keyof TokenCounts;

/** In the order in which a shortage is told. */
export const COUNTED_TYPES = ['input', 'output', 'cacheRead', 'cacheWrite'] as const satisfies CountedType[];

/** The limit of each type; null is unlimited. */
export type StoredLimits = Readonly<Record<CountedType, bigint | null>>;

export interface StoredReservation {
  readonly tenant: string;
  readonly reservationId: string;
  readonly userId: string;
  readonly bucket: string;
  /** The period that reserve found. Usage posts to it even when the month ends meanwhile. */
  readonly period: string;
  readonly state: State;
  readonly amounts: Readonly<TokenCounts>;
  readonly charged: Readonly<TokenCounts>;
  readonly createdAtMs: bigint;
  readonly expiresAtMs: bigint;
  readonly resolvedAtMs: bigint | null;
  readonly outcome: string;
  /** A digest of the owner token; empty for an orphan, which nobody may void. */
  readonly ownerDigest: string;
  readonly blocked: { readonly type: CountedType; readonly remaining: bigint } | null;
}

export interface StoredBalance {
  readonly tenant: string;
  readonly bucket: string;
  readonly period: string;
  readonly limits: StoredLimits;
  readonly used: Readonly<TokenCounts>;
  readonly held: Readonly<TokenCounts>;
  readonly overrun: Readonly<TokenCounts>;
}

/** What one operation adds to one balance. */
export interface Entry {
  readonly operation: EntryOperation;
  readonly held: Readonly<TokenCounts>;
  readonly used: Readonly<TokenCounts>;
  readonly overrun: Readonly<TokenCounts>;
}

interface Addressed {
  readonly tenant: string;
  readonly reservationId: string;
}
export interface Reserve extends Addressed {
  readonly kind: 'reserve';
  readonly userId: string;
  readonly amounts: Readonly<TokenCounts>;
  readonly ttlMs: bigint;
  readonly ownerDigest: string;
}
export interface Settle extends Addressed {
  readonly kind: 'settle';
  readonly userId: string;
  readonly actual: Readonly<TokenCounts>;
  readonly outcome: string;
}
export interface Void extends Addressed {
  readonly kind: 'void';
  readonly ownerDigest: string;
}
/** The sweeper's: ends a hold whose deadline passed. */
export interface Expire extends Addressed {
  readonly kind: 'expire';
}
export type Operation = Reserve | Settle | Void | Expire;

/** What is on record when an operation is decided. */
export interface OnRecord {
  readonly reservation: StoredReservation | undefined;
  /** The reservation's own bucket and period, or the user's in the current period; a void of nothing has none. */
  readonly balance: StoredBalance | undefined;
}

export type Decision =
  /** Nothing changes. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  | { readonly kind: 'stored'; readonly reservation: StoredReservation }
  /** The reservation is to be stored, and the entry, if there is one, with the balance that follows from it. */
  | {
      readonly kind: 'changed';
      readonly reservation: StoredReservation;
      readonly posted: { readonly entry: Entry; readonly balance: StoredBalance } | undefined;
    };

/** Counts never pass this; it is what the databases' integers hold. */
const COUNT_MAX = 2n ** 63n - 1n;
/** Nothing is admitted past this, so that what is spent beyond a hold still has room to be counted. */
const ADMITTED_MAX = 2n ** 62n;

export const NO_TOKENS: Readonly<TokenCounts> = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n };

export function decide(operation: Operation, record: OnRecord, nowMs: bigint): Decision {
  switch (operation.kind) {
    case 'reserve':
      return reserve(operation, record, nowMs);
    case 'settle':
      return settle(operation, record, nowMs);
    case 'void':
      return release(operation, record, nowMs);
    case 'expire':
      return expire(record, nowMs);
  }
}

/** The bucket of a user. */
export function personalBucket(userId: string): string {
  return `personal:${userId}`;
}

function reserve(operation: Reserve, { reservation: known, balance }: OnRecord, nowMs: bigint): Decision {
  if (known !== undefined) {
    if (isSameReserve(operation, known)) return { kind: 'stored', reservation: known };
    return conflict(known, 'This reservation id was used before with other parameters. Make a new id.');
  }
  const { bucket, period } = present(balance);
  const made: StoredReservation = {
    tenant: operation.tenant,
    reservationId: operation.reservationId,
    userId: operation.userId,
    bucket,
    period,
    state: 'HELD',
    amounts: operation.amounts,
    charged: NO_TOKENS,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + operation.ttlMs,
    resolvedAtMs: null,
    outcome: '',
    ownerDigest: operation.ownerDigest,
    blocked: null,
  };
  const blocked = findShortage(operation.amounts, present(balance));
  if (blocked !== null) {
    const rejected: StoredReservation = { ...made, state: 'REJECTED', resolvedAtMs: nowMs, blocked };
    return { kind: 'changed', reservation: rejected, posted: undefined };
  }
  return post(made, present(balance), {
    operation: 'reserve',
    held: operation.amounts,
    used: NO_TOKENS,
    overrun: NO_TOKENS,
  });
}

function isSameReserve(operation: Reserve, known: StoredReservation): boolean {
  // A rejected reservation held nothing, but keeps what was asked for.
  return (
    known.userId === operation.userId &&
    known.ownerDigest === operation.ownerDigest &&
    known.expiresAtMs - known.createdAtMs === operation.ttlMs &&
    areEqual(known.amounts, operation.amounts)
  );
}

function findShortage(amounts: TokenCounts, balance: StoredBalance): StoredReservation['blocked'] {
  for (const type of COUNTED_TYPES) {
    const limit = balance.limits[type] ?? ADMITTED_MAX;
    const remaining = limit - balance.used[type] + balance.overrun[type] - balance.held[type];
    if (amounts[type] > 0n && amounts[type] > remaining) {
      return { type, remaining: remaining > 0n ? remaining : 0n };
    }
  }
  return null;
}

function settle(operation: Settle, { reservation: known, balance }: OnRecord, nowMs: bigint): Decision {
  if (known === undefined) return settleOrphan(operation, present(balance), nowMs);
  if (known.userId !== operation.userId) {
    return conflict(known, 'This reservation belongs to another user.');
  }
  const settled = {
    ...known,
    charged: operation.actual,
    outcome: operation.outcome,
    resolvedAtMs: nowMs,
  };
  switch (known.state) {
    case 'HELD': {
      const entry = charge('settle', present(balance), known.amounts, operation.actual);
      return post({ ...settled, state: 'SETTLED' }, present(balance), entry);
    }
    case 'EXPIRED': {
      // The hold is gone and an estimate is charged: only the difference is posted.
      const difference = subtract(operation.actual, known.charged);
      const entry = charge('reconcile', present(balance), NO_TOKENS, difference);
      return post({ ...settled, state: 'RECONCILED' }, present(balance), entry);
    }
    case 'SETTLED':
    case 'RECONCILED':
    case 'ORPHAN_SETTLED':
      if (areEqual(known.charged, operation.actual) && known.outcome === operation.outcome) {
        return { kind: 'stored', reservation: known };
      }
      return conflict(known, 'This reservation is already settled with other numbers. The first ones stand.');
    case 'VOIDED':
      return conflict(known, 'This reservation was voided because nothing was dispatched for it.');
    case 'REJECTED':
      return conflict(known, 'This reservation was refused, so nothing may be dispatched for it.');
  }
}

function settleOrphan(operation: Settle, balance: StoredBalance, nowMs: bigint): Decision {
  const orphan: StoredReservation = {
    tenant: operation.tenant,
    reservationId: operation.reservationId,
    userId: operation.userId,
    bucket: balance.bucket,
    period: balance.period,
    state: 'ORPHAN_SETTLED',
    amounts: NO_TOKENS,
    charged: operation.actual,
    createdAtMs: nowMs,
    expiresAtMs: nowMs,
    resolvedAtMs: nowMs,
    outcome: operation.outcome,
    ownerDigest: '',
    blocked: null,
  };
  return post(orphan, balance, charge('orphan', balance, NO_TOKENS, operation.actual));
}

function release(operation: Void, { reservation: known, balance }: OnRecord, nowMs: bigint): Decision {
  if (known === undefined) {
    return refuse(new Fault('notFound', 'There is no reservation with this id.'));
  }
  if (known.ownerDigest !== operation.ownerDigest) {
    return refuse(new Fault('forbidden', 'Only the owner of a reservation may void it.'));
  }
  if (known.state === 'VOIDED') return { kind: 'stored', reservation: known };
  if (known.state !== 'HELD') {
    return conflict(known, 'Only a reservation that still holds its amounts can be voided.');
  }
  const voided: StoredReservation = { ...known, state: 'VOIDED', resolvedAtMs: nowMs };
  return post(voided, present(balance), charge('void', present(balance), known.amounts, NO_TOKENS));
}

function expire({ reservation: known, balance }: OnRecord, nowMs: bigint): Decision {
  if (known === undefined) {
    return refuse(new Fault('notFound', 'There is no reservation with this id.'));
  }
  const isDue = known.state === 'HELD' && known.expiresAtMs <= nowMs;
  if (!isDue) return { kind: 'stored', reservation: known };
  // Whether anything was dispatched is unknown: the prompt, as estimated at reserve, is what most likely was burnt.
  const charged = { ...NO_TOKENS, input: known.amounts.input };
  const expired: StoredReservation = { ...known, state: 'EXPIRED', charged, resolvedAtMs: nowMs };
  return post(expired, present(balance), charge('expire', present(balance), known.amounts, charged));
}

/**
 * Releases a hold and posts what was used: out of the hold first, which guarantees its amount whatever happened to the
 * limit; then out of free room; what is left is overrun, because the tokens are spent.
 */
function charge(
  operation: EntryOperation,
  balance: StoredBalance,
  hold: Readonly<TokenCounts>,
  actual: Readonly<TokenCounts>,
): Entry {
  const overrunOf = (type: CountedType) => {
    const beyondHold = actual[type] - hold[type];
    const limit = balance.limits[type];
    if (beyondHold <= 0n || limit === null) return 0n;
    const room = limit - balance.used[type] + balance.overrun[type] - balance.held[type];
    if (room <= 0n) return beyondHold;
    return beyondHold > room ? beyondHold - room : 0n;
  };
  return {
    operation,
    held: subtract(NO_TOKENS, hold),
    used: actual,
    overrun: {
      input: overrunOf('input'),
      output: overrunOf('output'),
      cacheRead: overrunOf('cacheRead'),
      cacheWrite: overrunOf('cacheWrite'),
    },
  };
}

function post(reservation: StoredReservation, before: StoredBalance, entry: Entry): Decision {
  const used = add(before.used, entry.used);
  if (COUNTED_TYPES.some((type) => used[type] > COUNT_MAX)) {
    return refuse(
      new Fault('invalid', 'The count of this bucket would pass 2^63.', { details: { field: 'actual' } }),
    );
  }
  const balance: StoredBalance = {
    ...before,
    used,
    held: add(before.held, entry.held),
    overrun: add(before.overrun, entry.overrun),
  };
  return { kind: 'changed', reservation, posted: { entry, balance } };
}

function refuse(fault: Fault): Decision {
  return { kind: 'refused', fault };
}

function conflict({ reservationId, state }: StoredReservation, message: string): Decision {
  return refuse(new Fault('conflict', message, { details: { reservationId, state } }));
}

/** The caller reads the balance of every operation that may need one. */
function present(balance: StoredBalance | undefined): StoredBalance {
  if (balance === undefined) throw new Error('an operation was decided without its balance');
  return balance;
}

function areEqual(a: TokenCounts, b: TokenCounts): boolean {
  return (
    a.input === b.input &&
    a.output === b.output &&
    a.cacheRead === b.cacheRead &&
    a.cacheWrite === b.cacheWrite
  );
}

function add(a: TokenCounts, b: TokenCounts): TokenCounts {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}

function subtract(a: TokenCounts, b: TokenCounts): TokenCounts {
  return {
    input: a.input - b.input,
    output: a.output - b.output,
    cacheRead: a.cacheRead - b.cacheRead,
    cacheWrite: a.cacheWrite - b.cacheWrite,
  };
}
