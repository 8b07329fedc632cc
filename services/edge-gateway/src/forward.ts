// Asks the destinations in order until one answers. Everything here happens before the first byte of an answer has
// reached the client: what fails is tried again within the rules, and only the last failure is told.

import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@ai-switch/kernel';
import type { Answer } from './answer.ts';
import { attempt } from './attempt.ts';
import { AttemptFailure } from './attempt-failure.ts';
import type { EdgeParts } from './edge-parts.ts';
import { type Exchange, interruptionFault } from './exchange.ts';
import { Patience } from './patience.ts';
import { type Asked, hasThoughts, withoutThoughts } from './read.ts';
import type { Hold } from './reserve.ts';
import { attemptOrder, backoffMs, isLongWait } from './retry-rules.ts';
import type { Destination } from './route.ts';

/** @throws Fault that the client is told */
export async function forward(
  edge: EdgeParts,
  exchange: Exchange,
  asked: Asked,
  destinations: readonly Destination[],
  hold: Hold,
): Promise<Answer> {
  if (!asked.request.isStreaming) return await tryInTurn(edge, exchange, asked, destinations, hold);
  const patience = new Patience(edge, exchange);
  try {
    return await tryInTurn(edge, exchange, asked, destinations, hold);
  } finally {
    patience[Symbol.dispose]();
  }
}

async function tryInTurn(
  edge: EdgeParts,
  exchange: Exchange,
  given: Asked,
  destinations: readonly Destination[],
  hold: Hold,
): Promise<Answer> {
  edge.retryBudget.countRequest();
  const order = attemptOrder(destinations, given.request.isStreaming);
  let asked = given;
  for (let index = 0; ; ) {
    const destination = order[index];
    if (destination === undefined) throw new Fault('internal', 'There was nobody to ask.');
    try {
      const answer = await attempt(edge, exchange, asked, destination, hold);
      if (destination !== order[0]) edge.detours.remember(exchange.affinityKey, destination);
      return answer;
    } catch (error) {
      if (!(error instanceof AttemptFailure)) throw error;
      report(edge, exchange, destination, error);
      if (isThoughtRefused(error) && hasThoughts(asked)) {
        asked = withoutThoughts(asked);
        continue;
      }
      index = nextAttempt(order, index, error);
      if (index === -1 || !edge.retryBudget.take()) throw error.fault;
      if (order[index] === destination) await sleep(backoffMs(error.fault.retryAfterMs, Math.random()));
      if (exchange.interruption !== undefined) throw interruptionFault(exchange.interruption);
    }
  }
}

/** A provider that does not know a thought for its own answers well without it: the user sees nothing of this. */
function isThoughtRefused({ fault }: AttemptFailure): boolean {
  return fault.details?.capability === 'thinking_signature';
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
