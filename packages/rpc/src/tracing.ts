// W3C trace context between services: a span around each call at both ends, and its context with the call. Nothing is registered
// unless tracing is on, and then all of this is a few empty calls.

import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('@ai-switch/rpc');

/** At the caller, within a trace. @param send is given the context to send, empty when nothing is traced */
export function tracedCall<Answer>(
  path: string,
  send: (traceparent: string) => Promise<Answer>,
): Promise<Answer> {
  // What nobody asked for, like a watch that begins again and again, would be a trace of its own each time.
  if (trace.getActiveSpan() === undefined) return send('');
  const span = tracer.startSpan(path.slice(1), { kind: SpanKind.CLIENT });
  if (!span.isRecording()) return send(currentContext());
  return context.with(trace.setSpan(context.active(), span), () => ended(span, () => send(currentContext())));
}

/** At the callee. */
export async function tracedAnswer<Answer>(
  path: string,
  traceparent: string,
  answer: () => Promise<Answer>,
): Promise<Answer> {
  if (traceparent === '') return answer();
  const parent = propagation.extract(context.active(), { traceparent });
  const span = tracer.startSpan(path.slice(1), { kind: SpanKind.SERVER }, parent);
  return context.with(trace.setSpan(parent, span), () => ended(span, answer));
}

async function ended<Answer>(
  span: ReturnType<typeof tracer.startSpan>,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

function currentContext(): string {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? '';
}
