// What an operation does to a reservation and its buckets, decided without I/O from what is stored. These hold after
// every decision: a balance is the fold of its entries; nothing is negative; `used - overrun + held` is within the limit,
// unless the limit was lowered under what was already admitted; a hold ends once.
//
// A refusal is a value. Where several apply, the first in the order of the code is told.

import { Fault } from '@ai-switch/kernel';
import { add, areEqual, larger, largest, negate } from './amounts.ts';
import { chargeHold, fillHold } from './fill.ts';
import { type Amounts, NOTHING, type Reservation } from './model.ts';
import type { Beat, Extend, Operation, Reserve, Reverse, Void } from './operation.ts';
import {
  conflict,
  type Decision,
  forbidden,
  holding,
  madeBy,
  NO_SHARE,
  notFound,
  type OnRecord,
  placesOf,
  post,
  present,
} from './posting.ts';
import { settle } from './settlement-rules.ts';

export function decide(operation: Operation, record: OnRecord, nowMs: bigint): Decision {
  switch (operation.kind) {
    case 'reserve':
      return reserve(operation, record, nowMs);
    case 'extend':
      return extend(operation, record, nowMs);
    case 'beat':
      return beat(operation, record, nowMs);
    case 'settle':
      return settle(operation, record, nowMs);
    case 'void':
      return release(operation, record, nowMs);
    case 'expire':
      return expire(record, nowMs);
    case 'reverse':
      return reverse(operation, record, nowMs);
  }
}

function reserve(operation: Reserve, record: OnRecord, nowMs: bigint): Decision {
  const known = record.reservation;
  if (known !== undefined) {
    if (isSameReserve(operation, known) || isTombstone(known)) return { kind: 'stored', reservation: known };
    return conflict(known, 'This reservation id was used before with other parameters. Make a new id.');
  }
  const { plan } = record;
  if (plan instanceof Fault) return { kind: 'refused', fault: plan };
  const made = madeBy(operation, present(plan), nowMs);
  const filled = fillHold(placesOf(made, record), operation.amounts, nowMs);
  if ('blocked' in filled) {
    const { blocked } = filled;
    const rejected: Reservation = { ...made, state: 'REJECTED', resolvedAtMs: nowMs, blocked };
    return { kind: 'changed', reservation: rejected, postings: [] };
  }
  return post('reserve', 0, made, record, filled.shares.map(holding));
}

/**
 * A call that is repeated by its owner is the same in all it names. Another caller who was given the same id for the same
 * request, by an idempotency key, may have estimated it otherwise.
 */
function isSameReserve(operation: Reserve, known: Reservation): boolean {
  if (operation.fingerprint !== known.fingerprint || operation.subject.userId !== known.subject.userId) {
    return false;
  }
  if (operation.ownerDigest !== known.ownerDigest || known.extensions > 0) return true;
  return areEqual(operation.amounts, known.amounts);
}

function extend(operation: Extend, record: OnRecord, nowMs: bigint): Decision {
  const known = record.reservation;
  if (known === undefined) return notFound();
  if (known.ownerDigest !== operation.ownerDigest) return forbidden('extend');
  if (operation.opSeq === known.extensions && known.lastExtension !== null) {
    if (areEqual(known.lastExtension.amounts, operation.amounts)) {
      return { kind: 'stored', reservation: known };
    }
    return conflict(known, 'This extension was decided before with other amounts.');
  }
  if (known.state !== 'HELD') return conflict(known, 'Only an open hold can be extended.');
  if (operation.opSeq !== known.extensions + 1) {
    return conflict(known, `The next extension of this hold is number ${known.extensions + 1}.`);
  }
  const filled = fillHold(placesOf(known, record), operation.amounts, nowMs);
  const { amounts, opSeq } = operation;
  if ('blocked' in filled) {
    const lastExtension = { amounts, blocked: filled.blocked };
    const refused: Reservation = { ...known, extensions: opSeq, lastExtension };
    return { kind: 'changed', reservation: refused, postings: [] };
  }
  const extended: Reservation = {
    ...known,
    amounts: add(known.amounts, amounts),
    extensions: opSeq,
    lastExtension: { amounts, blocked: null },
  };
  return post('extend', opSeq, extended, record, filled.shares.map(holding));
}

function beat(operation: Beat, { reservation: known }: OnRecord, nowMs: bigint): Decision {
  if (known === undefined) return notFound();
  if (known.ownerDigest !== operation.ownerDigest) return forbidden('keep');
  if (known.state !== 'HELD') return { kind: 'stored', reservation: known };
  const checkpoint =
    operation.used === null ? known.checkpoint : larger(known.checkpoint ?? NOTHING, operation.used);
  // A beat that comes late must not shorten what a later one gave.
  const expiresAtMs = largest(known.expiresAtMs, nowMs + operation.ttlMs);
  return { kind: 'changed', reservation: { ...known, checkpoint, expiresAtMs }, postings: [] };
}

function release(operation: Void, record: OnRecord, nowMs: bigint): Decision {
  const known = record.reservation;
  if (known === undefined)
    return { kind: 'changed', reservation: tombstoneOf(operation, nowMs), postings: [] };
  if (known.ownerDigest !== operation.ownerDigest) return forbidden('void');
  if (known.state === 'VOIDED') return { kind: 'stored', reservation: known };
  if (known.state !== 'HELD') {
    return conflict(known, 'Only a reservation that still holds its amounts can be voided.');
  }
  if (known.checkpoint !== null) {
    return conflict(known, 'Something was dispatched for this reservation: settle it.');
  }
  const voided: Reservation = { ...known, state: 'VOIDED', resolvedAtMs: nowMs };
  return post('void', 0, voided, record, chargeHold(placesOf(known, record), NOTHING, nowMs));
}

/**
 * What stays of a void that is faster than its reserve: a reserve whose caller no longer waits for it may still be on its
 * way, and must not hold anything when it comes.
 */
function tombstoneOf({ tenant, reservationId, ownerDigest }: Void, nowMs: bigint): Reservation {
  const subject = { userId: '', projectId: '', departmentIds: [], model: '' };
  const nothingHeld = { amounts: NOTHING, ttlMs: 0n, fingerprint: '', promptCost: 0n, priceVersion: '' };
  const made = madeBy(
    { kind: 'reserve', tenant, reservationId, subject, ownerDigest, ...nothingHeld },
    { lines: [], policyVersion: 0n, expiryCharge: 'ZERO' },
    nowMs,
  );
  return { ...made, state: 'VOIDED', resolvedAtMs: nowMs };
}

function isTombstone({ state, fingerprint }: Reservation): boolean {
  return state === 'VOIDED' && fingerprint === '';
}

function expire(record: OnRecord, nowMs: bigint): Decision {
  const known = record.reservation;
  if (known === undefined) return notFound();
  const isDue = known.state === 'HELD' && known.expiresAtMs <= nowMs;
  if (!isDue) return { kind: 'stored', reservation: known };
  const charged = known.checkpoint ?? chargeAtExpiry(known);
  const expired: Reservation = {
    ...known,
    state: 'EXPIRED',
    charged,
    isEstimated: true,
    resolvedAtMs: nowMs,
  };
  return post('expire', 0, expired, record, chargeHold(placesOf(known, record), charged, nowMs));
}

/** Whether anything was dispatched is unknown: the company says what it takes for likely. */
function chargeAtExpiry({ expiryCharge, amounts, promptCost }: Reservation): Amounts {
  switch (expiryCharge) {
    case 'ZERO':
      return NOTHING;
    case 'FULL_HOLD':
      return amounts;
    case 'PROMPT_ESTIMATE':
      return { ...NOTHING, input: amounts.input, cost: promptCost };
  }
}

function reverse({ reason }: Reverse, record: OnRecord, nowMs: bigint): Decision {
  const known = record.reservation;
  if (known === undefined) return notFound();
  if (known.state === 'REVERSED') {
    if (known.reversalReason === reason) return { kind: 'stored', reservation: known };
    return conflict(known, 'This reservation was reversed before, for another reason.');
  }
  if (known.state !== 'SETTLED' && known.state !== 'RECONCILED' && known.state !== 'ORPHAN_SETTLED') {
    return conflict(known, 'Only a reservation that is settled can be reversed.');
  }
  const reversed: Reservation = {
    ...known,
    state: 'REVERSED',
    charged: NOTHING,
    reversalReason: reason,
    resolvedAtMs: nowMs,
  };
  // What failed attempts cost stays with the platform: it was paid.
  const shares = known.lines.map(({ tier, used, overrun }) =>
    tier === 'PLATFORM' ? NO_SHARE : { held: NOTHING, used: negate(used), overrun: negate(overrun) },
  );
  return post('reverse', 0, reversed, record, shares);
}
