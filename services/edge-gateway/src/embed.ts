// Embeddings take the walk of docs/REQUEST.md with a model of their own: there is no stream, and an answer is charged by
// its input alone.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '@ai-switch/contracts';
import {
  type Dialect,
  type EmbeddingAddress,
  type EmbeddingDialect,
  type EmbeddingRequest,
  type JsonObject,
  noUsage,
} from '@ai-switch/dialects';
import { wantedForInput } from './amounts.ts';
import { authenticate } from './authenticate.ts';
import type { Charge } from './charge.ts';
import type { EdgeParts } from './edge-parts.ts';
import { type AskedEmbeddings, attemptEmbeddings, embeddingDestinations } from './embed-attempt.ts';
import { tokensOf } from './estimate.ts';
import type { Exchange } from './exchange.ts';
import { hasRules, intercept } from './intercept/intercept.ts';
import { endRate, hasRates, limitRate } from './limit/limit-rate.ts';
import { permitModel } from './permit.ts';
import { readBody } from './read-body.ts';
import { receive } from './receive.ts';
import { record } from './record.ts';
import { refuse } from './refuse.ts';
import { reserve } from './reserve.ts';
import { attemptOrder } from './retry-rules.ts';
import { route } from './route.ts';
import { endAttemptSpan } from './spans/attempt-span.ts';
import { watchStall } from './stall-watch.ts';
import { tryDestinations } from './try-destinations.ts';
import { writeJson } from './write-json.ts';

/** Answers one request, whatever happens. Never rejects. @param dialect what refusals are written in */
export async function answerEmbeddings(
  edge: EdgeParts,
  dialect: Dialect,
  embedding: EmbeddingDialect,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  address: EmbeddingAddress,
): Promise<void> {
  const exchange = receive(edge, dialect, incoming, outgoing);
  try {
    edge.admit();
    const caller = await authenticate(edge, exchange);
    const sent = await readBody(edge, exchange, edge.settings.embeddingsBodyBytesMax);
    const request = embedding.readRequest(sent.body, address);
    exchange.record.alias = request.model;
    permitModel(caller, request.model);
    const input = estimateTokens(request);
    if (hasRates(caller)) await limitRate(edge, exchange, caller, input);
    if (hasRules(caller)) await interceptInputs(edge, exchange, caller, sent.body, request);
    const routed = await route(edge, caller, request.model, exchange);
    const destinations = embeddingDestinations(routed, request.model);
    const hold = await reserve(edge, exchange, caller, wantedForInput(input, destinations), sent.bytes);
    if (hold === undefined) return;
    try {
      const asked: AskedEmbeddings = { ...sent, embedding, request };
      const order = attemptOrder(destinations, false);
      const answer = await tryDestinations(edge, exchange, order, (destination) =>
        attemptEmbeddings(edge, exchange, asked, destination, hold),
      );
      const inputTokens = answer.reply.inputTokens ?? input;
      hold.hold.finishing(hold.amountsOf({ ...noUsage, input: inputTokens }));
      writeJson(exchange, answer.bytes ?? embedding.writeReply(answer.reply, request, inputTokens));
      watchStall(edge, outgoing);
      const charge = chargeOf(inputTokens, answer.reply.inputTokens === undefined, exchange.interruption);
      endAttemptSpan(exchange, charge);
      if (charge.outcome === 'completed') exchange.keepAnswer?.();
      await hold.settle(charge);
    } finally {
      if (!hold.isOver) await hold.end();
    }
  } catch (error) {
    refuse(edge, exchange, error);
  } finally {
    endRate(exchange);
    record(edge, exchange);
  }
}

/** Tokens would go to the provider unread. */
async function interceptInputs(
  edge: EdgeParts,
  exchange: Exchange,
  caller: Caller,
  body: JsonObject,
  { inputs }: EmbeddingRequest,
): Promise<void> {
  const inspector = await intercept(edge, exchange, caller, body);
  const hasTokens = inputs.some(({ kind }) => kind === 'tokens');
  if (hasTokens && inspector.isBlockingPrompts) throw inspector.refuseUninspected('prompt', 'form');
}

function chargeOf(input: number, isEstimated: boolean, interruption: string | undefined): Charge {
  const outcome = interruption === 'clientGone' ? 'clientGone' : 'completed';
  return { usage: { ...noUsage, input }, isEstimated, outcome };
}

/** Never zero. */
function estimateTokens({ inputs }: EmbeddingRequest): number {
  return inputs.reduce((sum, input) => {
    if (input.kind === 'tokens') return sum + input.tokens.length;
    if (input.kind === 'text') return sum + Math.max(1, tokensOf(input.text.length));
    return sum + tokensOf(JSON.stringify(input.source.value).length);
  }, 0);
}
