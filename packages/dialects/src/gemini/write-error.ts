// https://ai.google.dev/gemini-api/docs/troubleshooting and https://google.aip.dev/193: clients read the wait from RetryInfo.

import type { HttpError, OutgoingError } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import type { JsonObject } from '../json/value.ts';
import { overflowCounts } from '../model/context-overflow.ts';
import type { ErrorCode } from '../model/event.ts';

export function writeError(error: OutgoingError): HttpError {
  const row = rowOf(error);
  const headers: Record<string, string> = {};
  if (row.status === 429 || row.status === 503) {
    headers['retry-after'] = String(Math.max(1, Math.ceil((error.retryAfterMs ?? 0) / 1000)));
  }
  if (!row.isRetryUseful) headers['x-should-retry'] = 'false';
  return { status: row.status, headers, body: errorBody(error) };
}

/**
 * The error as the last frame of a stream that has begun. What a rule blocks ends like an answer that Google itself blocked,
 * with the words as its last: Gemini CLI 0.61.0 shows those, and asks three times more after an error (seen 2026-11-23).
 */
export function writeStreamError(error: OutgoingError): string {
  const isBlocked = error.details?.policy !== undefined;
  return printFrame('', JSON.stringify(isBlocked ? blockedChunk(error) : errorBody(error)));
}

/** https://ai.google.dev/api/generate-content#FinishReason */
function blockedChunk({ message }: OutgoingError): JsonObject {
  const content = { parts: [{ text: `\n\n${message}` }], role: 'model' };
  return { candidates: [{ content, finishReason: 'PROHIBITED_CONTENT', finishMessage: message, index: 0 }] };
}

function errorBody(error: OutgoingError): JsonObject {
  const row = rowOf(error);
  return {
    error: {
      code: row.status,
      message: messageOf(error),
      status: row.word,
      details: detailsOf(error, row),
    },
  };
}

/** The words by which clients know an overflow in this dialect. */
function messageOf({ code, message }: OutgoingError): string {
  if (code !== 'contextOverflow' || /input token count/i.test(message)) return message;
  const counts = overflowCounts(message);
  if (counts !== undefined) {
    const { tokens, tokensMax } = counts;
    return `The input token count (${tokens}) exceeds the maximum number of tokens allowed (${tokensMax}).`;
  }
  return `The input token count exceeds the maximum number of tokens allowed: ${message}`;
}

function detailsOf(error: OutgoingError, row: Row): readonly JsonObject[] {
  const field = error.details?.field ?? '';
  const details: JsonObject[] = [
    {
      '@type': `${TYPES}.ErrorInfo`,
      reason: row.reason,
      domain: 'aiswitch',
      metadata: { ...error.details, requestId: error.requestId },
    },
  ];
  if (field !== '' && row.status === 400) {
    const fieldViolations = [{ field, description: error.message }];
    details.push({ '@type': `${TYPES}.BadRequest`, fieldViolations });
  }
  const isWaitTold = error.retryAfterMs !== undefined || row.status === 429 || row.status === 503;
  if (row.isRetryUseful && isWaitTold) {
    const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 0) / 1000));
    details.push({ '@type': `${TYPES}.RetryInfo`, retryDelay: `${seconds}s` });
  }
  return details;
}

const TYPES = 'type.googleapis.com/google.rpc';

interface Row {
  readonly status: number;
  /** https://cloud.google.com/apis/design/errors#handling_errors */
  readonly word: string;
  readonly reason: string;
  readonly isRetryUseful: boolean;
}

function row(status: number, word: string, reason: string, isRetryUseful: boolean): Row {
  return { status, word, reason, isRetryUseful };
}

/** What a rule of the gateway's own forbids: Google's clients ask again after a blocked prompt, and not after this. */
const POLICY_BLOCKED = row(400, 'INVALID_ARGUMENT', 'POLICY_BLOCKED', false);

function rowOf({ code, details }: OutgoingError): Row {
  return details?.policy === undefined ? ROWS[code] : POLICY_BLOCKED;
}

const ROWS: Readonly<Record<ErrorCode, Row>> = {
  invalid: row(400, 'INVALID_ARGUMENT', 'INVALID_REQUEST', false),
  contextOverflow: row(400, 'INVALID_ARGUMENT', 'CONTEXT_LENGTH_EXCEEDED', false),
  unauthenticated: row(401, 'UNAUTHENTICATED', 'API_KEY_INVALID', false),
  forbidden: row(403, 'PERMISSION_DENIED', 'PERMISSION_DENIED', false),
  notFound: row(404, 'NOT_FOUND', 'MODEL_NOT_FOUND', false),
  conflict: row(409, 'ABORTED', 'CONFLICT', false),
  tooLarge: row(413, 'INVALID_ARGUMENT', 'REQUEST_TOO_LARGE', false),
  quotaExhausted: row(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXHAUSTED', false),
  rateLimited: row(429, 'RESOURCE_EXHAUSTED', 'RATE_LIMIT_EXCEEDED', true),
  overloaded: row(503, 'UNAVAILABLE', 'OVERLOADED', true),
  unavailable: row(503, 'UNAVAILABLE', 'SERVICE_UNAVAILABLE', true),
  deadline: row(504, 'DEADLINE_EXCEEDED', 'TIMEOUT', true),
  upstream: row(502, 'INTERNAL', 'UPSTREAM_ERROR', false),
  internal: row(500, 'INTERNAL', 'INTERNAL_ERROR', true),
};
