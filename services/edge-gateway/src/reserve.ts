// Invariant: a reservation that this edge made ends exactly once, whatever happens in between. The walk calls
// `end` however it leaves: it is voided if nothing was dispatched upstream, and otherwise settled. What a failed attempt cost
// is not the caller's; what he sent and then would not wait for is.
//
// When the ledger is down nothing is dispatched. A reserve whose answer got lost is voided in the background, and expires
// if that fails as well.

import {
  type Caller,
  type Reservation,
  ReservationState,
  type Subject,
  type TokenCounts,
} from '@ai-switch/contracts';
import { noUsage } from '@ai-switch/dialects';
import { asFault, Fault } from '@ai-switch/kernel';
import type { Charge } from './charge.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import type { Asked } from './read.ts';
import { settle } from './settle.ts';

/** What a request may cost at most, in tokens. */
export interface TokenBounds {
  readonly input: number;
  readonly output: number;
}

export function boundsOf(edge: EdgeParts, { request, inputTokensEstimate }: Asked): TokenBounds {
  const { outputTokensDefault, outputTokensMax } = edge.settings;
  const output = Math.min(request.outputTokensMax ?? outputTokensDefault, outputTokensMax);
  return { input: inputTokensEstimate, output: Math.max(1, output) * Math.max(1, request.answerCount) };
}

/** @throws Fault `quotaExhausted` that says what blocks and until when */
export async function reserve(
  edge: EdgeParts,
  exchange: Exchange,
  caller: Caller,
  bounds: TokenBounds,
): Promise<Hold> {
  const hold = new Hold(edge, exchange, caller, bounds.input);
  try {
    const { reservation, created } = await edge.ports.quotaLedger.reserve({
      tenant: caller.tenant,
      reservationId: hold.reservationId,
      subject: hold.subject,
      amounts: {
        input: BigInt(bounds.input),
        output: BigInt(bounds.output),
        cacheRead: 0n,
        cacheWrite: 0n,
        cost: 0n,
      },
      ttlMs: BigInt(edge.settings.reservationTtlMs),
      ownerToken: edge.ownerToken,
      fingerprint: hold.reservationId,
      priceVersion: '',
      promptCost: 0n,
    });
    exchange.reservationId = hold.reservationId;
    if (reservation?.state === ReservationState.REJECTED) throw quotaExhausted(reservation);
    if (reservation?.state !== ReservationState.HELD || !created) {
      throw new Fault('internal', 'The ledger did not hold what was asked for.');
    }
    return hold;
  } catch (error) {
    const { code } = asFault(error);
    if (code !== 'quotaExhausted') void hold.release();
    throw error;
  }
}

export class Hold {
  readonly reservationId: string;
  /** Set once bytes of the request may have reached a provider. */
  isDispatched = false;
  readonly #edge: EdgeParts;
  readonly #exchange: Exchange;
  readonly #caller: Caller;
  readonly #inputTokensEstimate: number;
  readonly subject: Subject;
  /** Settled or voided, or on the way there. */
  isOver = false;

  constructor(edge: EdgeParts, exchange: Exchange, caller: Caller, inputTokensEstimate: number) {
    this.#edge = edge;
    this.#exchange = exchange;
    // Made before the call, and readable beside the request's own id.
    this.reservationId = exchange.requestId.replace('req_', 'res_');
    this.#caller = caller;
    const { userId, projectId, departmentIds } = caller;
    this.subject = { userId, projectId, departmentIds, model: exchange.record.alias };
    this.#inputTokensEstimate = inputTokensEstimate;
  }

  /** Posts what was used. Never rejects: a settlement that the ledger does not take is logged with its amounts. */
  async settle(charge: Charge): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    const { record } = this.#exchange;
    record.outcome = charge.outcome;
    record.usage = countsOf(charge);
    record.usageEstimated = charge.isEstimated;
    await settle(this.#edge, {
      tenant: this.#caller.tenant,
      reservationId: this.reservationId,
      subject: this.subject,
      actual: { ...record.usage, cost: 0n },
      outcome: charge.outcome,
      isEstimated: charge.isEstimated,
      platform: undefined,
      priceVersion: '',
    });
  }

  /** Gives everything back: nothing was dispatched. */
  async release(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    const { tenant } = this.#caller;
    const { reservationId } = this;
    const { ownerToken } = this.#edge;
    try {
      await this.#edge.ports.quotaLedger.void({ tenant, reservationId, ownerToken });
    } catch (error) {
      const fault = asFault(error);
      // Never reserved, or gone by itself.
      if (fault.code === 'notFound') return;
      this.#edge.logger.error({ err: error, tenant, reservationId }, 'a reservation could not be voided');
    }
  }

  /** Ends what nothing else has ended. */
  async end(): Promise<void> {
    if (this.isOver) return;
    if (!this.isDispatched) await this.release();
    else if (this.#exchange.interruption === 'clientGone') {
      const inputTokensEstimate = this.#inputTokensEstimate;
      await this.settle({
        usage: { ...noUsage, input: inputTokensEstimate },
        isEstimated: true,
        outcome: 'clientGone',
      });
    } else await this.settle({ usage: noUsage, isEstimated: false, outcome: 'upstreamFailed' });
  }
}

function countsOf({ usage }: Charge): TokenCounts {
  return {
    input: BigInt(usage.input),
    output: BigInt(usage.output),
    cacheRead: BigInt(usage.cacheRead),
    cacheWrite: BigInt(usage.cacheWrite),
  };
}

const TOKEN_TYPE_WORDS: Readonly<Record<string, string>> = {
  TOKEN_TYPE_INPUT: 'input',
  TOKEN_TYPE_OUTPUT: 'output',
  TOKEN_TYPE_CACHE_READ: 'cacheRead',
  TOKEN_TYPE_CACHE_WRITE: 'cacheWrite',
};

function quotaExhausted({ reservationId, blocked }: Reservation): Fault {
  const name = blocked?.bucket ?? '';
  const type = TOKEN_TYPE_WORDS[blocked?.tokenType ?? ''] ?? 'unknown';
  const resetsAt = new Date(Number(blocked?.resetsAtMs ?? 0n)).toISOString();
  const remaining = String(blocked?.remaining ?? 0n);
  return new Fault(
    'quotaExhausted',
    `The quota is used up: bucket "${name}" has ${remaining} ${type} tokens left, fewer than this request may need. ` +
      `It resets at ${resetsAt}. Ask for a shorter answer or for more quota (reservation ${reservationId}).`,
    { details: { bucket: name, tokenType: type, remaining, resetsAt, reservation: reservationId } },
  );
}
