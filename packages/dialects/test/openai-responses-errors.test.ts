import { describe, expect, test } from 'vitest';
import type { OutgoingError } from '../src/dialect.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { ErrorCode } from '../src/model/event.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import { writtenEvents } from './responses-fixtures.ts';

const errorOf = (code: ErrorCode, more: Partial<OutgoingError> = {}): OutgoingError => ({
  code,
  message: 'It did not work.',
  requestId: 'req_1',
  ...more,
});

describe('a refusal', () => {
  test.each<[ErrorCode, number, string, string | null]>([
    ['invalid', 400, 'invalid_request_error', null],
    ['contextOverflow', 400, 'invalid_request_error', 'context_length_exceeded'],
    ['unauthenticated', 401, 'invalid_request_error', 'invalid_api_key'],
    ['forbidden', 403, 'permission_error', 'permission_denied'],
    ['notFound', 404, 'invalid_request_error', 'model_not_found'],
    ['tooLarge', 413, 'invalid_request_error', 'request_too_large'],
    ['quotaExhausted', 429, 'insufficient_quota', 'insufficient_quota'],
    ['rateLimited', 429, 'rate_limit_error', 'rate_limit_exceeded'],
    ['overloaded', 503, 'server_error', 'server_is_overloaded'],
    ['deadline', 504, 'server_error', 'timeout'],
    ['internal', 500, 'server_error', 'internal_error'],
  ])('case 73: for %s has status %i and the type %s', (code, status, type, word) => {
    const http = openaiResponses.writeError(errorOf(code));
    expect(http.status).toBe(status);
    expect(http.body.error).toMatchObject({ message: 'It did not work.', type, code: word });
  });

  test('case 74: with 429 always says when to come back', () => {
    expect(openaiResponses.writeError(errorOf('rateLimited')).headers['retry-after']).toBe('1');
    const later = openaiResponses.writeError(errorOf('rateLimited', { retryAfterMs: 2_100 }));
    expect(later.headers['retry-after']).toBe('3');
    expect(openaiResponses.writeError(errorOf('quotaExhausted')).headers).toMatchObject({
      'retry-after': '1',
      'x-should-retry': 'false',
    });
  });

  test('case 76: of a prompt that is too long names the input', () => {
    expect(openaiResponses.writeError(errorOf('contextOverflow')).body.error).toMatchObject({
      param: 'input',
    });
    const field = { details: { field: 'previous_response_id' } };
    expect(openaiResponses.writeError(errorOf('invalid', field)).body.error).toMatchObject({
      param: 'previous_response_id',
    });
  });

  test.each([
    [
      { error: { code: 'context_length_exceeded', message: 'Your input exceeds the context window.' } },
      400,
      'contextOverflow',
    ],
    [
      {
        code: 'Client specified an invalid argument',
        error: "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
      },
      400,
      'contextOverflow',
    ],
    [{ error: { code: 'rate_limit_exceeded', message: 'x' } }, 429, 'rateLimited'],
    [{ error: { code: 'insufficient_quota', message: 'x' } }, 429, 'upstream'],
    [{ detail: [{ loc: ['body', 'input'], msg: 'Field required' }] }, 422, 'invalid'],
    [{ object: 'error', message: 'x', type: 'BadRequestError', code: 400 }, 400, 'invalid'],
  ])('case 73: of a provider in the form %j is read', (body, status, code) => {
    expect(openaiResponses.readError(status, JSON.stringify(body)).code).toBe(code);
  });
});

describe('case 80: a stream that fails', () => {
  const failed = (error: OutgoingError): JsonObject => {
    const [event, ...others] = writtenEvents(openaiResponses.writeStreamError(error));
    expect([event?.name, others]).toEqual(['response.failed', []]);
    return event?.body ?? {};
  };

  test.each<[ErrorCode, string]>([
    ['rateLimited', 'rate_limit_exceeded'],
    ['overloaded', 'server_is_overloaded'],
    ['contextOverflow', 'context_length_exceeded'],
    ['quotaExhausted', 'insufficient_quota'],
    ['invalid', 'invalid_prompt'],
    ['notFound', 'invalid_prompt'],
    ['upstream', 'server_error'],
    ['unavailable', 'server_error'],
    ['deadline', 'server_error'],
    ['internal', 'server_error'],
  ])('case 80: for %s ends with response.failed and the code %s', (code, word) => {
    expect(failed(errorOf(code))).toMatchObject({
      type: 'response.failed',
      response: { id: 'resp_1', object: 'response', status: 'failed', error: { code: word } },
    });
    expect(Number.isInteger(failed(errorOf(code)).sequence_number)).toBe(true);
  });

  test('case 80: says how long to wait in words that Codex reads, once', () => {
    const messageOf = (error: OutgoingError): unknown => (failed(error).response as JsonObject).error;
    expect(messageOf(errorOf('rateLimited', { retryAfterMs: 1_500 }))).toMatchObject({
      message: 'It did not work. Please try again in 2s.',
    });
    expect(messageOf(errorOf('rateLimited'))).toMatchObject({
      message: 'It did not work. Please try again in 1s.',
    });
    const message = 'Please try again in 11.054s.';
    expect(messageOf(errorOf('rateLimited', { message, retryAfterMs: 11_054 }))).toMatchObject({ message });
  });

  test('case 80: after some events numbers on, tells what was done, and is the last', () => {
    const context = { requestId: 'req_1', model: 'm', createdAtMs: 0, isStreamUsageWanted: true };
    const writer = openaiResponses.streamWriter(context);
    const text = [
      writer.write({ type: 'start', id: 'resp_9', model: 'm' }),
      writer.write({ type: 'partStart', index: 0, part: { kind: 'text' } }),
      writer.write({ type: 'textDelta', index: 0, text: 'Hel' }),
      writer.write({ type: 'partStop', index: 0 }),
      writer.write({ type: 'error', error: { code: 'overloaded', message: 'Too much.' } }),
      writer.write({ type: 'finish', reason: 'stop' }),
    ].join('');
    const events = writtenEvents(text);
    expect(events.map(({ body }) => body.sequence_number)).toEqual(events.map((_, at) => at));
    expect(events.at(-1)).toMatchObject({
      name: 'response.failed',
      body: {
        response: { id: 'resp_9', output: [{ type: 'message' }], error: { code: 'server_is_overloaded' } },
      },
    });
    expect(text).not.toContain('event: error');
  });

  test('case 83: for a rule of the gateway is not asked again', () => {
    expect(failed(errorOf('invalid', { details: { policy: 'p' } }))).toMatchObject({
      response: { error: { code: 'invalid_prompt' } },
    });
    expect(openaiResponses.writeError(errorOf('invalid', { details: { policy: 'p' } }))).toMatchObject({
      status: 400,
      headers: { 'x-should-retry': 'false' },
      body: { error: { code: 'content_policy_violation' } },
    });
  });
});
