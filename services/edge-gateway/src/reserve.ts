// Invariant: nobody is asked anything without a hold that this very call opened. What becomes of the hold afterwards is in
// request-hold.ts; that it ends once, in holds/holds.ts.
//
// When the ledger is down, the request is refused and nothing is dispatched.

import { type Amounts, type Caller, ReservationState } from '@ai-switch/contracts';
import { asFault, Fault } from '@ai-switch/kernel';
import { quotaExhausted } from './denial.ts';
import { countReservation } from './edge-metrics.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import type { Opening } from './holds/holds.ts';
import {
  answeredBefore,
  fingerprintOf,
  idempotencyKeyOf,
  KEY_ATTEMPTS_MAX,
  keyedReservationId,
  underWay,
  verdictOnEarlier,
} from './idempotency.ts';
import { RequestHold } from './request-hold.ts';

/** What a request wants held. */
export interface Wanted {
  readonly amounts: Amounts;
  /** What the prompt alone is thought to cost. */
  readonly promptEstimate: Amounts;
  readonly priceVersion: string;
}

/**
 * @param body what the client sent, to know the request by
 * @returns undefined when the client asked before, by its idempotency key, and has been given the same answer again
 * @throws Fault `quotaExhausted` that says what blocks and until when
 */
export async function reserve(
  edge: EdgeParts,
  exchange: Exchange,
  caller: Caller,
  wanted: Wanted,
  body: Buffer,
): Promise<RequestHold | undefined> {
  const key = idempotencyKeyOf(exchange);
  const opening =
    key === undefined
      ? await open(edge, exchange, caller, wanted, exchange.requestId.replace('req_', 'res_'), '')
      : await openKeyed(edge, exchange, caller, wanted, key, fingerprintOf(exchange, body));
  if (opening === undefined) return undefined;
  const { reservation, hold } = opening;
  exchange.reservationId = reservation.reservationId;
  if (reservation.state === ReservationState.REJECTED) throw quotaExhausted(reservation, edge.clock.nowMs());
  if (hold === undefined) throw new Fault('internal', 'The ledger did not hold what was asked for.');
  exchange.rooms = hold.rooms;
  return new RequestHold(exchange, hold, wanted.promptEstimate);
}

async function open(
  edge: EdgeParts,
  exchange: Exchange,
  { tenant, userId, projectId, departmentIds }: Caller,
  { amounts, promptEstimate, priceVersion }: Wanted,
  reservationId: string,
  fingerprint: string,
): Promise<Opening> {
  const startedAtMs = performance.now();
  try {
    const opening = await edge.holds.open({
      tenant,
      reservationId,
      subject: { userId, projectId, departmentIds, model: exchange.record.alias },
      amounts,
      promptEstimate,
      priceVersion,
      // An id of its own needs nothing else to be known by.
      fingerprint: fingerprint === '' ? reservationId : fingerprint,
    });
    countReservation(outcomeOf(opening), startedAtMs);
    return opening;
  } catch (error) {
    countReservation(asFault(error).code, startedAtMs);
    throw error;
  }
}

function outcomeOf({ reservation, isMine }: Opening): string {
  if (!isMine) return 'known';
  return reservation.state === ReservationState.REJECTED ? 'rejected' : 'held';
}

/** The first attempt of the key that is not over and done with. */
async function openKeyed(
  edge: EdgeParts,
  exchange: Exchange,
  caller: Caller,
  wanted: Wanted,
  key: string,
  fingerprint: string,
): Promise<Opening | undefined> {
  for (let attempt = 1; attempt <= KEY_ATTEMPTS_MAX; attempt += 1) {
    const id = keyedReservationId(caller, key, attempt);
    const opening = await open(edge, exchange, caller, wanted, id, fingerprint).catch((error: unknown) => {
      throw asFault(error).code === 'conflict' ? keyUsedOtherwise() : error;
    });
    if (opening.isMine) {
      exchange.keepAnswer = edge.answers.record(exchange, caller.tenant, id, () => edge.clock.nowMs());
      return opening;
    }
    const verdict = verdictOnEarlier(opening.reservation);
    if (verdict === 'underWay') throw underWay();
    if (verdict === 'again') continue;
    exchange.reservationId = id;
    if (edge.answers.replay(exchange, caller.tenant, id, edge.clock.nowMs())) return undefined;
    throw answeredBefore(id);
  }
  throw new Fault('conflict', 'This idempotency key has failed too often. Take another one.');
}

function keyUsedOtherwise(): Fault {
  return new Fault(
    'conflict',
    'This idempotency key was used before with another request. Send the same request, or take another key.',
  );
}
