// Settlements: they are never refused for lack of quota, because the tokens are spent. The first one stands.

import { areEqual, isNothing, subtract } from './amounts.ts';
import { chargeHold, type Share } from './fill.ts';
import { type Amounts, type EntryOperation, NOTHING, type Reservation } from './model.ts';
import type { Settle } from './operation.ts';
import { conflict, type Decision, madeBy, type OnRecord, placesOf, post, present } from './posting.ts';

export function settle(operation: Settle, record: OnRecord, nowMs: bigint): Decision {
  const known = record.reservation;
  if (known === undefined) return settleOrphan(operation, record, nowMs);
  if (known.subject.userId !== operation.subject.userId) {
    return conflict(known, 'This reservation belongs to another user.');
  }
  const { actual } = operation;
  switch (known.state) {
    case 'HELD': {
      const shares = chargeHold(placesOf(known, record), actual, nowMs);
      return postSettled('settle', settledBy(operation, known, 'SETTLED', nowMs), operation, record, shares);
    }
    case 'EXPIRED': {
      const shares = rechargeOf(known, actual, record, nowMs);
      const settled = settledBy(operation, known, 'RECONCILED', nowMs);
      return postSettled('reconcile', settled, operation, record, shares);
    }
    case 'SETTLED':
    case 'RECONCILED':
    case 'ORPHAN_SETTLED':
      if (isSameSettle(operation, known)) return { kind: 'stored', reservation: known };
      return conflict(known, 'This reservation is already settled with other numbers. The first ones stand.');
    case 'REVERSED':
      return conflict(known, 'The charge of this reservation was taken back.');
    case 'VOIDED':
      return conflict(known, 'This reservation was voided because nothing was dispatched for it.');
    case 'REJECTED':
      return conflict(known, 'This reservation was refused, so nothing may be dispatched for it.');
  }
}

/** A settlement without a hold on record: the same, with a hold of nothing. */
function settleOrphan(operation: Settle, record: OnRecord, nowMs: bigint): Decision {
  const { tenant, reservationId, subject, actual } = operation;
  const nothingHeld = { amounts: NOTHING, ttlMs: 0n, ownerDigest: '', fingerprint: '', promptCost: 0n };
  const unheld = madeBy(
    { kind: 'reserve', tenant, reservationId, subject, priceVersion: '', ...nothingHeld },
    present(record.plan),
    nowMs,
  );
  const settled = settledBy(operation, unheld, 'ORPHAN_SETTLED', nowMs);
  const shares = chargeHold(placesOf(unheld, record), actual, nowMs);
  return postSettled('orphan', settled, operation, record, shares);
}

function settledBy(
  { actual, outcome, isEstimated, priceVersion }: Settle,
  known: Reservation,
  state: 'SETTLED' | 'RECONCILED' | 'ORPHAN_SETTLED',
  nowMs: bigint,
): Reservation {
  return {
    ...known,
    state,
    charged: actual,
    outcome,
    isEstimated,
    resolvedAtMs: nowMs,
    priceVersion: priceVersion === '' ? known.priceVersion : priceVersion,
  };
}

function isSameSettle(operation: Settle, known: Reservation): boolean {
  const platform = known.lines.find(({ tier }) => tier === 'PLATFORM')?.used ?? NOTHING;
  return (
    areEqual(known.charged, operation.actual) &&
    known.outcome === operation.outcome &&
    areEqual(platform, operation.platform)
  );
}

/** The hold is gone and an estimate is charged: what that posted is taken back, so that only the difference is new. */
function rechargeOf(known: Reservation, actual: Amounts, record: OnRecord, nowMs: bigint): readonly Share[] {
  const places = placesOf(known, record).map(({ line, balance }) => ({
    line,
    balance: {
      ...balance,
      used: subtract(balance.used, line.used),
      overrun: subtract(balance.overrun, line.overrun),
    },
  }));
  return chargeHold(places, actual, nowMs).map((share, index) => {
    const posted = places[index]?.line;
    if (posted === undefined) return share;
    return {
      ...share,
      used: subtract(share.used, posted.used),
      overrun: subtract(share.overrun, posted.overrun),
    };
  });
}

/** Posts with what the platform bears, which is a line of its own. */
function postSettled(
  entryOperation: EntryOperation,
  settled: Reservation,
  { platform }: Settle,
  record: OnRecord,
  shares: readonly Share[],
): Decision {
  if (isNothing(platform)) return post(entryOperation, 0, settled, record, shares);
  const lines = [...settled.lines, present(record.platform)];
  const borne: Share = { held: NOTHING, used: platform, overrun: NOTHING };
  return post(entryOperation, 0, { ...settled, lines }, record, [...shares, borne]);
}
