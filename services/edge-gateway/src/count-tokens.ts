// How many tokens a prompt has, before it is sent: /v1/messages/count_tokens, Gemini's :countTokens, and
// /v1/responses/input_tokens. A provider that counts for itself is asked; for all others, and when it does not answer, the
// prompt is counted here. Counting costs nobody anything: nothing is reserved or charged, but it needs a key, the key
// must be allowed the model, and the access log has it as `counted`.

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CountingDialect,
  countingOf,
  type Dialect,
  openSeals,
  type Request,
  type RequestAddress,
  spliceFields,
} from '@ai-switch/dialects';
import { affinityKeyOf } from './affinity.ts';
import { authenticate } from './authenticate.ts';
import type { EdgeParts } from './edge-parts.ts';
import { type Exchange, interruptionFault } from './exchange.ts';
import { hasRules, intercept } from './intercept/intercept.ts';
import { permitModel } from './permit.ts';
import { promptTokens } from './prompt-tokens.ts';
import { readBody, type SentBody } from './read-body.ts';
import { receive } from './receive.ts';
import { record } from './record.ts';
import { refuse } from './refuse.ts';
import { type Destination, route } from './route.ts';
import { writeJson } from './write-json.ts';

/** A client that waits longer for a count would rather have ours. */
const PROVIDER_TIMEOUT_MS = 5_000;
const REPLY_BYTES_MAX = 64 * 1024;

/** Answers one request, whatever happens. Never rejects. */
export async function answerCount(
  edge: EdgeParts,
  dialect: Dialect,
  counting: CountingDialect,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  address?: RequestAddress,
): Promise<void> {
  const exchange = receive(edge, dialect, incoming, outgoing);
  try {
    edge.admit();
    const caller = await authenticate(edge, exchange);
    const sent = await readBody(edge, exchange);
    const request = counting.readRequest(sent.body, address);
    exchange.record.alias = request.model;
    exchange.affinityKey = affinityKeyOf(incoming.headers, request);
    permitModel(caller, request.model);
    if (hasRules(caller)) await intercept(edge, exchange, caller, sent.body);
    const [destination] = await route(edge, caller, request.model, exchange);
    const prompt: Prompt = { ...sent, counting, request };
    const tokens =
      (destination && (await countThere(edge, exchange, prompt, destination))) ??
      (await countHere(edge, request));
    if (exchange.interruption !== undefined) throw interruptionFault(exchange.interruption);
    exchange.record.outcome = 'counted';
    writeJson(exchange, counting.writeReply(tokens));
  } catch (error) {
    refuse(edge, exchange, error);
  } finally {
    record(edge, exchange);
  }
}

interface Prompt extends SentBody {
  readonly counting: CountingDialect;
  readonly request: Request;
}

/** @throws Fault `overloaded`, `unavailable` */
export async function countHere(edge: EdgeParts, request: Request): Promise<number> {
  const { texts, otherTokens } = promptTokens(request);
  return otherTokens + (await edge.tokenCounter.count(texts));
}

/** Undefined when the provider cannot count or does not answer in time. */
async function countThere(
  edge: EdgeParts,
  exchange: Exchange,
  prompt: Prompt,
  { target, dialect, capabilities, origin }: Destination,
): Promise<number | undefined> {
  const there = countingOf(dialect.name);
  if (there === undefined || capabilities.countTokens !== true) return undefined;
  const { record } = exchange;
  let timer: NodeJS.Timeout | undefined;
  try {
    const call = edge.upstream.call({
      target,
      path: there.path(target.model),
      body: bodyFor(prompt, there, target.model, origin),
      accept: 'application/json',
      extraHeaders: exchange.incoming.headers,
    });
    record.attempts += 1;
    const abort = () => call.abort();
    exchange.onInterrupt = abort;
    timer = setTimeout(abort, PROVIDER_TIMEOUT_MS);
    const reply = await call.reply;
    const text = await reply.body.bytes(REPLY_BYTES_MAX);
    const tokens = reply.status === 200 ? there.readReply(JSON.parse(text.toString())) : undefined;
    if (tokens === undefined) throw new Error(`the provider answered with status ${reply.status}`);
    record.provider = target.provider;
    record.model = target.model;
    return tokens;
  } catch (error) {
    const { requestId } = exchange;
    edge.logger.info({ requestId, provider: target.provider, err: error }, 'a provider did not count');
    return undefined;
  } finally {
    clearTimeout(timer);
    exchange.onInterrupt = undefined;
  }
}

/** The client's own bytes, unless they hold a thought in an envelope of ours or are of another dialect. */
function bodyFor(
  { counting, request, bytes, body, scan }: Prompt,
  there: CountingDialect,
  model: string,
  origin: string,
): Buffer {
  const opened = openSeals(request, origin, counting === there);
  return counting === there && opened === request
    ? spliceFields(bytes, scan, there.passThroughEdits(body, model))
    : Buffer.from(JSON.stringify(there.writeRequest(opened, model)));
}
