// The rules by themselves: every operation on every state, by whoever may ask. Where several refusals apply, the one that
// stands first in PRECEDENCE is told; every pair of them is made at once.

import { Fault } from '@ai-switch/kernel';
import { describe, expect, test } from 'vitest';
import { decide } from '../src/ledger-rules.ts';
import type { State } from '../src/model.ts';
import type { Operation } from '../src/operation.ts';
import { amountsOf, KEY, NOW, OPERATIONS, recordOf, STATES, wordOf } from './rules.ts';

const { RESERVE, EXTEND, BEAT, SETTLE, VOID, EXPIRE, REVERSE } = OPERATIONS;

describe('every operation on every state', () => {
  // The states stand in the order of STATES, before them that of no reservation at all. `stored` is what was stored before.
  const table: readonly (readonly [string, Operation, string])[] = [
    //                                               absent   HELD     REJECTED SETTLED  VOIDED   EXPIRED  RECONCILED ORPHAN REVERSED
    ['the same reserve', RESERVE, 'HELD stored stored stored stored stored stored conflict stored'],
    [
      'the same reserve, estimated otherwise by its owner',
      { ...RESERVE, amounts: amountsOf(11) },
      'HELD conflict conflict conflict conflict conflict conflict conflict conflict',
    ],
    [
      'the same reserve, kept for another time',
      { ...RESERVE, ttlMs: 1_000n },
      'HELD stored stored stored stored stored stored conflict stored',
    ],
    [
      'the same request reserved by another',
      { ...RESERVE, ownerDigest: '?', amounts: amountsOf(11) },
      'HELD stored stored stored stored stored stored conflict stored',
    ],
    [
      'a reserve of another request',
      { ...RESERVE, fingerprint: '?' },
      'HELD conflict conflict conflict conflict conflict conflict conflict conflict',
    ],
    [
      'a reserve of another user',
      { ...RESERVE, subject: { ...RESERVE.subject, userId: 'bob' } },
      'HELD conflict conflict conflict conflict conflict conflict conflict conflict',
    ],
    ['an extension', EXTEND, 'notFound HELD conflict conflict conflict conflict conflict forbidden conflict'],
    [
      'an extension by another',
      { ...EXTEND, ownerDigest: '?' },
      'notFound forbidden forbidden forbidden forbidden forbidden forbidden forbidden forbidden',
    ],
    [
      'an extension out of order',
      { ...EXTEND, opSeq: 2 },
      'notFound conflict conflict conflict conflict conflict conflict forbidden conflict',
    ],
    ['a heartbeat', BEAT, 'notFound HELD stored stored stored stored stored forbidden stored'],
    [
      'a heartbeat of another',
      { ...BEAT, ownerDigest: '?' },
      'notFound forbidden forbidden forbidden forbidden forbidden forbidden forbidden forbidden',
    ],
    [
      'the same settle',
      SETTLE,
      'ORPHAN_SETTLED SETTLED conflict stored conflict RECONCILED stored stored conflict',
    ],
    [
      'a settle with other numbers',
      { ...SETTLE, actual: amountsOf(9) },
      'ORPHAN_SETTLED SETTLED conflict conflict conflict RECONCILED conflict conflict conflict',
    ],
    [
      'a settle with another outcome',
      { ...SETTLE, outcome: 'cut' },
      'ORPHAN_SETTLED SETTLED conflict conflict conflict RECONCILED conflict conflict conflict',
    ],
    [
      'a settle with other failed attempts',
      { ...SETTLE, platform: amountsOf(1) },
      'ORPHAN_SETTLED SETTLED conflict conflict conflict RECONCILED conflict conflict conflict',
    ],
    [
      'a settle that is an estimate',
      { ...SETTLE, isEstimated: true },
      'ORPHAN_SETTLED SETTLED conflict stored conflict RECONCILED stored stored conflict',
    ],
    [
      'the settle of another user',
      { ...SETTLE, subject: { ...SETTLE.subject, userId: 'bob' } },
      'ORPHAN_SETTLED conflict conflict conflict conflict conflict conflict conflict conflict',
    ],
    ['a void', VOID, 'VOIDED VOIDED conflict conflict stored conflict conflict forbidden conflict'],
    [
      'a void by another',
      { ...VOID, ownerDigest: '?' },
      'VOIDED forbidden forbidden forbidden forbidden forbidden forbidden forbidden forbidden',
    ],
    ['the sweep', EXPIRE, 'notFound EXPIRED stored stored stored stored stored stored stored'],
    ['a reversal', REVERSE, 'notFound conflict conflict REVERSED conflict conflict REVERSED REVERSED stored'],
    [
      'a reversal for another reason',
      { ...REVERSE, reason: '?' },
      'notFound conflict conflict REVERSED conflict conflict REVERSED REVERSED conflict',
    ],
  ];
  const cases = table.flatMap(([title, operation, words]) =>
    [undefined, ...STATES].map((state, index) => ({
      title,
      operation,
      state,
      word: words.split(' ')[index] ?? 'a word is missing',
    })),
  );

  test.each(cases)('$title on $state: $word', ({ operation, state, word }) => {
    expect(wordOf(decide(operation, recordOf(state), NOW))).toBe(word);
  });

  test('what is refused or stored already changes nothing', () => {
    for (const { operation, state, word } of cases) {
      const decision = decide(operation, recordOf(state), NOW);
      expect(decision.kind === 'changed', `${operation.kind} on ${state}`).toBe(
        word !== 'stored' && /^[A-Z]/.test(word),
      );
    }
  });
});

/** What each refusal says, in the order in which the first that applies is told. */
const PRECEDENCE: Readonly<Record<string, readonly Refusal[]>> = {
  reserve: [
    { code: 'conflict', says: /used before with other parameters/, state: 'HELD', fingerprint: '?' },
    { code: 'quotaExhausted', says: /No bucket pays/, isUnfunded: true },
    { code: 'REJECTED', says: /company output/, short: ['company output'] },
    { code: 'REJECTED', says: /company cost/, short: ['company cost'] },
    { code: 'REJECTED', says: /model:m input/, short: ['model:m input'] },
    { code: 'REJECTED', says: /model:m cacheRead/, short: ['model:m cacheRead'] },
    { code: 'REJECTED', says: /personal:ann input/, short: ['personal:ann input'] },
    { code: 'REJECTED', says: /personal:ann output/, short: ['personal:ann output'] },
    { code: 'REJECTED', says: /personal:ann cacheRead/, short: ['personal:ann cacheRead'] },
    { code: 'REJECTED', says: /personal:ann cacheWrite/, short: ['personal:ann cacheWrite'] },
    { code: 'REJECTED', says: /personal:ann cost/, short: ['personal:ann cost'] },
  ],
  extend: [
    { code: 'notFound', says: /no reservation/, state: null },
    { code: 'forbidden', says: /owner/, ownerDigest: '?' },
    { code: 'conflict', says: /decided before/, isDecided: true },
    { code: 'conflict', says: /open hold/, state: 'SETTLED' },
    { code: 'conflict', says: /next extension/, opSeq: 7 },
    { code: 'REJECTED', says: /company output/, short: ['company output'] },
    { code: 'REJECTED', says: /personal:ann input/, short: ['personal:ann input'] },
  ],
  beat: [
    { code: 'notFound', says: /no reservation/, state: null },
    { code: 'forbidden', says: /owner/, ownerDigest: '?' },
  ],
  settle: [
    { code: 'conflict', says: /another user/, userId: 'bob' },
    { code: 'conflict', says: /other numbers/, state: 'SETTLED', actual: 9 },
    { code: 'conflict', says: /taken back/, state: 'REVERSED' },
    { code: 'conflict', says: /nothing was dispatched/, state: 'VOIDED' },
    { code: 'conflict', says: /was refused/, state: 'REJECTED' },
    { code: 'invalid', says: /would pass 2\^63/, isFull: true },
  ],
  void: [
    { code: 'forbidden', says: /owner/, ownerDigest: '?' },
    { code: 'conflict', says: /still holds/, state: 'SETTLED' },
    { code: 'conflict', says: /Something was dispatched/, isDispatched: true },
  ],
  reverse: [
    { code: 'notFound', says: /no reservation/, state: null },
    { code: 'conflict', says: /for another reason/, state: 'REVERSED', reason: '?' },
    { code: 'conflict', says: /that is settled/, state: 'HELD' },
  ],
};

interface Refusal {
  readonly code: string;
  /** The message; of what is short, the bucket and the type. */
  readonly says: RegExp;
  /** The reservation must be in this state; null is none. */
  readonly state?: State | null;
  readonly fingerprint?: string;
  readonly ownerDigest?: string;
  readonly userId?: string;
  readonly opSeq?: number;
  readonly actual?: number;
  readonly reason?: string;
  readonly short?: readonly string[];
  readonly isUnfunded?: boolean;
  readonly isDecided?: boolean;
  readonly isDispatched?: boolean;
  readonly isFull?: boolean;
}

describe('the order of refusals', () => {
  const singles = Object.entries(PRECEDENCE).flatMap(([kind, refusals]) =>
    refusals.map((refusal) => ({ kind, first: refusal, second: refusal })),
  );
  const pairs = Object.entries(PRECEDENCE).flatMap(([kind, refusals]) =>
    refusals.flatMap((first, index) =>
      refusals
        .slice(index + 1)
        .filter((second) => canMeet(first, second))
        .map((second) => ({ kind, first, second })),
    ),
  );

  test.each(singles)('$kind alone: $first.says', ({ kind, first, second }) => {
    expect(toldFor(kind, first, second)).toEqual([first.code, expect.stringMatching(first.says)]);
  });
  test.each(pairs)('$kind: $first.says before $second.says', ({ kind, first, second }) => {
    expect(toldFor(kind, first, second)).toEqual([first.code, expect.stringMatching(first.says)]);
  });

  test('a good number of pairs meet', () => {
    expect(pairs.length).toBeGreaterThan(70);
  });
});

/** A reservation is in one state, a call has one number, and a plan that is none has no bucket that is short. */
function canMeet(first: Refusal, second: Refusal): boolean {
  if (first.isDecided === true && second.opSeq !== undefined) return false;
  if (first.isUnfunded === true && second.short !== undefined) return false;
  return first.state === undefined || second.state === undefined || first.state === second.state;
}

/** The code and the words of what is told when both refusals apply. */
function toldFor(kind: string, first: Refusal, second: Refusal): readonly [string, string] {
  const both = { ...second, ...first, short: [...(first.short ?? []), ...(second.short ?? [])] };
  const state = both.state === undefined ? STATE_UNLESS_NAMED[kind] : both.state;
  const operation = operationFor(kind, both);
  const decision = decide(operation, recordOf(state ?? undefined, both), NOW);
  if (decision.kind === 'refused') return [decision.fault.code, decision.fault.message];
  if (decision.kind === 'stored') return ['stored', ''];
  const { reservation } = decision;
  const blocked = kind === 'extend' ? reservation.lastExtension?.blocked : reservation.blocked;
  if (blocked === undefined || blocked === null) return [reservation.state, ''];
  return ['REJECTED', `${blocked.bucket} ${blocked.type}`];
}

/** In which the operation would succeed. */
const STATE_UNLESS_NAMED: Readonly<Record<string, State | null>> = {
  reserve: null,
  extend: 'HELD',
  beat: 'HELD',
  settle: 'HELD',
  void: 'HELD',
  reverse: 'SETTLED',
};

function operationFor(kind: string, refusal: Refusal): Operation {
  const { fingerprint, ownerDigest = 'own', userId = 'ann', opSeq = 1, actual, reason } = refusal;
  const subject = { ...RESERVE.subject, userId };
  switch (kind) {
    case 'reserve':
      return {
        ...RESERVE,
        amounts: amountsOf(10, 10, 10, 10, 10),
        fingerprint: fingerprint ?? RESERVE.fingerprint,
      };
    case 'extend':
      return {
        ...EXTEND,
        ownerDigest,
        // The number that was decided is asked for again, with other amounts.
        opSeq: refusal.isDecided === true ? 1 : opSeq,
        amounts: amountsOf(10, 10, 10, 10, 10),
      };
    case 'beat':
      return { ...BEAT, ownerDigest };
    case 'settle':
      return { ...SETTLE, subject, actual: actual === undefined ? SETTLE.actual : amountsOf(actual) };
    case 'void':
      return { ...VOID, ownerDigest };
    default:
      return { ...REVERSE, reason: reason ?? REVERSE.reason };
  }
}

test('a hold is swept at its deadline and not before', () => {
  expect(wordOf(decide(EXPIRE, recordOf('HELD'), NOW - 1n))).toBe('stored');
  expect(wordOf(decide(EXPIRE, recordOf('HELD'), NOW))).toBe('EXPIRED');
});

test('nothing is admitted past what a database can count, without a limit either', () => {
  expect(wordOf(decide(RESERVE, recordOf(undefined, { isFull: true }), NOW))).toBe('REJECTED');
});

test('a conflict names the state that forbids', () => {
  const decision = decide(VOID, recordOf('SETTLED'), NOW);
  const fault = decision.kind === 'refused' ? decision.fault : undefined;
  expect(fault).toBeInstanceOf(Fault);
  expect(fault?.details).toEqual({ reservationId: KEY.reservationId, state: 'SETTLED' });
});

test('no refusal says a secret', () => {
  for (const state of STATES) {
    for (const operation of Object.values(OPERATIONS)) {
      const decision = decide({ ...operation, ownerDigest: '?' } as Operation, recordOf(state), NOW);
      if (decision.kind !== 'refused') continue;
      const { message, details } = decision.fault;
      expect(JSON.stringify([message, details])).not.toMatch(/\bown\b|"digest"/);
    }
  }
});
