// `GET /v1/receipts/<id>`: what a request of the caller's held, drew, was charged and why it was refused. Another's receipt
// is not found, as one that never was.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Amounts, Blocked, Entry, Line, Reservation } from '@ai-switch/contracts';
import { Fault, unitsOf } from '@ai-switch/kernel';
import { authenticate } from './authenticate.ts';
import { isoOf, wordOf } from './denial.ts';
import type { EdgeParts } from './edge-parts.ts';
import { leave } from './leave.ts';
import { shapeFor } from './model-shapes.ts';
import { receive } from './receive.ts';
import { refuse } from './refuse.ts';
import { NOTHING, sum } from './sum-amounts.ts';
import { writeJson } from './write-json.ts';

export async function answerReceipt(
  edge: EdgeParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  reservationId: string,
): Promise<void> {
  const exchange = receive(edge, shapeFor(incoming).dialect, incoming, outgoing);
  try {
    edge.admit();
    const { tenant, userId } = await authenticate(edge, exchange);
    const { reservation, entries } = await edge.ports.quotaLedger.getReceipt({ tenant, reservationId });
    if (reservation?.subject?.userId !== userId) throw noReceipt();
    writeJson(exchange, receiptOf(reservation, entries));
  } catch (error) {
    refuse(edge, exchange, isUnknown(error) ? noReceipt() : error);
  } finally {
    leave(edge, exchange);
  }
}

/** An id that none can have is no other than one that is not there. */
function isUnknown(error: unknown): boolean {
  return error instanceof Fault && (error.code === 'notFound' || error.code === 'invalid');
}

function noReceipt(): Fault {
  return new Fault('notFound', 'There is no receipt with this id among yours.');
}

function receiptOf(reservation: Reservation, entries: readonly Entry[]): object {
  const { state, subject, lines, blocked } = reservation;
  return {
    reservationId: reservation.reservationId,
    state: state.replace('RESERVATION_STATE_', '').toLowerCase(),
    model: subject?.model,
    ...(subject?.projectId === '' ? {} : { projectId: subject?.projectId }),
    held: amountsOf(reservation.amounts),
    charged: amountsOf(reservation.charged),
    isEstimated: reservation.isEstimated,
    outcome: reservation.outcome,
    priceVersion: reservation.priceVersion,
    // What failed attempts cost is the platform's matter.
    lines: lines.filter(({ tier }) => tier !== 'TIER_PLATFORM').map((line) => lineOf(line, entries)),
    ...(blocked === undefined ? {} : { blocked: blockedOf(blocked) }),
    createdAt: isoOf(reservation.createdAtMs),
    expiresAt: isoOf(reservation.expiresAtMs),
    ...(reservation.resolvedAtMs === undefined ? {} : { resolvedAt: isoOf(reservation.resolvedAtMs) }),
    ...(reservation.reversalReason === '' ? {} : { reversalReason: reservation.reversalReason }),
  };
}

function lineOf({ bucket, period, used, overrun }: Line, entries: readonly Entry[]): object {
  const held = heldIn(bucket, entries);
  return { bucket, period, held: amountsOf(held), used: amountsOf(used), overrun: amountsOf(overrun) };
}

/** All that a bucket held for it, also when the hold is long over. */
function heldIn(bucket: string, entries: readonly Entry[]): Amounts {
  let total = NOTHING;
  for (const { operation, bucket: at, held } of entries) {
    if (at !== bucket || held === undefined || (operation !== 'reserve' && operation !== 'extend')) continue;
    total = sum(total, held);
  }
  return total;
}

function blockedOf({ bucket, tokenType, remaining, resetsAtMs }: Blocked): object {
  const type = wordOf(tokenType);
  return {
    bucket,
    type,
    remaining: type === 'cost' ? unitsOf(remaining) : Number(remaining),
    ...(resetsAtMs === undefined ? {} : { resetsAt: isoOf(resetsAtMs) }),
  };
}

/** Tokens are whole numbers; a cost is in units of the price book's currency. */
function amountsOf(amounts: Amounts | undefined): object {
  const { input = 0n, output = 0n, cacheRead = 0n, cacheWrite = 0n, cost = 0n } = amounts ?? {};
  return {
    input: Number(input),
    output: Number(output),
    cacheRead: Number(cacheRead),
    cacheWrite: Number(cacheWrite),
    cost: unitsOf(cost),
  };
}
