// https://platform.openai.com/docs/guides/error-codes/api-errors
// Retry headers steer the SDKs: Codex repeats a 429 only with `retry-after`, the OpenAI SDK obeys `x-should-retry`.

import type { HttpError, OutgoingError } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import type { JsonObject } from '../json/value.ts';
import type { ErrorCode } from '../model/event.ts';

export function writeError(error: OutgoingError): HttpError {
  const row = rowOf(error);
  const headers: Record<string, string> = {};
  if (row.status === 429 || row.status === 503)
    headers['retry-after'] = retryAfterSeconds(error.retryAfterMs);
  if (!row.isRetryUseful) headers['x-should-retry'] = 'false';
  return { status: row.status, headers, body: { error: errorObject(error) } };
}

/** The error as the last frame of a stream that has begun; no `[DONE]` follows. */
export function writeStreamError(error: OutgoingError): string {
  return printFrame('', JSON.stringify({ error: errorObject(error) }));
}

function errorObject(error: OutgoingError): JsonObject {
  const row = rowOf(error);
  const field = error.details?.field;
  return {
    message: error.message,
    type: row.type,
    param: field === undefined || field === '' ? (row.param ?? null) : field,
    code: error.code === 'notFound' && field === 'path' ? 'unknown_url' : row.code,
  };
}

interface Row {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param?: string;
  readonly isRetryUseful: boolean;
}

/** What a rule of the gateway's own forbids. */
const POLICY_BLOCKED: Row = {
  status: 400,
  type: 'invalid_request_error',
  code: 'content_policy_violation',
  isRetryUseful: false,
};

function rowOf({ code, details }: OutgoingError): Row {
  return details?.policy === undefined ? ROWS[code] : POLICY_BLOCKED;
}

const ROWS: Readonly<Record<ErrorCode, Row>> = {
  invalid: { status: 400, type: 'invalid_request_error', code: null, isRetryUseful: false },
  contextOverflow: {
    status: 400,
    type: 'invalid_request_error',
    code: 'context_length_exceeded',
    param: 'messages',
    isRetryUseful: false,
  },
  unauthenticated: {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    isRetryUseful: false,
  },
  forbidden: { status: 403, type: 'permission_error', code: 'permission_denied', isRetryUseful: false },
  notFound: {
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
    param: 'model',
    isRetryUseful: false,
  },
  conflict: { status: 409, type: 'invalid_request_error', code: 'conflict', isRetryUseful: false },
  tooLarge: { status: 413, type: 'invalid_request_error', code: 'request_too_large', isRetryUseful: false },
  quotaExhausted: {
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    isRetryUseful: false,
  },
  rateLimited: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', isRetryUseful: true },
  overloaded: { status: 503, type: 'server_error', code: 'server_is_overloaded', isRetryUseful: true },
  unavailable: { status: 503, type: 'server_error', code: 'service_unavailable', isRetryUseful: true },
  deadline: { status: 504, type: 'server_error', code: 'timeout', isRetryUseful: true },
  upstream: { status: 502, type: 'server_error', code: 'upstream_error', isRetryUseful: false },
  internal: { status: 500, type: 'server_error', code: 'internal_error', isRetryUseful: true },
};

function retryAfterSeconds(retryAfterMs: number | undefined): string {
  return String(Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1000)));
}
