import { Fault } from '@ai-switch/kernel';
import { describe, expect, test } from 'vitest';
import {
  type Decision,
  decide,
  NO_TOKENS,
  type Operation,
  type State,
  type StoredBalance,
  type StoredReservation,
} from '../src/ledger-rules.ts';
import { periodAt, periodEndsAtMs } from '../src/period.ts';
import { counts } from './harness.ts';

const NOW = 1_000_000n;
const KEY = { tenant: 'acme', reservationId: 'r1' };

const RESERVE = {
  kind: 'reserve',
  ...KEY,
  userId: 'ann',
  amounts: counts(10, 5),
  ttlMs: 60_000n,
  ownerDigest: 'own',
} as const;
const SETTLE = { kind: 'settle', ...KEY, userId: 'ann', actual: counts(8, 2), outcome: 'completed' } as const;
const VOID = { kind: 'void', ...KEY, ownerDigest: 'own' } as const;
const EXPIRE = { kind: 'expire', ...KEY } as const;

function balance(changes: Partial<StoredBalance> = {}): StoredBalance {
  return {
    tenant: 'acme',
    bucket: 'personal:ann',
    period: '1970-01',
    limits: { input: null, output: null, cacheRead: null, cacheWrite: null },
    used: NO_TOKENS,
    held: NO_TOKENS,
    overrun: NO_TOKENS,
    ...changes,
  };
}

/** The reservation that RESERVE makes, in a later state; one that was settled was settled by SETTLE. */
function reservation(state: State, changes: Partial<StoredReservation> = {}): StoredReservation {
  const isSettled = state === 'SETTLED' || state === 'RECONCILED' || state === 'ORPHAN_SETTLED';
  const isExpired = state === 'EXPIRED';
  return {
    ...KEY,
    userId: 'ann',
    bucket: 'personal:ann',
    period: '1970-01',
    state,
    amounts: counts(10, 5),
    charged: isSettled ? SETTLE.actual : isExpired ? counts(10) : NO_TOKENS,
    createdAtMs: NOW - 60_000n,
    expiresAtMs: NOW,
    resolvedAtMs: state === 'HELD' ? null : NOW,
    outcome: isSettled ? 'completed' : '',
    ownerDigest: 'own',
    blocked: null,
    ...changes,
  };
}

/** A decision in a word: the fault's code, `stored`, or the new state. */
function wordOf(decision: Decision): string {
  if (decision.kind === 'refused') return decision.fault.code;
  return decision.kind === 'stored' ? 'stored' : decision.reservation.state;
}

const STATES = ['HELD', 'REJECTED', 'SETTLED', 'VOIDED', 'EXPIRED', 'RECONCILED', 'ORPHAN_SETTLED'] as const;

describe('every operation on every state', () => {
  const table: readonly [Operation, string, readonly string[]][] = [
    //                                          absent            HELD        REJECTED    SETTLED     VOIDED      EXPIRED       RECONCILED  ORPHAN_SETTLED
    [
      RESERVE,
      'the same reserve',
      ['HELD', 'stored', 'stored', 'stored', 'stored', 'stored', 'stored', 'stored'],
    ],
    [
      { ...RESERVE, ttlMs: 1_000n },
      'another reserve',
      ['HELD', 'conflict', 'conflict', 'conflict', 'conflict', 'conflict', 'conflict', 'conflict'],
    ],
    [
      SETTLE,
      'the same settle',
      ['ORPHAN_SETTLED', 'SETTLED', 'conflict', 'stored', 'conflict', 'RECONCILED', 'stored', 'stored'],
    ],
    [
      { ...SETTLE, outcome: 'cut' },
      'another settle',
      ['ORPHAN_SETTLED', 'SETTLED', 'conflict', 'conflict', 'conflict', 'RECONCILED', 'conflict', 'conflict'],
    ],
    [
      { ...SETTLE, userId: 'bob' },
      'the settle of another user',
      ['ORPHAN_SETTLED', 'conflict', 'conflict', 'conflict', 'conflict', 'conflict', 'conflict', 'conflict'],
    ],
    [
      VOID,
      'the void of the owner',
      ['notFound', 'VOIDED', 'conflict', 'conflict', 'stored', 'conflict', 'conflict', 'conflict'],
    ],
    [
      { ...VOID, ownerDigest: '?' },
      'the void of another',
      ['notFound', 'forbidden', 'forbidden', 'forbidden', 'forbidden', 'forbidden', 'forbidden', 'forbidden'],
    ],
    [
      EXPIRE,
      'the sweep',
      ['notFound', 'EXPIRED', 'stored', 'stored', 'stored', 'stored', 'stored', 'stored'],
    ],
  ];
  const cases = table.flatMap(([operation, title, words]) =>
    [undefined, ...STATES].map((state, index) => ({ operation, title, state, word: words[index] ?? '' })),
  );

  test.each(cases)('$title on $state: $word', ({ operation, state, word }) => {
    const known = state === undefined ? undefined : reservation(state);
    const held = state === 'HELD' ? counts(10, 5) : NO_TOKENS;
    expect(wordOf(decide(operation, { reservation: known, balance: balance({ held }) }, NOW))).toBe(word);
  });
});

test('a hold is swept at its deadline and not before', () => {
  const record = { reservation: reservation('HELD'), balance: balance({ held: counts(10, 5) }) };
  expect(wordOf(decide(EXPIRE, record, NOW - 1n))).toBe('stored');
  expect(wordOf(decide(EXPIRE, record, NOW))).toBe('EXPIRED');
});

describe('room', () => {
  const limits = { input: 100n, output: null, cacheRead: null, cacheWrite: null };
  const admit = [
    { title: 'exactly the rest', used: 50, held: 40, overrun: 0, word: 'HELD' },
    { title: 'one token more than the rest', used: 50, held: 41, overrun: 0, word: 'REJECTED' },
    { title: 'the rest, where overrun is not counted again', used: 100, held: 40, overrun: 50, word: 'HELD' },
    { title: 'a bucket over its lowered limit', used: 200, held: 0, overrun: 0, word: 'REJECTED' },
  ];
  test.each(admit)('$title: $word', ({ used, held, overrun, word }) => {
    const before = balance({ limits, used: counts(used), held: counts(held), overrun: counts(overrun) });
    expect(wordOf(decide(RESERVE, { reservation: undefined, balance: before }, NOW))).toBe(word);
  });

  const charges = [
    { title: 'less than the hold', actual: 3, limit: 100n, used: 0, held: 10, overrun: 0n },
    { title: 'the hold', actual: 10, limit: 10n, used: 0, held: 10, overrun: 0n },
    { title: 'the hold and free room', actual: 30, limit: 100n, used: 70, held: 10, overrun: 0n },
    { title: 'one token past free room', actual: 31, limit: 100n, used: 70, held: 10, overrun: 1n },
    {
      title: 'more than the hold, with others holding the rest',
      actual: 15,
      limit: 100n,
      used: 60,
      held: 40,
      overrun: 5n,
    },
    { title: 'the hold under a lowered limit', actual: 10, limit: 0n, used: 50, held: 10, overrun: 0n },
    {
      title: 'more than the hold under a lowered limit',
      actual: 12,
      limit: 0n,
      used: 50,
      held: 10,
      overrun: 2n,
    },
    {
      title: 'more than the hold without a limit',
      actual: 999,
      limit: null,
      used: 50,
      held: 10,
      overrun: 0n,
    },
  ];
  test.each(charges)('settling $title overruns by $overrun', ({ actual, limit, used, held, overrun }) => {
    const before = balance({ limits: { ...limits, input: limit }, used: counts(used), held: counts(held) });
    const known = reservation('HELD', { amounts: counts(10) });
    const decision = decide(
      { ...SETTLE, actual: counts(actual) },
      { reservation: known, balance: before },
      NOW,
    );
    expect(decision).toMatchObject({
      posted: {
        entry: { held: counts(-10), used: counts(actual), overrun: { ...NO_TOKENS, input: overrun } },
        balance: { held: counts(held - 10), used: counts(used + actual) },
      },
    });
  });
});

test('nothing is admitted and nothing charged past what the database can count', () => {
  const full = balance({ used: { ...NO_TOKENS, input: 2n ** 62n } });
  expect(wordOf(decide(RESERVE, { reservation: undefined, balance: full }, NOW))).toBe('REJECTED');
  const fuller = balance({ used: { ...NO_TOKENS, input: 2n ** 63n - 5n } });
  expect(wordOf(decide(SETTLE, { reservation: undefined, balance: fuller }, NOW))).toBe('invalid');
});

test('a conflict names the state that forbids', () => {
  const decision = decide(VOID, { reservation: reservation('SETTLED'), balance: balance() }, NOW);
  const fault = decision.kind === 'refused' ? decision.fault : undefined;
  expect(fault).toBeInstanceOf(Fault);
  expect(fault?.details).toEqual({ reservationId: 'r1', state: 'SETTLED' });
});

test.each([
  [Date.UTC(2026, 10, 30, 23, 59, 59, 999), '2026-11', Date.UTC(2026, 11, 1)],
  [Date.UTC(2026, 11, 1), '2026-12', Date.UTC(2027, 0, 1)],
  [Date.UTC(2028, 1, 29), '2028-02', Date.UTC(2028, 2, 1)],
])('the month of %d is %s and ends at %d', (time, period, end) => {
  expect(periodAt(time)).toBe(period);
  expect(periodEndsAtMs(period)).toBe(BigInt(end));
});
