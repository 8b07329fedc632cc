// What every rule ends with: the shares of a reservation's lines, added to the lines and to the balances under them.

import { Fault } from '@ai-switch/kernel';
import { add, isNothing } from './amounts.ts';
import type { Place, Share } from './fill.ts';
import {
  type Amounts,
  type Balance,
  type Entry,
  type EntryOperation,
  type Line,
  METERED_TYPES,
  NOTHING,
  type Reservation,
} from './model.ts';
import type { Reserve } from './operation.ts';
import type { Plan } from './plan.ts';

/** What is on record when an operation is decided. */
export interface OnRecord {
  readonly reservation: Reservation | undefined;
  /** For an operation that makes a reservation: its plan, or why there is none. */
  readonly plan: Plan | Fault | undefined;
  /** For a settlement of which the platform bears a part. */
  readonly platform: Line | undefined;
  /** The balance under a line of the reservation or the plan. */
  balanceOf(line: Line): Balance;
}

export interface Posting extends Entry {
  readonly operation: EntryOperation;
  readonly opSeq: number;
}

export type Decision =
  /** Nothing changes. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  | { readonly kind: 'stored'; readonly reservation: Reservation }
  /** The reservation is to be stored, and the postings with the balances that follow from them. */
  | {
      readonly kind: 'changed';
      readonly reservation: Reservation;
      readonly postings: readonly Posting[];
    };

/** Counts never pass this; it is what the databases' integers hold. */
const COUNT_MAX = 2n ** 63n - 1n;

export const NO_SHARE: Share = { held: NOTHING, used: NOTHING, overrun: NOTHING };

export function holding(held: Amounts): Share {
  return { held, used: NOTHING, overrun: NOTHING };
}

/** Adds each share to its line and its balance. */
export function post(
  operation: EntryOperation,
  opSeq: number,
  reservation: Reservation,
  record: OnRecord,
  shares: readonly Share[],
): Decision {
  const postings: Posting[] = [];
  const lines: Line[] = [];
  for (const [index, line] of reservation.lines.entries()) {
    const { held, used, overrun } = shares[index] ?? NO_SHARE;
    if (isNothing(held) && isNothing(used) && isNothing(overrun)) {
      lines.push(line);
      continue;
    }
    const total = add(record.balanceOf(line).used, used);
    if (METERED_TYPES.some((type) => total[type] > COUNT_MAX)) {
      const message = `The count of the bucket "${line.bucket}" would pass 2^63.`;
      return { kind: 'refused', fault: new Fault('invalid', message, { details: { field: 'actual' } }) };
    }
    const { bucket, period } = line;
    postings.push({ operation, opSeq, bucket, period, held, used, overrun });
    lines.push({
      ...line,
      held: add(line.held, held),
      used: add(line.used, used),
      overrun: add(line.overrun, overrun),
    });
  }
  return { kind: 'changed', reservation: { ...reservation, lines }, postings };
}

export function placesOf(reservation: Reservation, record: OnRecord): readonly Place[] {
  return reservation.lines.map((line) => ({ line, balance: record.balanceOf(line) }));
}

export function notFound(): Decision {
  return { kind: 'refused', fault: new Fault('notFound', 'There is no reservation with this id.') };
}

export function forbidden(verb: string): Decision {
  const message = `Only the owner of a reservation may ${verb} it.`;
  return { kind: 'refused', fault: new Fault('forbidden', message) };
}

export function conflict({ reservationId, state }: Reservation, message: string): Decision {
  return { kind: 'refused', fault: new Fault('conflict', message, { details: { reservationId, state } }) };
}

/** The caller reads what every operation may need. */
export function present<Value>(value: Value | Fault | undefined): Value {
  if (value === undefined || value instanceof Fault)
    throw new Error('an operation was decided without its plan');
  return value;
}

/** The open hold that a reserve makes, before its lines are filled. */
export function madeBy(operation: Reserve, plan: Plan, nowMs: bigint): Reservation {
  const { tenant, reservationId, subject, amounts, ownerDigest, fingerprint, priceVersion, promptCost } =
    operation;
  return {
    tenant,
    reservationId,
    state: 'HELD',
    subject,
    lines: plan.lines,
    amounts,
    charged: NOTHING,
    checkpoint: null,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + operation.ttlMs,
    resolvedAtMs: null,
    outcome: '',
    isEstimated: false,
    ownerDigest,
    fingerprint,
    blocked: null,
    priceVersion,
    promptCost,
    policyVersion: plan.policyVersion,
    expiryCharge: plan.expiryCharge,
    extensions: 0,
    lastExtension: null,
    reversalReason: '',
  };
}
