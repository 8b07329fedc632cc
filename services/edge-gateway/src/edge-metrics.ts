// What the edge counts. Everything about a request is counted once, when its access record is complete.

import type { AccessRecord } from '@ai-switch/contracts';
import { ANSWER_SECONDS, Bounded, CALL_SECONDS, counter, gauge, histogram } from '@ai-switch/telemetry';
import type { EdgeParts } from './edge-parts.ts';

const requests = counter(
  'aiswitch_requests_total',
  'Requests that ended, by the code of the fault that the client got; none for an answer.',
  ['dialect', 'outcome', 'fault'],
);
const requestSeconds = histogram(
  'aiswitch_request_seconds',
  'From the first line of a request to the last byte of its answer.',
  ['dialect', 'outcome'],
  ANSWER_SECONDS,
);
const firstByteSeconds = histogram(
  'aiswitch_first_byte_seconds',
  'From the first line of a request to the first byte of its answer.',
  ['dialect'],
  ANSWER_SECONDS,
);
const tokens = counter('aiswitch_tokens_total', 'Tokens that answers used, by the four types.', [
  'type',
  'provider',
  'model',
]);
const attemptSeconds = histogram(
  'aiswitch_upstream_first_answer_seconds',
  'Attempts at providers, up to the first good event of a stream or a whole reply; the outcome is ok or the code of the fault.',
  ['provider', 'outcome'],
  ANSWER_SECONDS,
);
const retries = counter(
  'aiswitch_upstream_retries_total',
  'Attempts that came after one that failed, by the code of its fault.',
  ['fault'],
);
const reservationSeconds = histogram(
  'aiswitch_reservation_seconds',
  'Reservations of quota: held, rejected, known for one of before, or the code of the fault.',
  ['outcome'],
  CALL_SECONDS,
);

const requestsActive = gauge('aiswitch_requests_active', 'Requests under way.');
const streamsActive = gauge('aiswitch_streams_active', 'Of them, those whose client wants a stream.');
const holdsActive = gauge(
  'aiswitch_holds_active',
  'Reservations that are open or whose end the ledger does not know yet.',
);

/** Names come from administrators, and a metric has room for so many. */
const PROVIDERS_MAX = 50;
const MODELS_MAX = 200;
const providers = new Bounded(PROVIDERS_MAX);
const models = new Bounded(MODELS_MAX);

/** @returns how to let go of it */
export function watchEdge({ exchanges, holds }: Pick<EdgeParts, 'exchanges' | 'holds'>): () => void {
  const watches = [
    requestsActive.watch(() => exchanges.size),
    streamsActive.watch(() => exchanges.all().filter(({ record }) => record.streaming).length),
    holdsActive.watch(() => holds.size),
  ];
  return () => {
    for (const letGo of watches) letGo();
  };
}

/** Of a request that ended. */
export function countRequest({
  dialect,
  outcome,
  faultCode,
  durationMs,
  firstByteMs,
  usage,
  provider,
  model,
}: AccessRecord): void {
  const ended = outcome === '' ? 'refused' : outcome;
  requests.inc({ dialect, outcome: ended, fault: faultCode === '' ? 'none' : faultCode });
  requestSeconds.observe({ dialect, outcome: ended }, durationMs / 1_000);
  if (firstByteMs !== undefined) firstByteSeconds.observe({ dialect }, firstByteMs / 1_000);
  if (usage === undefined) return;
  const names = { provider: providers.of(provider), model: models.of(model) };
  for (const [type, count] of [
    ['input', usage.input],
    ['output', usage.output],
    ['cacheRead', usage.cacheRead],
    ['cacheWrite', usage.cacheWrite],
  ] as const) {
    if (count > 0n) tokens.inc({ type, ...names }, Number(count));
  }
}

/** @param outcome `ok` or the code of a fault */
export function countAttempt(provider: string, outcome: string, startedAtMs: number): void {
  const seconds = (performance.now() - startedAtMs) / 1_000;
  attemptSeconds.observe({ provider: providers.of(provider), outcome }, seconds);
}

export function countRetry(fault: string): void {
  retries.inc({ fault });
}

/** @param outcome `held`, `rejected`, `known`, or the code of a fault */
export function countReservation(outcome: string, startedAtMs: number): void {
  reservationSeconds.observe({ outcome }, (performance.now() - startedAtMs) / 1_000);
}
