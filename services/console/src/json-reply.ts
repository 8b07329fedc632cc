// Replies are JSON in camelCase; errors are RFC 9457 problem details whose `code` is the fault's.

import type { Fault, FaultCode } from '@ai-switch/kernel';

const PROBLEM_OF: Readonly<Record<FaultCode, readonly [status: number, title: string]>> = {
  invalid: [400, 'The request is wrong'],
  unauthenticated: [401, 'No valid credential'],
  forbidden: [403, 'Not permitted'],
  notFound: [404, 'Not found'],
  conflict: [409, 'Conflict'],
  tooLarge: [413, 'Too large'],
  quotaExhausted: [429, 'Quota spent'],
  rateLimited: [429, 'Too many requests'],
  overloaded: [503, 'No room'],
  unavailable: [503, 'A service does not answer'],
  deadline: [504, 'Out of time'],
  contextOverflow: [400, 'Prompt too long'],
  upstream: [502, 'The provider failed'],
  internal: [500, 'A mistake of ours'],
};

const PRECONDITION_FAILED: readonly [number, string] = [412, 'Changed meanwhile'];

export function jsonReply(body: unknown, status = 200, more?: Headers): Response {
  return new Response(jsonText(body), { status, headers: headersFor('application/json', more) });
}

export function problemReply(fault: Fault): Response {
  const { code, message, details, retryAfterMs } = fault;
  const isStale = code === 'conflict' && details.reason === 'revision';
  const [status, title] = isStale ? PRECONDITION_FAILED : PROBLEM_OF[code];
  const headers = headersFor('application/problem+json');
  if (code === 'unauthenticated') headers.set('www-authenticate', 'Bearer');
  if (retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
  const body = { ...details, type: 'about:blank', title, status, detail: message, code };
  return new Response(jsonText(body), { status, headers });
}

function headersFor(contentType: string, more?: Headers): Headers {
  const headers = new Headers(more);
  headers.set('content-type', contentType);
  headers.set('cache-control', 'no-store');
  return headers;
}

/** An int64 is a JSON number as long as every reader reads it exactly, and text above. */
export function jsonText(body: unknown): string {
  return JSON.stringify(body, (_name, value: unknown) => {
    if (typeof value !== 'bigint') return value;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  });
}
