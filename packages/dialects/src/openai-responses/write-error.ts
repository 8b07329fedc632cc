// https://platform.openai.com/docs/guides/error-codes/api-errors

import type { HttpError, OutgoingError } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import { objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { writeError as writeChatError } from '../openai-chat/write-error.ts';

/** As in OpenAI's other dialect; what overflows here is the input. */
export function writeError(error: OutgoingError): HttpError {
  const { status, headers, body } = writeChatError(error);
  const written = objectOf(body.error) ?? {};
  if (written.param !== 'messages') return { status, headers, body };
  return { status, headers, body: { error: { ...written, param: 'input' } } };
}

/** For a stream whose beginning was not written here; the number is higher than any that was. */
export function writeStreamError(error: OutgoingError): string {
  const response = { object: 'response', id: `resp_${error.requestId.replace(/^req_/, '')}`, output: [] };
  return failedFrame(error, response, SEQUENCE_NUMBER_LAST);
}

const SEQUENCE_NUMBER_LAST = 999_999;

/** Codex waits for this frame; at a bare `error` it takes the stream for cut and repeats the turn. */
export function failedFrame(error: OutgoingError, response: JsonObject, sequenceNumber: number): string {
  const { code, message } = streamError(error);
  const failed = { ...response, status: 'failed', error: { code, message } };
  const event = { type: 'response.failed', sequence_number: sequenceNumber, response: failed };
  return printFrame('response.failed', JSON.stringify(event));
}

/** Codex reads the time to wait out of the words. */
function streamError(error: OutgoingError): { readonly code: string; readonly message: string } {
  const code = stringOf(objectOf(writeChatError(error).body.error)?.code);
  if (error.code !== 'rateLimited') return { code: code ?? 'invalid_prompt', message: error.message };
  const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 0) / 1000));
  const isSaid = /try again in/i.test(error.message);
  const message = isSaid ? error.message : `${error.message} Please try again in ${seconds}s.`;
  return { code: code ?? 'rate_limit_exceeded', message };
}
