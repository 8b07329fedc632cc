// One call to one destination, up to the moment from which nothing can be taken back: a whole reply in hand, or a stream
// whose first event is good. Until then every failure is an AttemptFailure, and the client has seen nothing.

import { DryRule } from '@ai-switch/contracts';
import {
  anthropicMessages,
  callsIn,
  type Dialect,
  type Event,
  InvalidReply,
  type JsonValue,
  noUsage,
  parseFrame,
  SseSplitter,
  unfold,
} from '@ai-switch/dialects';
import { Fault } from '@ai-switch/kernel';
import { UpstreamFailure, type UpstreamReply } from '@ai-switch/upstream';
import { type Answer, EMPTY_ANSWER, isEmptyAnswer, usageIn, wordsIn } from './answer.ts';
import { AttemptFailure, failureOfCall, failureOfStatus, providerFault } from './attempt-failure.ts';
import type { EdgeParts } from './edge-parts.ts';
import { type Exchange, interruptionFault } from './exchange.ts';
import { boundedTypes, HoldMeter } from './hold-meter.ts';
import { callsOfEvents } from './intercept/event-calls.ts';
import { conversionLane, type Lane, passThroughLane, replyContext } from './lanes.ts';
import { OutputTally } from './output-tally.ts';
import { type Question, questionFor } from './question.ts';
import type { Asked } from './read.ts';
import { frameRecorder, recordReply } from './read-along.ts';
import type { RequestHold } from './request-hold.ts';
import type { Destination } from './route.ts';
import { beginAttemptSpan, failAttemptSpan, noteFirstChunk } from './spans/attempt-span.ts';
import { StreamRelay } from './stream-relay.ts';

/** @throws AttemptFailure; InvalidRequest for a request that the destination's dialect cannot say at all */
export async function attempt(
  edge: EdgeParts,
  exchange: Exchange,
  asked: Asked,
  destination: Destination,
  hold: RequestHold,
): Promise<Answer> {
  const { target, dialect } = destination;
  const { record } = exchange;
  record.provider = target.provider;
  record.model = target.model;
  if (isWarming(asked, dialect)) return NOTHING_SAID;
  const question = questionFor(exchange, asked, destination);
  if (exchange.interruption !== undefined) throw interruptionFault(exchange.interruption);
  record.attempts += 1;
  record.dropped = [...question.dropped];
  hold.price = target.price;
  hold.dispatching();
  beginAttemptSpan(exchange, target);
  const call = edge.upstream.call({
    target,
    path: dialect.path(target.model, question.isStreaming),
    body: question.body,
    accept: question.isStreaming ? 'text/event-stream' : 'application/json',
    extraHeaders: exchange.incoming.headers,
  });
  const abort = () => call.abort();
  exchange.onInterrupt = abort;
  let isAnswering = false;
  try {
    const reply = await call.reply;
    if (reply.status < 200 || reply.status >= 300) throw await failureOfStatus(edge, dialect, reply);
    isAnswering = true;
    return await answerOf(edge, exchange, asked, destination, question, reply, abort, hold);
  } catch (error) {
    failAttemptSpan(exchange, error);
    if (exchange.interruption !== undefined) throw interruptionFault(exchange.interruption);
    // The provider has worked and charges for it; nobody has got anything.
    if (isAnswering) hold.bearFailed(error instanceof AttemptFailure ? error.usage : undefined);
    if (error instanceof UpstreamFailure) throw failureOfCall(error);
    if (error instanceof InvalidReply) throw unreadable(error);
    throw error;
  } finally {
    if (call.isDispatched) hold.hold.isDispatched = true;
    // Unless a stream has taken over: an exchange that ended would keep the call and both bodies in memory through it.
    if (exchange.onInterrupt === abort) exchange.onInterrupt = undefined;
  }
}

/** `max_tokens: 0` warms Anthropic's prompt cache and asks for no word; elsewhere there is nothing to ask for. */
function isWarming({ request }: Asked, dialect: Dialect): boolean {
  return request.outputTokensMax === 0 && dialect !== anthropicMessages;
}

const NOTHING_SAID: Answer = {
  form: 'events',
  events: unfold({ id: '', model: '', parts: [], finish: 'length', usage: noUsage }),
};

async function answerOf(
  edge: EdgeParts,
  exchange: Exchange,
  asked: Asked,
  destination: Destination,
  question: Question,
  reply: UpstreamReply,
  abort: () => void,
  hold: RequestHold,
): Promise<Answer> {
  const { dialect, origin } = destination;
  const { isStreaming } = asked.request;
  const recorder = asked.request.tools.length > 0 ? exchange.recorder : undefined;
  const contentType = String(reply.headers['content-type'] ?? '');
  // Some servers stream without saying so; a whole reply always says that it is JSON, an error page that it is HTML.
  const isStream = question.isStreaming ? !/json|html/i.test(contentType) : /event-stream/i.test(contentType);
  const isPassable = dialect === exchange.dialect && !question.isRestoring;
  if (isStream && isStreaming) {
    const tally = new OutputTally(edge.tokenCounter);
    const isStoppable = hold.dryRule === DryRule.CUT && boundedTypes(hold.hold).length > 0;
    const stopper = isStoppable ? dialect.streamStopper(replyContext(exchange, asked.request)) : undefined;
    const lane = isPassable
      ? passThroughLane(
          dialect,
          asked.request,
          recorder && frameRecorder(dialect, origin, recorder),
          edge.settings,
          tally,
          stopper,
          exchange.inspector,
        )
      : conversionLane(
          dialect,
          exchange,
          asked.request,
          question.translate(exchange.recorder),
          edge.settings,
          tally,
        );
    const meter = meterOf(asked, lane, hold);
    const stream = new StreamRelay(edge, exchange, reply.body, lane, meter, abort);
    if (hold.dryRule === DryRule.RUN) meter.onDry = undefined;
    await stream.opened;
    noteFirstChunk(exchange);
    return { form: 'stream', stream };
  }
  const bytes = await reply.body.bytes(edge.settings.replyBytesMax);
  const isSse = SSE_START.test(bytes.toString('latin1', 0, SSE_START_BYTES));
  if (isSse || isStreaming || !isPassable) {
    const sent = isSse ? eventsIn(edge, destination, bytes) : dialect.readReply(parseReply(bytes));
    const events = answered(sent).flatMap(question.translate(exchange.recorder));
    const fault = exchange.inspector?.inspectCalls(callsOfEvents(events));
    if (fault === undefined) return { form: 'events', events };
    return { form: 'blocked', fault, usage: usageIn(events), words: wordsIn(events) };
  }
  const body = parseReply(bytes);
  if (recorder !== undefined) recordReply(dialect, origin, recorder, body, bytes);
  const usage = dialect.readUsage(body);
  const fault = exchange.inspector?.inspectCalls(callsIn(dialect.name, body));
  if (fault !== undefined) {
    return { form: 'blocked', fault, usage, words: wordsIn(withoutError(dialect.readReply(body))) };
  }
  if (usage !== undefined) return { form: 'bytes', bytes, usage, words: '' };
  // Without usage the reply has to be read: to see that it is one, and to count what it says.
  const words = wordsIn(withoutError(dialect.readReply(body)));
  return { form: 'bytes', bytes, usage, words };
}

function meterOf({ request, inputTokensEstimate }: Asked, lane: Lane, hold: RequestHold): HoldMeter {
  const { outputTokensMax, answerCount } = request;
  return new HoldMeter({
    hold: hold.hold,
    amountsOf: (usage) => hold.amountsOf(usage),
    delivered: lane,
    inputTokensEstimate,
    outputTokensMax: outputTokensMax === undefined ? undefined : outputTokensMax * answerCount,
  });
}

/** A whole body shows what it is, whatever its content type says. */
const SSE_START = /^(?:\xef\xbb\xbf)?\s*(?:data|event|id|retry)?:/;
const SSE_START_BYTES = 64;

/** The events of a stream that came for a client that wants none. */
function eventsIn(edge: EdgeParts, { dialect }: Destination, bytes: Buffer): readonly Event[] {
  const splitter = new SseSplitter({ frameBytesMax: edge.settings.frameBytesMax });
  const frames = splitter.push(bytes);
  const last = splitter.end();
  if (last !== undefined) frames.push(last);
  const reader = dialect.streamReader();
  const events = frames.flatMap((frame) => reader.read(parseFrame(frame)));
  return [...events, ...reader.end()];
}

/** @throws AttemptFailure for an error, and for an answer without a word */
function answered(events: readonly Event[]): readonly Event[] {
  withoutError(events);
  const finish = events.findLast((event) => event.type === 'finish');
  const hasPart = events.some((event) => event.type === 'partStart');
  if (hasPart || finish === undefined || !isEmptyAnswer(finish.reason)) return events;
  throw new AttemptFailure(providerFault(EMPTY_ANSWER), true, usageIn(events));
}

/** @throws AttemptFailure when the provider said 200 and meant an error */
function withoutError(events: readonly Event[]): readonly Event[] {
  for (const event of events) {
    if (event.type !== 'error') continue;
    throw new AttemptFailure(providerFault(event.error), true, noUsage);
  }
  return events;
}

function parseReply(bytes: Buffer): JsonValue {
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonValue;
  } catch {
    throw new InvalidReply('not JSON');
  }
}

function unreadable(cause: InvalidReply): AttemptFailure {
  const fault = new Fault('upstream', 'The provider sent something that is not an answer.', { cause });
  return new AttemptFailure(fault, true);
}
