// From the request to an answer that nothing can be taken back of: the destinations are asked in turn, and a client that
// wants a stream is kept waiting gently.

import type { Answer } from './answer.ts';
import { attempt } from './attempt.ts';
import { AttemptFailure } from './attempt-failure.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import { Patience } from './patience.ts';
import { type Asked, hasThoughts, withoutThoughts } from './read.ts';
import type { RequestHold } from './request-hold.ts';
import { attemptOrder } from './retry-rules.ts';
import type { Destination } from './route.ts';
import { tryDestinations } from './try-destinations.ts';

/** @throws Fault that the client is told */
export async function forward(
  edge: EdgeParts,
  exchange: Exchange,
  asked: Asked,
  destinations: readonly Destination[],
  hold: RequestHold,
): Promise<Answer> {
  const { isStreaming } = asked.request;
  const patience = isStreaming ? new Patience(edge, exchange) : undefined;
  try {
    return await tryDestinations(
      edge,
      exchange,
      attemptOrder(destinations, isStreaming),
      async (destination) => await attemptKnowing(edge, exchange, asked, destination, hold),
    );
  } finally {
    patience?.[Symbol.dispose]();
  }
}

/** A provider that does not know a thought for its own is asked once more without any: the user sees nothing of this. */
async function attemptKnowing(
  edge: EdgeParts,
  exchange: Exchange,
  asked: Asked,
  destination: Destination,
  hold: RequestHold,
): Promise<Answer> {
  try {
    return await attempt(edge, exchange, asked, destination, hold);
  } catch (error) {
    // Ours was too much for this model: what it may answer then is metered and, where it has to be, ended here.
    if (asked.unbounded !== undefined && isMaximumRefused(error)) {
      return await attempt(edge, exchange, asked.unbounded, destination, hold);
    }
    if (!isThoughtRefused(error) || !hasThoughts(asked)) throw error;
    return await attempt(edge, exchange, withoutThoughts(asked), destination, hold);
  }
}

/** "max_tokens is too large: 16384. This model supports at most 4096 completion tokens", and the like. */
function isMaximumRefused(error: unknown): boolean {
  if (!(error instanceof AttemptFailure)) return false;
  const { details, message } = error.fault;
  return (
    details.capability === 'max_tokens_context_overflow' ||
    /max_?(?:completion_?|output_?)?tokens|maxOutputTokens/i.test(message)
  );
}

function isThoughtRefused(error: unknown): boolean {
  return error instanceof AttemptFailure && error.fault.details.capability === 'thinking_signature';
}
