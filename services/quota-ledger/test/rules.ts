// Reservations, balances and operations for tests of the rules, without a database.

import type { Fault } from '@ai-switch/kernel';
import type { Balance, Line, MeteredType, Reservation, State } from '../src/model.ts';
import { type Amounts, DEFAULT_POLICY, NOTHING, UNLIMITED } from '../src/model.ts';
import type { Beat, Expire, Extend, Reserve, Reverse, Settle, Void } from '../src/operation.ts';
import { type Plan, planFor } from '../src/plan.ts';
import type { Decision, OnRecord } from '../src/posting.ts';

export const NOW = 1_000_000n;
export const KEY = { tenant: 'acme', reservationId: 'r1' };

export function amountsOf(input: number, output = 0, cacheRead = 0, cacheWrite = 0, cost = 0): Amounts {
  return {
    input: BigInt(input),
    output: BigInt(output),
    cacheRead: BigInt(cacheRead),
    cacheWrite: BigInt(cacheWrite),
    cost: BigInt(cost),
  };
}

const SUBJECT = { userId: 'ann', projectId: '', departmentIds: [], model: 'm' };

const RESERVE: Reserve = {
  kind: 'reserve',
  ...KEY,
  subject: SUBJECT,
  amounts: amountsOf(10, 5),
  ttlMs: 60_000n,
  ownerDigest: 'own',
  fingerprint: 'digest',
  priceVersion: '',
  promptCost: 0n,
};
const EXTEND: Extend = { kind: 'extend', ...KEY, ownerDigest: 'own', opSeq: 1, amounts: amountsOf(1) };
const BEAT: Beat = { kind: 'beat', ...KEY, ownerDigest: 'own', ttlMs: 60_000n, used: amountsOf(3) };
const SETTLE: Settle = {
  kind: 'settle',
  ...KEY,
  subject: SUBJECT,
  actual: amountsOf(8, 2),
  outcome: 'completed',
  isEstimated: false,
  platform: NOTHING,
  priceVersion: '',
};
const VOID: Void = { kind: 'void', ...KEY, ownerDigest: 'own' };
const EXPIRE: Expire = { kind: 'expire', ...KEY };
const REVERSE: Reverse = { kind: 'reverse', ...KEY, reason: 'a mistake' };

export const OPERATIONS = { RESERVE, EXTEND, BEAT, SETTLE, VOID, EXPIRE, REVERSE } as const;

export const STATES: readonly State[] = [
  'HELD',
  'REJECTED',
  'SETTLED',
  'VOIDED',
  'EXPIRED',
  'RECONCILED',
  'ORPHAN_SETTLED',
  'REVERSED',
];

export interface Circumstances {
  /** `<bucket> <type>` where there is no room. */
  readonly short?: readonly string[];
  /** No bucket pays. */
  readonly isUnfunded?: boolean;
  /** The first extension was decided, with other amounts. */
  readonly isDecided?: boolean;
  /** A heartbeat has told of usage. */
  readonly isDispatched?: boolean;
  /** The count of the bucket is near what a database can hold. */
  readonly isFull?: boolean;
}

/** The record of a reservation in a state, of a company with a personal bucket, a cap on it and one on the model. */
export function recordOf(state: State | undefined, circumstances: Circumstances = {}): OnRecord {
  const { short = [], isUnfunded = false, isFull = false } = circumstances;
  const plan = isUnfunded ? unfunded() : PLAN;
  return {
    reservation: state === undefined ? undefined : reservationOf(state, circumstances),
    plan,
    platform: lineOf('platform', 'PLATFORM'),
    balanceOf: (line) => balanceUnder(line, state, short, isFull),
  };
}

/** A decision in a word: the fault's code, `stored`, or the new state. */
export function wordOf(decision: Decision): string {
  if (decision.kind === 'refused') return decision.fault.code;
  return decision.kind === 'stored' ? 'stored' : decision.reservation.state;
}

const PLAN: Plan = {
  lines: [lineOf('personal:ann', 'PERSONAL'), lineOf('company', 'CAP'), lineOf('model:m', 'CAP')],
  policyVersion: 0n,
  expiryCharge: 'PROMPT_ESTIMATE',
};

function unfunded(): Fault | Plan {
  const orders = new Map([['company', [] as const]]);
  return planFor(SUBJECT, { policy: DEFAULT_POLICY, buckets: new Map(), orders }, NOW);
}

function lineOf(bucket: string, tier: Line['tier']): Line {
  return {
    bucket,
    tier,
    period: '1970-01',
    periodEndsAtMs: 2_678_400_000n,
    held: NOTHING,
    used: NOTHING,
    overrun: NOTHING,
  };
}

/** The reservation that RESERVE makes, in a later state; one that was settled was settled by SETTLE. */
function reservationOf(
  state: State,
  { isDecided = false, isDispatched = false }: Circumstances,
): Reservation {
  const isOrphan = state === 'ORPHAN_SETTLED';
  const isSettled = state === 'SETTLED' || state === 'RECONCILED' || isOrphan;
  const charged = isSettled ? SETTLE.actual : state === 'EXPIRED' ? amountsOf(10) : NOTHING;
  const held = state === 'HELD' ? RESERVE.amounts : NOTHING;
  return {
    ...KEY,
    state,
    subject: SUBJECT,
    lines: PLAN.lines.map((line) => ({ ...line, held, used: charged })),
    amounts: isOrphan ? NOTHING : RESERVE.amounts,
    charged,
    checkpoint: isDispatched ? amountsOf(3) : null,
    createdAtMs: NOW - 60_000n,
    expiresAtMs: NOW,
    resolvedAtMs: state === 'HELD' ? null : NOW,
    outcome: isSettled ? SETTLE.outcome : '',
    isEstimated: false,
    ownerDigest: isOrphan ? '' : 'own',
    fingerprint: isOrphan ? '' : 'digest',
    blocked: null,
    priceVersion: '',
    promptCost: 0n,
    policyVersion: 0n,
    expiryCharge: 'PROMPT_ESTIMATE',
    extensions: isDecided ? 1 : 0,
    lastExtension: isDecided ? { amounts: amountsOf(1), blocked: null } : null,
    reversalReason: state === 'REVERSED' ? REVERSE.reason : '',
  };
}

/** What RESERVE and SETTLE left there, and room for more unless the bucket is short. */
function balanceUnder(
  { bucket, period }: Line,
  state: State | undefined,
  short: readonly string[],
  isFull: boolean,
): Balance {
  const limits: Record<MeteredType, bigint | null> = { ...UNLIMITED };
  for (const name of short) {
    const [shortBucket, type] = name.split(' ');
    // What is held and used already, so that nothing is free.
    if (shortBucket === bucket) limits[type as MeteredType] = 0n;
  }
  const charged = state === undefined ? NOTHING : reservationOf(state, {}).charged;
  return {
    tenant: KEY.tenant,
    bucket,
    period,
    limits,
    openFromMs: null,
    openUntilMs: null,
    held: state === 'HELD' && bucket !== 'platform' ? RESERVE.amounts : NOTHING,
    used: isFull ? { ...NOTHING, input: 2n ** 63n - 5n } : bucket === 'platform' ? NOTHING : charged,
    overrun: NOTHING,
  };
}
