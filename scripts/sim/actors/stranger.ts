// Calls that nobody should make: other owners, other numbers, other companies, and numbers that are none.

import type { Amounts, Subject } from '@ai-switch/contracts';
import type { Call } from '../call.ts';
import type { Operation } from '../oracle/decide.ts';
import type { Random } from '../random.ts';
import { askedAmounts } from './amounts.ts';
import { subjectOf, TENANTS } from './people.ts';

type Attempt = Omit<Call, 'replica'>;

/** A reservation that somebody made. */
export interface Victim {
  readonly tenant: string;
  readonly reservationId: string;
  readonly subject: Subject;
  readonly isOnRecord: boolean;
  /** Nothing that comes now can be the first settlement of it. */
  readonly isOver: boolean;
  /** Of the caller who holds it; empty when nobody does. */
  readonly ownerToken: string;
  /** A heartbeat has told that something was used. */
  readonly hasCheckpoint: boolean;
}

export function nextAttempt(random: Random, victim: Victim): Attempt {
  const { tenant, reservationId, subject } = victim;
  const key = { tenant, reservationId };
  const kind = random.weighted({
    void: 3,
    extend: 3,
    beat: 3,
    reserve: 4,
    settle: 5,
    reverse: 6,
    elsewhere: 3,
    bad: 6,
    unknown: 4,
    late: victim.ownerToken === '' ? 0 : 5,
  });
  const ownerToken = 'stranger';
  switch (kind) {
    case 'void':
      return attempt('a stranger voids', { kind: 'void', request: { ...key, ownerToken } });
    case 'extend': {
      const request = { ...key, ownerToken, opSeq: random.whole(1, 3), amounts: askedAmounts(random) };
      return attempt('a stranger extends', { kind: 'extend', request });
    }
    case 'beat': {
      const request = { ...key, ownerToken, ttlMs: 3_600_000n, used: askedAmounts(random) };
      return attempt('a stranger beats', { kind: 'beat', request });
    }
    case 'reserve': {
      const isOther = random.chance(0.5);
      const amounts = askedAmounts(random);
      const request = {
        ...key,
        subject,
        amounts,
        ttlMs: 60_000n,
        ownerToken,
        fingerprint: isOther ? 'another' : 'same',
        priceVersion: '',
        promptCost: 0n,
      };
      // The first to reserve an id owns it, so only one that is on record is tried.
      if (victim.isOnRecord) return attempt('a stranger reserves', { kind: 'reserve', request });
      return attempt('a stranger voids', { kind: 'void', request: { ...key, ownerToken } });
    }
    case 'settle':
      if (victim.isOver) return attempt('other numbers settle', settleOf(random, victim, subject));
      if (!victim.isOnRecord) return badCall(random, victim);
      return attempt('another user settles', settleOf(random, victim, { ...subject, userId: 'eve' }));
    case 'reverse': {
      const request = { ...key, reason: random.pick(['a mistake', 'goodwill']) };
      return attempt('an administrator reverses', { kind: 'reverse', request });
    }
    case 'elsewhere': {
      const other = TENANTS.find((each) => each !== tenant) ?? '';
      const request = { tenant: other, reservationId, ownerToken };
      return attempt('another company voids', { kind: 'void', request });
    }
    case 'unknown':
      return attempt('an unknown hold is settled', {
        kind: 'settle',
        request: {
          ...settleOf(random, victim, subjectOf(random)).request,
          reservationId: `lost_${random.whole(1, 40)}`,
        },
      });
    case 'late':
      return lateCall(random, victim);
    case 'bad':
      return badCall(random, victim);
  }
}

/** The owner's own, from long ago: what has happened since may not be undone. */
function lateCall(random: Random, { tenant, reservationId, ownerToken, hasCheckpoint }: Victim): Attempt {
  const key = { tenant, reservationId, ownerToken };
  if (hasCheckpoint && random.chance(0.5)) {
    return attempt('an owner voids what was dispatched', { kind: 'void', request: key });
  }
  const used: Amounts = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };
  const ttlMs = BigInt(random.whole(1_000, 20_000));
  return attempt('an old heartbeat', {
    kind: 'beat',
    request: { ...key, ttlMs, used: hasCheckpoint ? used : undefined },
  });
}

function settleOf(random: Random, { tenant, reservationId }: Victim, subject: Subject) {
  const platform = random.chance(0.3) ? askedAmounts(random) : undefined;
  return {
    kind: 'settle' as const,
    request: {
      tenant,
      reservationId,
      subject,
      actual: askedAmounts(random),
      outcome: 'completed',
      isEstimated: false,
      platform,
      priceVersion: '',
    },
  };
}

function attempt(name: string, operation: Operation): Attempt {
  const { kind, request } = operation;
  const run: Call['run'] = (to) => {
    switch (kind) {
      case 'void':
        return to.void(request);
      case 'extend':
        return to.extend(request);
      case 'beat':
        return to.heartbeat({ beats: [request] });
      case 'reserve':
        return to.reserve(request);
      case 'settle':
        return to.settle(request);
      case 'reverse':
        return to.reverse(request);
      case 'expire':
        throw new Error('nobody but a sweep ends holds');
    }
  };
  return { name, tenants: [request.tenant], run, operations: [operation] };
}

function badCall(random: Random, { tenant, reservationId, subject }: Victim): Attempt {
  const key = { tenant, reservationId };
  const good = askedAmounts(random);
  const bad: Amounts = {
    ...good,
    [random.pick(['input', 'output', 'cost'])]: random.pick([-1n, 2n ** 53n, 2n ** 62n]),
  };
  const ownerToken = 'stranger';
  const reserve = {
    ...key,
    subject,
    amounts: good,
    ttlMs: 60_000n,
    ownerToken,
    fingerprint: 'same',
    priceVersion: '',
    promptCost: 0n,
  };
  const settle = {
    ...key,
    subject,
    outcome: 'completed',
    isEstimated: false,
    platform: undefined,
    priceVersion: '',
  };
  const none: Amounts = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };
  const calls: readonly (readonly [string, Call['run']])[] = [
    ['a reserve of a number that is none', (to) => to.reserve({ ...reserve, amounts: bad })],
    ['a reserve of nothing', (to) => to.reserve({ ...reserve, amounts: none })],
    ['a reserve for a moment', (to) => to.reserve({ ...reserve, ttlMs: 0n })],
    ['a reserve without an id', (to) => to.reserve({ ...reserve, reservationId: '' })],
    ['a reserve without a subject', (to) => to.reserve({ ...reserve, subject: undefined })],
    ['a settle of a number that is none', (to) => to.settle({ ...settle, actual: bad })],
    ['an extension without a number', (to) => to.extend({ ...key, ownerToken, opSeq: 0, amounts: good })],
    ['an extension by less than nothing', (to) => to.extend({ ...key, ownerToken, opSeq: 1, amounts: bad })],
    [
      'a heartbeat below zero',
      (to) => to.heartbeat({ beats: [{ ...key, ownerToken, ttlMs: 60_000n, used: bad }] }),
    ],
    ['a reversal without a reason', (to) => to.reverse({ ...key, reason: '' })],
    ['a bucket below zero', (to) => to.putBucket({ bucket: badBucket(tenant) })],
  ];
  const [name, run] = random.pick(calls);
  return { name, tenants: [tenant], run, refusal: 'invalid' };
}

function badBucket(tenant: string) {
  return {
    tenant,
    bucket: '',
    tier: 'TIER_CAP' as const,
    scope: 'company',
    limits: { input: -1n },
    periodKind: 'PERIOD_KIND_DAY' as const,
    note: '',
    createdAtMs: 0n,
    updatedAtMs: 0n,
  };
}
