// The span of one call to a provider, within that of its request. It ends when the provider's answer has ended. Providers are not told of
// the trace.

import type { Target } from '@ai-switch/contracts';
import { asFault } from '@ai-switch/kernel';
import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AttemptFailure } from '../attempt-failure.ts';
import type { Charge } from '../charge.ts';
import type { Exchange } from '../exchange.ts';
import { operationOf } from './route-names.ts';
import { usageAttributes } from './usage-attributes.ts';

const tracer = trace.getTracer('@ai-switch/edge-gateway');

/** What the conventions call providers where they have a name of their own for them. */
const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  'azure-openai': 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  gemini: 'gcp.gemini',
  mistral: 'mistral_ai',
  moonshot: 'moonshot_ai',
  vertex: 'gcp.vertex_ai',
  xai: 'x_ai',
};

export interface AttemptSpan {
  readonly span: Span;
  readonly startedAt: number;
}

export function beginAttemptSpan(exchange: Exchange, target: Target): void {
  if (exchange.span === undefined) return;
  const operation = operationOf(exchange.incoming.url ?? '') ?? 'chat';
  const span = tracer.startSpan(`${operation} ${target.model}`, {
    kind: SpanKind.CLIENT,
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': PROVIDER_NAMES[target.kind] ?? target.kind,
      'gen_ai.request.model': target.model,
      'aiswitch.provider': target.provider,
      'server.address': URL.parse(target.baseUrl)?.hostname ?? '',
    },
  });
  exchange.attemptSpan = { span, startedAt: performance.now() };
}

/** The first good piece of a stream is there. */
export function noteFirstChunk({ attemptSpan }: Exchange): void {
  if (attemptSpan === undefined) return;
  const seconds = (performance.now() - attemptSpan.startedAt) / 1_000;
  attemptSpan.span.setAttribute('gen_ai.response.time_to_first_chunk', seconds);
}

/** The answer ended, however it did. */
export function endAttemptSpan(exchange: Exchange, charge: Charge | undefined): void {
  const span = take(exchange);
  if (span === undefined) return;
  if (charge !== undefined) {
    span.setAttributes(usageAttributes(charge.usage));
    if (charge.outcome === 'upstreamFailed' || charge.outcome === 'cut') {
      span.setAttribute('error.type', charge.outcome);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
  }
  span.end();
}

export function failAttemptSpan(exchange: Exchange, error: unknown): void {
  const span = take(exchange);
  if (span === undefined) return;
  const { code } = error instanceof AttemptFailure ? error.fault : asFault(error);
  span.setAttribute('error.type', exchange.interruption ?? code);
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function take(exchange: Exchange): Span | undefined {
  const { attemptSpan } = exchange;
  exchange.attemptSpan = undefined;
  return attemptSpan?.span;
}
