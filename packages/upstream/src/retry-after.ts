import type { IncomingHttpHeaders } from 'node:http';

/** A provider that asks for more than a day is taken to mean a day. */
const RETRY_AFTER_MS_MAX = 86_400_000;

/**
 * How long a provider asks to wait, in milliseconds; undefined when it does not say or nobody can read it.
 * `retry-after-ms` is the more exact of the two (https://platform.openai.com/docs/guides/rate-limits); `retry-after` is
 * seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after).
 */
export function retryAfterMs(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  const exact = Number.parseFloat(String(headers['retry-after-ms'] ?? ''));
  if (Number.isFinite(exact) && exact >= 0) return bounded(exact);
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return bounded(Number(value) * 1_000);
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : bounded(Math.max(0, dateMs - nowMs));
}

function bounded(milliseconds: number): number {
  return Math.min(Math.ceil(milliseconds), RETRY_AFTER_MS_MAX);
}
