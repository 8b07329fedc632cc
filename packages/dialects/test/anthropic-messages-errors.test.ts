import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { parseFrame } from '../src/frames/sse.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { ErrorCode } from '../src/model/event.ts';

const CREDENTIAL = "The provider refused the gateway's own credential. Please tell the administrator.";
const CREDIT = "The gateway's account with the provider has no credit. Please tell the administrator.";
const anthropic = (type: string, message: string): JsonObject => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_011C',
});

describe("a provider's refusal", () => {
  test.each<[string, number, unknown, ErrorCode, string]>([
    [
      'a bad field',
      400,
      anthropic('invalid_request_error', 'max_tokens: required'),
      'invalid',
      'max_tokens: required',
    ],
    [
      'an overflow',
      400,
      anthropic('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      'contextOverflow',
      'prompt is too long: 210000 tokens > 200000 maximum',
    ],
    [
      "the gateway's own key",
      401,
      anthropic('authentication_error', 'invalid x-api-key'),
      'upstream',
      CREDENTIAL,
    ],
    ["the gateway's own account", 403, anthropic('permission_error', 'No access.'), 'upstream', CREDENTIAL],
    ['no credit', 402, anthropic('billing_error', 'Credit balance is too low.'), 'upstream', CREDIT],
    ['no such model', 404, anthropic('not_found_error', 'model: claude-9'), 'notFound', 'model: claude-9'],
    ['too large', 413, anthropic('request_too_large', 'Too large.'), 'tooLarge', 'Too large.'],
    ['too often', 429, anthropic('rate_limit_error', 'Slow down.'), 'rateLimited', 'Slow down.'],
    [
      'its own failure',
      500,
      anthropic('api_error', 'Internal server error'),
      'unavailable',
      'Internal server error',
    ],
    ['overload', 529, anthropic('overloaded_error', 'Overloaded'), 'overloaded', 'Overloaded'],
    ['a deadline', 504, anthropic('timeout_error', 'Timed out.'), 'deadline', 'Timed out.'],
    [
      'Bedrock, without a type',
      400,
      { message: 'Input is too long for requested model: prompt is too long' },
      'contextOverflow',
      'Input is too long for requested model: prompt is too long',
    ],
    [
      'HTML',
      502,
      '<html><body>Bad gateway</body></html>',
      'unavailable',
      'The provider answered with HTTP status 502.',
    ],
    ['nothing', 503, '', 'overloaded', 'The provider answered with HTTP status 503.'],
  ])('%s', (_, status, body, code, message) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(anthropicMessages.readError(status, text)).toEqual({ code, message });
  });

  test('shows no key, address or account', () => {
    const { message } = anthropicMessages.readError(
      400,
      JSON.stringify(
        anthropic(
          'invalid_request_error',
          'See https://internal.example/x of org-abc123def, key sk-ant-abc123def.',
        ),
      ),
    );
    expect(message).not.toMatch(/internal\.example|abc123def/);
  });
});

describe('a refusal that is told to a client', () => {
  const tell = (code: ErrorCode, retryAfterMs?: number): ReturnType<typeof anthropicMessages.writeError> =>
    anthropicMessages.writeError({ code, message: 'Why.', requestId: 'req_1', retryAfterMs });

  test.each<[ErrorCode, number, string, Record<string, string>]>([
    ['invalid', 400, 'invalid_request_error', { 'x-should-retry': 'false' }],
    ['contextOverflow', 400, 'invalid_request_error', { 'x-should-retry': 'false' }],
    ['unauthenticated', 401, 'authentication_error', { 'x-should-retry': 'false' }],
    ['forbidden', 403, 'permission_error', { 'x-should-retry': 'false' }],
    ['notFound', 404, 'not_found_error', { 'x-should-retry': 'false' }],
    ['conflict', 409, 'invalid_request_error', { 'x-should-retry': 'false' }],
    ['tooLarge', 413, 'request_too_large', { 'x-should-retry': 'false' }],
    ['quotaExhausted', 429, 'billing_error', { 'retry-after': '1', 'x-should-retry': 'false' }],
    ['rateLimited', 429, 'rate_limit_error', { 'retry-after': '1' }],
    ['internal', 500, 'api_error', {}],
    ['upstream', 502, 'api_error', { 'x-should-retry': 'false' }],
    ['unavailable', 503, 'api_error', { 'retry-after': '1' }],
    ['deadline', 504, 'timeout_error', {}],
    ['overloaded', 529, 'overloaded_error', { 'retry-after': '1' }],
  ])('%s is status %i, %s', (code, status, type, headers) => {
    const message = code === 'contextOverflow' ? 'prompt is too long: Why.' : 'Why.';
    expect(tell(code)).toEqual({
      status,
      headers,
      body: { type: 'error', error: { type, message }, request_id: 'req_1' },
    });
  });

  test.each([
    [undefined, '1'],
    [0, '1'],
    [1, '1'],
    [1_000, '1'],
    [1_001, '2'],
    [61_500, '62'],
  ])('a wait of %s ms is a retry-after of %s', (waitMs, seconds) => {
    expect(tell('rateLimited', waitMs).headers['retry-after']).toBe(seconds);
  });

  test('an overflow says the words that make Claude Code compact, once', () => {
    const said = 'prompt is too long: 5 tokens > 4 maximum';
    const { body } = anthropicMessages.writeError({ code: 'contextOverflow', message: said, requestId: 'r' });
    expect(body.error).toMatchObject({ message: said });
  });

  test('within a stream it is one event by name, and what is read of it is what was told', () => {
    const text = anthropicMessages.writeStreamError({ code: 'overloaded', message: 'Busy.', requestId: 'r' });
    expect(text.endsWith('\n\n')).toBe(true);
    const frame = parseFrame(Buffer.from(text));
    expect(frame.event).toBe('error');
    expect(anthropicMessages.streamReader().read(frame)).toEqual([
      { type: 'error', error: { code: 'overloaded', message: 'Busy.' } },
    ]);
  });
});
