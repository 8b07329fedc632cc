// What a destination is asked, and how its answer is read back. The same dialect gets the client's own bytes with a few
// fields set, so that nothing which we do not know is lost; only what forbids that has the request written anew.

import {
  type Dialect,
  type Event,
  fitRequest,
  InvalidRequest,
  type JsonObject,
  type JsonValue,
  openaiResponses,
  openSeals,
  type Request,
  sealing,
  spliceFields,
  statefulField,
} from '@ai-switch/dialects';
import { applyQuirks, type QuirkContext } from '@ai-switch/upstream';
import type { Exchange } from './exchange.ts';
import type { Translate } from './lanes.ts';
import type { Asked } from './read.ts';
import type { ReasoningRecorder } from './reasoning-store.ts';
import type { Destination } from './route.ts';

export interface Question {
  readonly body: Buffer;
  /** The provider is asked for a stream, whatever the client wants. */
  readonly isStreaming: boolean;
  /** What the destination cannot carry. */
  readonly dropped: readonly string[];
  /** The answer's events have to be led back to the client's own tools and schema, or to the form of a summary. */
  readonly isRestoring: boolean;
  /** Begins the way of one answer's events back to the client. */
  translate(recorder: ReasoningRecorder | undefined): Translate;
}

/** @throws InvalidRequest for a request that the destination's dialect cannot say at all */
export function questionFor(exchange: Exchange, asked: Asked, destination: Destination): Question {
  const { target, dialect, capabilities, origin } = destination;
  const isSameDialect = dialect === asked.dialect && dialect === exchange.dialect;
  const opened = openSeals(asked.request, origin, isSameDialect);
  const fitted = fitRequest(opened, capabilities);
  const request = withStream(fitted.request, capabilities.isStreamOnly === true);
  const quirksDropped = new Set<string>();
  const context: QuirkContext = {
    model: target.model,
    isStreaming: request.isStreaming,
    clientDialect: asked.dialect.name,
    affinityKey: exchange.affinityKey,
    dialect: dialect.name,
    dropped: quirksDropped,
  };
  const isPassable = isSameDialect && request === asked.request && !asked.isRewritten;
  const edits = isPassable ? editsFor(asked, destination) : undefined;
  if (edits !== undefined) {
    const edited = { ...asked.body, ...edits };
    const wanted = applyQuirks(target, edited, context);
    return {
      body: wanted === edited ? spliceFields(asked.bytes, asked.scan, edits) : passedBody(asked, wanted),
      isStreaming: request.isStreaming,
      dropped: [...quirksDropped],
      isRestoring: false,
      translate: (recorder) => translation(exchange, origin, [], recorder),
    };
  }
  if (dialect !== exchange.dialect) refuseUnanswerable(request, dialect);
  const written = dialect.writeRequest(request, target.model, capabilities);
  const restores = [written.restore, fitted.restore].filter((restore) => restore !== undefined);
  const body = Buffer.from(JSON.stringify(applyQuirks(target, written.body, context)));
  return {
    body,
    isStreaming: request.isStreaming,
    dropped: [...new Set([...fitted.dropped, ...written.dropped, ...quirksDropped])].sort(),
    // A summary is an answer like any other until it is written as one.
    isRestoring: restores.length > 0 || request.isCompaction === true,
    translate: (recorder) => {
      const begun = restores.map((restore) => restore());
      return translation(exchange, origin, begun, recorder);
    },
  };
}

/** What is set in the client's own bytes; undefined when they cannot go through. */
function editsFor({ request, body, unbounded }: Asked, { dialect, target }: Destination) {
  const edits = dialect.passThroughEdits(request, target.model);
  if (edits === undefined || unbounded === undefined || request.outputTokensMax === undefined) return edits;
  return { ...edits, ...dialect.outputMaxEdits(body, target.model, request.outputTokensMax) };
}

/** What would be answered wrongly, and nobody would see it: every other loss is named beside the answer. */
function refuseUnanswerable(request: Request, dialect: Dialect): void {
  const { model, answerCount } = request;
  if (answerCount > 1) {
    throw new InvalidRequest('n', `The model "${model}" gives one answer at a time here: leave "n" out.`);
  }
  const field = dialect === openaiResponses ? undefined : statefulField(request);
  if (field === undefined) return;
  throw new InvalidRequest(
    field,
    `The field "${field}" is not supported for the model "${model}" (unsupported_parameter): its provider keeps no ` +
      'earlier responses. Send the whole conversation in "input".',
  );
}

function withStream(request: Request, isStreamOnly: boolean): Request {
  if (request.isStreaming || !isStreamOnly) return request;
  return { ...request, isStreaming: true, isStreamUsageWanted: true };
}

/** The client's bytes with the fields set that differ; written anew only when one has to go. */
function passedBody({ body, bytes, scan }: Asked, wanted: JsonObject): Buffer {
  if (Object.keys(body).some((name) => !(name in wanted))) return Buffer.from(JSON.stringify(wanted));
  const differing = Object.entries(wanted).filter(([name, value]) => body[name] !== value);
  return spliceFields(bytes, scan, Object.fromEntries(differing) as Record<string, JsonValue>);
}

/** At most so many names of what an answer could not carry are recorded. */
const DROPPED_NAMES_MAX = 64;

/** Back to the client's own tools, then sealed, so that hidden reasoning comes back to nobody but who made it. */
function translation(
  exchange: Exchange,
  origin: string,
  restores: readonly Translate[],
  recorder: ReasoningRecorder | undefined,
): Translate {
  const { dropped } = exchange.record;
  const seal = sealing(origin);
  return (event) => {
    if (event.type === 'dropped') {
      if (dropped.length < DROPPED_NAMES_MAX && !dropped.includes(event.name)) dropped.push(event.name);
      return NOTHING;
    }
    let events: readonly Event[] = [event];
    for (const restore of restores) events = events.flatMap(restore);
    const sealed = events.flatMap(seal);
    if (recorder !== undefined) for (const one of sealed) recorder.observe(one);
    return sealed;
  };
}

const NOTHING: readonly Event[] = [];
