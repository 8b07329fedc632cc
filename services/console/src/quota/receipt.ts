// A receipt tells what became of one request's quota: what was held, drawn from which bucket, charged and given back;
// of a refusal, what blocked it and until when.

import {
  Amounts,
  type Blocked,
  type Entry,
  type Line,
  type Reservation,
  ReservationState,
} from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { z } from 'zod';
import type { ScopedLedger } from '../reach/scoped-ledger.ts';
import type { entry as entrySchema, receipt as receiptSchema } from '../routes/quota-schemas.ts';
import { wordFor } from '../words.ts';
import { amountReply, amountsReply } from './amounts.ts';
import { METERED_TYPES } from './metered-types.ts';
import { timeReply, timeText } from './times.ts';
import { FUNDING_TIERS, STATES, TIERS, TOKEN_TYPES } from './words.ts';

/** @throws Fault `notFound` for one that there is not, or of a user whom the caller does not see */
export async function readReceipt(
  ledger: ScopedLedger,
  reservationId: string,
): Promise<z.input<typeof receiptSchema>> {
  const { reservation, entries, user } = await ledger.receipt(reservationId);
  if (reservation === undefined) throw new Fault('internal', 'The ledger answered without a reservation.');
  const userName = user.name === '' ? undefined : user.name;
  return { ...reservationReply(reservation, entries), userName, entries: entries.map(entryReply) };
}

/** What one operation changed in one bucket; amounts may be below zero. */
export function entryReply(entry: Entry): z.input<typeof entrySchema> {
  const { reservationId, operation, opSeq, bucket, period, atMs, held, used, overrun } = entry;
  return {
    at: timeText(atMs),
    operation,
    ...(opSeq > 0 && { extension: opSeq }),
    reservationId,
    bucket,
    period,
    held: amountsReply(held),
    used: amountsReply(used),
    overrun: amountsReply(overrun),
  };
}

function reservationReply(reservation: Reservation, entries: readonly Entry[]) {
  const { reservationId, subject, amounts, charged, checkpoint, blocked, resolvedAtMs } = reservation;
  const { outcome, isEstimated, priceVersion, policyVersion, extensions, reversalReason } = reservation;
  const isReversed = reservation.state === ReservationState.REVERSED;
  const reversed = isReversed ? reversedIn(reservation, entries) : undefined;
  // Of an open hold nothing is given back yet, and to a refused request nothing was given.
  const isOver = resolvedAtMs !== undefined && blocked === undefined;
  return {
    reservationId,
    state: wordFor(STATES, reservation.state),
    ...subject,
    createdAt: timeText(reservation.createdAtMs),
    expiresAt: timeText(reservation.expiresAtMs),
    resolvedAt: timeReply(resolvedAtMs),
    outcome,
    isEstimated,
    priceVersion,
    policyVersion,
    extensions,
    held: amountsReply(amounts),
    charged: amountsReply(charged),
    ...(isOver && { refunded: amountsReply(refundOf(amounts, reversed ?? charged)) }),
    ...(checkpoint !== undefined && { checkpoint: amountsReply(checkpoint) }),
    ...(blocked !== undefined && { blocked: blockedReply(blocked) }),
    ...(reversed !== undefined && { reversed: amountsReply(reversed), reversalReason }),
    lines: reservation.lines.map((line) => lineReply(line, entries)),
  };
}

/** What was held and not charged. */
function refundOf(held: Amounts | undefined, charged: Amounts | undefined): Amounts {
  const refund = Amounts.create();
  for (const type of METERED_TYPES) {
    const left = (held?.[type] ?? 0n) - (charged?.[type] ?? 0n);
    if (left > 0n) refund[type] = left;
  }
  return refund;
}

/** The charge that was taken back: what the buckets that pay got again, all together. */
function reversedIn({ lines }: Reservation, entries: readonly Entry[]): Amounts {
  const funding = lines.filter(({ tier }) => wordFor(FUNDING_TIERS, tier) !== undefined);
  const reversed = Amounts.create();
  for (const { operation, bucket, used } of entries) {
    if (operation !== 'reverse' || !funding.some((line) => line.bucket === bucket)) continue;
    for (const type of METERED_TYPES) reversed[type] -= used?.[type] ?? 0n;
  }
  return reversed;
}

/** The ledger's line says what is held still; a receipt says what was, extensions included. */
function lineReply({ bucket, tier, period, used, overrun }: Line, entries: readonly Entry[]) {
  const held = Amounts.create();
  for (const entry of entries) {
    if (entry.bucket !== bucket || entry.period !== period) continue;
    if (entry.operation !== 'reserve' && entry.operation !== 'extend') continue;
    for (const type of METERED_TYPES) held[type] += entry.held?.[type] ?? 0n;
  }
  return {
    bucket,
    tier: wordFor(TIERS, tier),
    period,
    held: amountsReply(held),
    used: amountsReply(used),
    overrun: amountsReply(overrun),
  };
}

function blockedReply({ bucket, tokenType, remaining, resetsAtMs }: Blocked) {
  const type = wordFor(TOKEN_TYPES, tokenType) ?? 'input';
  return {
    bucket,
    tokenType: type,
    remaining: amountReply(type, remaining),
    resetsAt: timeReply(resetsAtMs),
  };
}
