// A receipt tells what became of one request's quota: what was held, drawn from which bucket, charged and given back;
// of a refusal, what blocked it and until when.

import { Amounts, type Auth, type Blocked, type Line, type Reservation } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Resource } from '../handler.ts';
import { amountReply, amountsReply } from '../quota/amounts.ts';
import { METERED_TYPES } from '../quota/metered-types.ts';
import { timeReply } from '../quota/times.ts';
import { STATES, TIERS, TOKEN_TYPES, wordFor } from '../quota/words.ts';
import { entryReply } from './statements.ts';
import { findUser } from './users.ts';

export const receipts: Resource<'receipts'> = ({ auth, quotaLedger }) => ({
  'GET /receipts/:reservationId': async ({ caller: { tenant }, param }) => {
    const reservationId = param('reservationId');
    const { reservation, entries } = await quotaLedger.getReceipt({ tenant, reservationId });
    if (reservation === undefined) throw new Fault('internal', 'The ledger answered without a reservation.');
    const userName = await nameOf(auth, tenant, reservation.subject?.userId ?? '');
    return { body: { ...reservationReply(reservation), userName, entries: entries.map(entryReply) } };
  },
});

export function reservationReply(reservation: Reservation): object {
  const { reservationId, subject, amounts, charged, checkpoint, blocked, resolvedAtMs } = reservation;
  const { outcome, isEstimated, priceVersion, policyVersion, extensions, reversalReason } = reservation;
  return {
    reservationId,
    state: wordFor(STATES, reservation.state),
    ...subject,
    createdAt: timeReply(reservation.createdAtMs),
    expiresAt: timeReply(reservation.expiresAtMs),
    resolvedAt: timeReply(resolvedAtMs),
    outcome,
    isEstimated,
    priceVersion,
    policyVersion,
    extensions,
    held: amountsReply(amounts),
    charged: amountsReply(charged),
    // Of an open hold nothing is given back yet, and to a refused one nothing was given.
    ...(resolvedAtMs !== undefined &&
      blocked === undefined && { refunded: amountsReply(refundOf(reservation)) }),
    ...(checkpoint !== undefined && { checkpoint: amountsReply(checkpoint) }),
    ...(blocked !== undefined && { blocked: blockedReply(blocked) }),
    ...(reversalReason !== '' && { reversalReason }),
    lines: reservation.lines.map(lineReply),
  };
}

/** What was held and not charged. */
function refundOf({ amounts, charged }: Reservation): Amounts {
  const refund = Amounts.create();
  for (const type of METERED_TYPES) {
    const left = (amounts?.[type] ?? 0n) - (charged?.[type] ?? 0n);
    if (left > 0n) refund[type] = left;
  }
  return refund;
}

function blockedReply({ bucket, tokenType, remaining, resetsAtMs }: Blocked): object {
  const type = wordFor(TOKEN_TYPES, tokenType) ?? 'input';
  return {
    bucket,
    tokenType: type,
    remaining: amountReply(type, remaining),
    resetsAt: timeReply(resetsAtMs),
  };
}

function lineReply({ bucket, tier, period, held, used, overrun }: Line): object {
  return {
    bucket,
    tier: wordFor(TIERS, tier),
    period,
    held: amountsReply(held),
    used: amountsReply(used),
    overrun: amountsReply(overrun),
  };
}

/** A user may be gone long before his receipts are. */
async function nameOf(auth: Auth, tenant: string, userId: string): Promise<string | undefined> {
  try {
    return (await findUser(auth, tenant, userId)).name;
  } catch (fault) {
    if (fault instanceof Fault && fault.code === 'notFound') return undefined;
    throw fault;
  }
}
