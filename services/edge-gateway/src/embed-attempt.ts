import {
  type EmbeddingDialect,
  type EmbeddingReply,
  type EmbeddingRequest,
  embeddingsOf,
  InvalidReply,
  InvalidRequest,
  type JsonValue,
  spliceFields,
} from '@ai-switch/dialects';
import { Fault } from '@ai-switch/kernel';
import { UpstreamFailure } from '@ai-switch/upstream';
import { AttemptFailure, failureOfCall, failureOfStatus } from './attempt-failure.ts';
import type { EdgeParts } from './edge-parts.ts';
import { type Exchange, interruptionFault } from './exchange.ts';
import type { SentBody } from './read-body.ts';
import type { RequestHold } from './request-hold.ts';
import type { Destination } from './route.ts';
import { beginAttemptSpan, failAttemptSpan } from './spans/attempt-span.ts';

export interface AskedEmbeddings extends SentBody {
  readonly embedding: EmbeddingDialect;
  readonly request: EmbeddingRequest;
}

export interface EmbeddingsAnswer {
  readonly reply: EmbeddingReply;
  /** The provider's own bytes, when they are what the client wants. */
  readonly bytes?: Buffer;
}

/** Those of an alias that have embeddings. @throws InvalidRequest when none has */
export function embeddingDestinations(
  destinations: readonly Destination[],
  alias: string,
): readonly Destination[] {
  const able = destinations.filter(({ dialect }) => embeddingsOf(dialect.name) !== undefined);
  if (able.length > 0) return able;
  throw new InvalidRequest(
    'model',
    `The model "${alias.slice(0, 128)}" answers in words: its provider has no embeddings. Ask for an embedding model.`,
  );
}

/** @throws AttemptFailure; InvalidRequest for inputs that the destination cannot embed at all */
export async function attemptEmbeddings(
  edge: EdgeParts,
  exchange: Exchange,
  asked: AskedEmbeddings,
  destination: Destination,
  hold: RequestHold,
): Promise<EmbeddingsAnswer> {
  const { target, dialect } = destination;
  const { record } = exchange;
  const there = embeddingsOf(dialect.name);
  if (there === undefined) throw new Fault('internal', 'Who has no embeddings was asked for them.');
  const { bodies, dropped } = bodiesFor(asked, there, target.model);
  if (exchange.interruption !== undefined) throw interruptionFault(exchange.interruption);
  record.attempts += 1;
  record.provider = target.provider;
  record.model = target.model;
  record.dropped = [...dropped];
  beginAttemptSpan(exchange, target);
  try {
    const replies: Buffer[] = [];
    for (const body of bodies) {
      replies.push(await call(edge, exchange, destination, there.path(target.model), body, hold));
    }
    const reply = together(replies.map((bytes) => there.readReply(parse(bytes))));
    if (reply.vectors.length !== asked.request.inputs.length)
      throw new InvalidReply('not one vector an input');
    const [bytes] = replies;
    const isPassed = there === asked.embedding && there.passThroughEdits(target.model) !== undefined;
    const isAsWanted = reply.encoding === asked.request.encoding && reply.inputTokens !== undefined;
    return isPassed && isAsWanted && bytes !== undefined ? { reply, bytes } : { reply };
  } catch (error) {
    failAttemptSpan(exchange, error);
    if (exchange.interruption !== undefined) throw interruptionFault(exchange.interruption);
    if (error instanceof UpstreamFailure) throw failureOfCall(error);
    if (error instanceof InvalidReply) {
      // The provider has worked and charges for it; nobody has got anything.
      hold.bearFailed(undefined);
      throw unreadable(error);
    }
    throw error;
  }
}

function bodiesFor(
  { embedding, request, bytes, scan }: AskedEmbeddings,
  there: EmbeddingDialect,
  model: string,
) {
  const edits = there === embedding ? there.passThroughEdits(model) : undefined;
  if (edits !== undefined) return { bodies: [spliceFields(bytes, scan, edits)], dropped: [] };
  const { bodies, dropped } = there.writeRequest(request, model);
  return { bodies: bodies.map((body) => Buffer.from(JSON.stringify(body))), dropped };
}

async function call(
  edge: EdgeParts,
  exchange: Exchange,
  { target, dialect }: Destination,
  path: string,
  body: Buffer,
  hold: RequestHold,
): Promise<Buffer> {
  const { headers } = exchange.incoming;
  hold.price = target.price;
  hold.dispatching();
  const started = edge.upstream.call({
    target,
    path,
    body,
    accept: 'application/json',
    extraHeaders: headers,
  });
  exchange.onInterrupt = () => started.abort();
  try {
    const reply = await started.reply;
    if (reply.status < 200 || reply.status >= 300) throw await failureOfStatus(edge, dialect, reply);
    return await reply.body.bytes(edge.settings.replyBytesMax);
  } finally {
    if (started.isDispatched) hold.hold.isDispatched = true;
    exchange.onInterrupt = undefined;
  }
}

function parse(bytes: Buffer): JsonValue {
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonValue;
  } catch {
    throw new InvalidReply('not JSON');
  }
}

/** One reply of several calls. It has a count only when all of them have. */
function together(replies: readonly EmbeddingReply[]): EmbeddingReply {
  const [first] = replies;
  if (first === undefined || replies.length === 1) return first ?? { vectors: [], encoding: 'float' };
  const counts = replies.map(({ inputTokens }) => inputTokens);
  const inputTokens = counts.reduce(
    (sum, count) => (sum !== undefined && count !== undefined ? sum + count : undefined),
    0,
  );
  return {
    vectors: replies.flatMap(({ vectors }) => vectors),
    encoding: first.encoding,
    ...(inputTokens !== undefined && { inputTokens }),
  };
}

function unreadable(cause: InvalidReply): AttemptFailure {
  const fault = new Fault('upstream', 'The provider sent something that is not a list of embeddings.', {
    cause,
  });
  return new AttemptFailure(fault, true);
}
