// https://platform.openai.com/docs/guides/error-codes/api-errors

import type { HttpError, OutgoingError } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import { objectOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { ErrorCode } from '../model/event.ts';
import { writeError as writeChatError } from '../openai-chat/write-error.ts';

/** As in OpenAI's other dialect; what overflows here is the input. */
export function writeError(error: OutgoingError): HttpError {
  const { status, headers, body } = writeChatError(error);
  const written = objectOf(body.error) ?? {};
  if (written.param !== 'messages') return { status, headers, body };
  return { status, headers, body: { error: { ...written, param: 'input' } } };
}

/**
 * For a stream whose beginning was not written here; the number is higher than any that was. OpenAI's SDK takes no failure of
 * a response that began under another id.
 */
export function writeStreamError(error: OutgoingError): string {
  const id = error.replyId || `resp_${error.requestId.replace(/^req_/, '')}`;
  const response = { object: 'response', id, output: [] };
  return failedFrame(error, response, SEQUENCE_NUMBER_LAST);
}

const SEQUENCE_NUMBER_LAST = 2_147_483_647;

/** Codex waits for this frame; at a bare `error` it takes the stream for cut and repeats the turn. */
export function failedFrame(error: OutgoingError, response: JsonObject, sequenceNumber: number): string {
  const { code, message } = streamError(error);
  const failed = { ...response, status: 'failed', error: { code, message } };
  const event = { type: 'response.failed', sequence_number: sequenceNumber, response: failed };
  return printFrame('response.failed', JSON.stringify(event));
}

/** Codex reads the time to wait out of the words, and asks again at every code that it does not know. */
function streamError(error: OutgoingError): { readonly code: string; readonly message: string } {
  const { message } = error;
  const code = error.details?.policy === undefined ? CODES[error.code] : 'invalid_prompt';
  if (code !== 'rate_limit_exceeded' || /try again in/i.test(message)) return { code, message };
  const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 0) / 1000));
  return { code, message: `${message} Please try again in ${seconds}s.` };
}

const CODES: Readonly<Record<ErrorCode, string>> = {
  invalid: 'invalid_prompt',
  unauthenticated: 'invalid_prompt',
  forbidden: 'invalid_prompt',
  notFound: 'invalid_prompt',
  conflict: 'invalid_prompt',
  tooLarge: 'invalid_prompt',
  contextOverflow: 'context_length_exceeded',
  quotaExhausted: 'insufficient_quota',
  rateLimited: 'rate_limit_exceeded',
  overloaded: 'server_is_overloaded',
  unavailable: 'server_error',
  deadline: 'server_error',
  upstream: 'server_error',
  internal: 'server_error',
};
