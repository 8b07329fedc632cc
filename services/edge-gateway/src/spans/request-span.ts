// The span of one request of a client, and what it says. No prompt, no answer, no header, no path beyond its pattern and no query stands
// in a span. Without a collector there is no span, and asking for one costs a few empty calls.
//
// https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and /http/http-spans/

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessRecord } from '@ai-switch/contracts';
import {
  type Attributes,
  context,
  INVALID_TRACEID,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Exchange } from '../exchange.ts';
import { operationOf, routeOf } from './route-names.ts';
import { usageAttributes } from './usage-attributes.ts';

const tracer = trace.getTracer('@ai-switch/edge-gateway');
/** Those that end with their exchange; the others end with the response. */
const held = new WeakSet<Span>();

/** Does `work` within the span of the request, which goes on where the client's own trace is. */
export function inRequestSpan(incoming: IncomingMessage, outgoing: ServerResponse, work: () => void): void {
  const parent = propagation.extract(ROOT_CONTEXT, incoming.headers);
  const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, parent);
  if (span.spanContext().traceId === INVALID_TRACEID) {
    work();
    return;
  }
  const method = incoming.method ?? '';
  const route = routeOf(incoming.url ?? '');
  span.updateName(route === undefined ? method : `${method} ${route}`);
  span.setAttributes({
    'http.request.method': method,
    ...(route !== undefined && { 'http.route': route }),
  });
  outgoing.once('close', () => {
    if (!held.has(span)) end(span, outgoing.statusCode);
  });
  context.with(trace.setSpan(parent, span), work);
}

/** The span that this runs in, which its exchange ends from here on. */
export function holdRequestSpan(): Span | undefined {
  const span = trace.getActiveSpan();
  if (span !== undefined) held.add(span);
  return span;
}

export function endRequestSpan(span: Span, { record, reservationId, incoming }: Exchange): void {
  span.setAttributes({
    'client.address': record.clientAddress,
    'aiswitch.request_id': record.requestId,
    'aiswitch.dialect': record.dialect,
    'aiswitch.outcome': record.outcome,
    'aiswitch.attempts': record.attempts,
    ...(record.tenant !== '' && { 'aiswitch.tenant': record.tenant, 'aiswitch.user_id': record.userId }),
    ...(reservationId !== '' && { 'aiswitch.reservation_id': reservationId }),
    ...(record.faultCode !== '' && { 'error.type': record.faultCode }),
    ...(record.alias !== '' && askedAttributes(record, operationOf(incoming.url ?? ''))),
  });
  end(span, record.httpStatus);
}

/** What a client asked of a model and what came of it. */
function askedAttributes(record: AccessRecord, operation: string | undefined): Attributes {
  return {
    ...(operation !== undefined && { 'gen_ai.operation.name': operation }),
    'gen_ai.request.model': record.alias.slice(0, MODEL_CHARACTERS_MAX),
    'gen_ai.request.stream': record.streaming,
    ...(record.model !== '' && {
      'gen_ai.response.model': record.model,
      'aiswitch.provider': record.provider,
    }),
    ...(record.firstByteMs !== undefined && { 'aiswitch.first_byte_ms': record.firstByteMs }),
    ...(record.usage !== undefined && usageAttributes(record.usage)),
  };
}

/** A name comes from the client and may be anything. */
const MODEL_CHARACTERS_MAX = 128;

function end(span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
