// https://docs.claude.com/en/api/errors, and what Claude Code does with each: a 401 without `x-should-retry: false` is
// repeated for minutes, "prompt is too long" makes it compact.

import type { HttpError, OutgoingError } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import type { JsonObject } from '../json/value.ts';
import { overflowCounts } from '../model/context-overflow.ts';
import type { ErrorCode } from '../model/event.ts';

export function writeError(error: OutgoingError): HttpError {
  const row = rowOf(error);
  const headers: Record<string, string> = {};
  if (STATUSES_WITH_RETRY_AFTER.has(row.status)) {
    headers['retry-after'] = String(Math.max(1, Math.ceil((error.retryAfterMs ?? 0) / 1000)));
  }
  if (!row.isRetryUseful) headers['x-should-retry'] = 'false';
  return { status: row.status, headers, body: errorBody(error) };
}

/** The error as the last frame of a stream that has begun; no `message_stop` follows. */
export function writeStreamError(error: OutgoingError): string {
  return printFrame('error', JSON.stringify(errorBody(error)));
}

function errorBody(error: OutgoingError): JsonObject {
  return {
    type: 'error',
    error: { type: rowOf(error).type, message: messageOf(error) },
    request_id: error.requestId,
  };
}

/**
 * Claude Code asks again without what the token names, which must be the whole message, and compacts a conversation when
 * it reads that its prompt is too long. https://code.claude.com/docs/en/llm-gateway-protocol
 */
function messageOf({ code, message, details }: OutgoingError): string {
  if (details?.capability !== undefined) return `capability_rejected: ${details.capability}`;
  if (code !== 'contextOverflow' || /prompt is too long/i.test(message)) return message;
  const counts = overflowCounts(message);
  if (counts === undefined) return `prompt is too long: ${message}`;
  return `prompt is too long: ${counts.tokens} tokens > ${counts.tokensMax} maximum`;
}

const STATUSES_WITH_RETRY_AFTER = new Set([429, 503, 529]);

interface Row {
  readonly status: number;
  readonly type: string;
  readonly isRetryUseful: boolean;
}

/** What a rule of the gateway's own forbids. */
const POLICY_BLOCKED: Row = { status: 400, type: 'policy_blocked', isRetryUseful: false };

function rowOf({ code, details }: OutgoingError): Row {
  return details?.policy === undefined ? ROWS[code] : POLICY_BLOCKED;
}

const ROWS: Readonly<Record<ErrorCode, Row>> = {
  invalid: { status: 400, type: 'invalid_request_error', isRetryUseful: false },
  contextOverflow: { status: 400, type: 'invalid_request_error', isRetryUseful: false },
  unauthenticated: { status: 401, type: 'authentication_error', isRetryUseful: false },
  forbidden: { status: 403, type: 'permission_error', isRetryUseful: false },
  notFound: { status: 404, type: 'not_found_error', isRetryUseful: false },
  conflict: { status: 409, type: 'invalid_request_error', isRetryUseful: false },
  tooLarge: { status: 413, type: 'request_too_large', isRetryUseful: false },
  quotaExhausted: { status: 429, type: 'billing_error', isRetryUseful: false },
  rateLimited: { status: 429, type: 'rate_limit_error', isRetryUseful: true },
  overloaded: { status: 529, type: 'overloaded_error', isRetryUseful: true },
  unavailable: { status: 503, type: 'api_error', isRetryUseful: true },
  deadline: { status: 504, type: 'timeout_error', isRetryUseful: true },
  upstream: { status: 502, type: 'api_error', isRetryUseful: false },
  internal: { status: 500, type: 'api_error', isRetryUseful: true },
};
