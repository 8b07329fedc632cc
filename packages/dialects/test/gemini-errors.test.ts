import { describe, expect, test } from 'vitest';
import { parseFrame } from '../src/frames/sse.ts';
import { gemini } from '../src/gemini/index.ts';
import { listOf, objectOf } from '../src/json/narrow.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { ErrorCode } from '../src/model/event.ts';

const CREDENTIAL = "The provider refused the gateway's own credential. Please tell the administrator.";
const google = (code: number, status: string, message: string, ...details: JsonObject[]): JsonObject => ({
  error: { code, message, status, ...(details.length > 0 && { details }) },
});
const retry = (retryDelay: string): JsonObject => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay,
});

describe("case 73: a provider's refusal", () => {
  test.each<[string, number, unknown, ErrorCode, string, number?]>([
    [
      'a bad field',
      400,
      google(400, 'INVALID_ARGUMENT', 'Unknown name "x".'),
      'invalid',
      'Unknown name "x".',
    ],
    ["the gateway's own key", 403, google(403, 'PERMISSION_DENIED', 'No access.'), 'upstream', CREDENTIAL],
    ['no key', 401, google(401, 'UNAUTHENTICATED', 'Expected OAuth 2 access token.'), 'upstream', CREDENTIAL],
    [
      'a wrong key, which Google calls a wrong argument',
      400,
      google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'API_KEY_INVALID',
        domain: 'googleapis.com',
      }),
      'upstream',
      CREDENTIAL,
    ],
    [
      'no such model',
      404,
      google(404, 'NOT_FOUND', 'models/x is not found.'),
      'notFound',
      'models/x is not found.',
    ],
    [
      'too often',
      429,
      google(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', retry('17.5s')),
      'rateLimited',
      'Quota exceeded.',
      17_500,
    ],
    [
      'too often, as the list of a stream',
      429,
      [google(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', retry('2s'))],
      'rateLimited',
      'Quota exceeded.',
      2_000,
    ],
    [
      'its own failure',
      500,
      google(500, 'INTERNAL', 'An internal error.'),
      'unavailable',
      'An internal error.',
    ],
    [
      'overload',
      503,
      google(503, 'UNAVAILABLE', 'The model is overloaded.'),
      'overloaded',
      'The model is overloaded.',
    ],
    ['a deadline', 504, google(504, 'DEADLINE_EXCEEDED', 'Too slow.'), 'deadline', 'Too slow.'],
    ['HTML', 502, '<html>Bad gateway</html>', 'unavailable', 'The provider answered with HTTP status 502.'],
  ])('%s', (_, status, body, code, message, retryAfterMs) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(gemini.readError(status, text)).toEqual({
      code,
      message,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  });

  test('case 76: an overflow', () => {
    const message = 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).';
    const error = gemini.readError(400, JSON.stringify(google(400, 'INVALID_ARGUMENT', message)));
    expect(error).toMatchObject({ code: 'contextOverflow', message });
  });
});

describe('case 73: a refusal that is told to a client', () => {
  const tell = (code: ErrorCode, retryAfterMs?: number): ReturnType<typeof gemini.writeError> =>
    gemini.writeError({ code, message: 'Why.', requestId: 'req_1', retryAfterMs });
  const detail = (body: JsonObject, type: string): JsonObject | undefined =>
    listOf(objectOf(body.error)?.details)
      .map(objectOf)
      .find((one) => one?.['@type'] === `type.googleapis.com/google.rpc.${type}`);

  test.each<[ErrorCode, number, string, Record<string, string>]>([
    ['invalid', 400, 'INVALID_ARGUMENT', { 'x-should-retry': 'false' }],
    ['contextOverflow', 400, 'INVALID_ARGUMENT', { 'x-should-retry': 'false' }],
    ['unauthenticated', 401, 'UNAUTHENTICATED', { 'x-should-retry': 'false' }],
    ['forbidden', 403, 'PERMISSION_DENIED', { 'x-should-retry': 'false' }],
    ['notFound', 404, 'NOT_FOUND', { 'x-should-retry': 'false' }],
    ['conflict', 409, 'ABORTED', { 'x-should-retry': 'false' }],
    ['tooLarge', 413, 'INVALID_ARGUMENT', { 'x-should-retry': 'false' }],
    ['quotaExhausted', 429, 'RESOURCE_EXHAUSTED', { 'retry-after': '1', 'x-should-retry': 'false' }],
    ['rateLimited', 429, 'RESOURCE_EXHAUSTED', { 'retry-after': '1' }],
    ['internal', 500, 'INTERNAL', {}],
    ['upstream', 502, 'INTERNAL', { 'x-should-retry': 'false' }],
    ['overloaded', 503, 'UNAVAILABLE', { 'retry-after': '1' }],
    ['unavailable', 503, 'UNAVAILABLE', { 'retry-after': '1' }],
    ['deadline', 504, 'DEADLINE_EXCEEDED', {}],
  ])('%s is status %i, %s', (code, status, word, headers) => {
    const told = tell(code);
    expect([told.status, told.headers]).toEqual([status, headers]);
    expect(told.body.error).toMatchObject({ code: status, status: word });
    expect(detail(told.body, 'ErrorInfo')).toMatchObject({
      reason: expect.stringMatching(/^[A-Z_]+$/),
      metadata: { requestId: 'req_1' },
    });
    const isRetryUseful = 'retry-after' in headers && !('x-should-retry' in headers);
    expect(detail(told.body, 'RetryInfo') !== undefined).toBe(isRetryUseful);
  });

  test.each([
    [undefined, '1', '1s'],
    [0, '1', '1s'],
    [1_001, '2', '2s'],
    [61_500, '62', '62s'],
  ])('a wait of %s ms is a retry-after of %s and a delay of %s', (waitMs, seconds, retryDelay) => {
    const { headers, body } = tell('rateLimited', waitMs);
    expect(headers['retry-after']).toBe(seconds);
    expect(detail(body, 'RetryInfo')).toMatchObject({ retryDelay });
  });

  test('the field that is wrong is named', () => {
    const details = { field: 'contents' };
    const { body } = gemini.writeError({ code: 'invalid', message: 'Why.', requestId: 'r', details });
    expect(detail(body, 'BadRequest')).toMatchObject({
      fieldViolations: [{ field: 'contents', description: 'Why.' }],
    });
  });

  test('case 76: an overflow says the words that clients of this dialect know, once', () => {
    const said = 'The input token count (5) exceeds the maximum number of tokens allowed (4).';
    expect(tell('contextOverflow').body.error).toMatchObject({
      message: expect.stringMatching(/input token count .*exceeds the maximum.*Why\.$/),
    });
    for (const message of [said, 'prompt is too long: 5 tokens > 4 maximum']) {
      const { body } = gemini.writeError({ code: 'contextOverflow', message, requestId: 'r' });
      expect(body.error).toMatchObject({ message: said });
    }
  });

  test('within a stream it is one frame without a name, and what is read of it is what was told', () => {
    const text = gemini.writeStreamError({
      code: 'rateLimited',
      message: 'Busy.',
      requestId: 'r',
      retryAfterMs: 3_000,
    });
    expect(text).toMatch(/^data: \{"error":.*\}\n\n$/);
    expect(gemini.streamReader().read(parseFrame(Buffer.from(text)))).toEqual([
      { type: 'error', error: { code: 'rateLimited', message: 'Busy.', retryAfterMs: 3_000 } },
    ]);
  });
});
