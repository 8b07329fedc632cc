// Asks the destinations in order until one answers. Everything here happens before the first byte of an answer has
// reached the client: what fails is tried again within the rules, and only the last failure is told.

import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@ai-switch/kernel';
import { AttemptFailure } from './attempt-failure.ts';
import { countAttempt, countRetry } from './edge-metrics.ts';
import type { EdgeParts } from './edge-parts.ts';
import { type Exchange, interruptionFault } from './exchange.ts';
import { backoffMs, isLongWait } from './retry-rules.ts';
import type { Destination } from './route.ts';

/**
 * @param order whom each attempt asks; one that stands in it twice may be asked twice
 * @param attempt what throws an AttemptFailure when another may do better
 * @throws Fault that the client is told
 */
export async function tryDestinations<Answer>(
  edge: EdgeParts,
  exchange: Exchange,
  order: readonly Destination[],
  attempt: (destination: Destination) => Promise<Answer>,
): Promise<Answer> {
  edge.retryBudget.countRequest();
  for (let index = 0; ; ) {
    const destination = order[index];
    if (destination === undefined) throw new Fault('internal', 'There was nobody to ask.');
    const startedAtMs = performance.now();
    try {
      const answer = await attempt(destination);
      countAttempt(destination.target.provider, 'ok', startedAtMs);
      const { affinityKey } = exchange;
      if (destination !== order[0] && affinityKey !== '') edge.detours.remember(affinityKey, destination);
      return answer;
    } catch (error) {
      if (!(error instanceof AttemptFailure)) throw error;
      countAttempt(destination.target.provider, error.fault.code, startedAtMs);
      report(edge, exchange, destination, error);
      index = nextAttempt(order, index, error);
      if (index === -1 || !edge.retryBudget.take()) throw error.fault;
      countRetry(error.fault.code);
      if (order[index] === destination) await sleep(backoffMs(error.fault.retryAfterMs, Math.random()));
      if (exchange.interruption !== undefined) throw interruptionFault(exchange.interruption);
    }
  }
}

/** The place in `order` to go on with, or -1 when there is none. */
function nextAttempt(order: readonly Destination[], index: number, failure: AttemptFailure): number {
  if (!failure.isPassing) return -1;
  if (!isLongWait(failure.fault.retryAfterMs)) return index + 1 < order.length ? index + 1 : -1;
  return order.findIndex((destination, place) => place > index && destination !== order[index]);
}

function report(
  edge: EdgeParts,
  exchange: Exchange,
  { target }: Destination,
  { fault, isPassing }: AttemptFailure,
): void {
  const { requestId } = exchange;
  const { provider, model } = target;
  edge.logger.warn(
    { requestId, provider, model, code: fault.code, isPassing, err: fault.cause },
    'an attempt failed',
  );
}
