// What providers answer when they refuse, in their own words as far as they are known, and what Anthropic's and OpenAI's
// clients are told of it.

import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { parseFrame } from '../src/frames/sse.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { ErrorCode, ProviderError } from '../src/model/event.ts';
import { readError } from '../src/model/provider-error.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const CREDENTIAL = "The provider refused the gateway's own credential. Please tell the administrator.";
const CREDIT = "The gateway's account with the provider has no credit. Please tell the administrator.";
const read = (status: number, body: JsonValue): ProviderError => readError(status, JSON.stringify(body));
const bad = (message: string, code: string | null = null): JsonObject => ({
  error: { message, type: 'invalid_request_error', param: null, code },
});

describe('the shapes of errors', () => {
  test.each<[string, number, JsonValue, ErrorCode, string]>([
    ['OpenAI', 400, bad('Bad.'), 'invalid', 'Bad.'],
    [
      'Anthropic',
      400,
      { type: 'error', error: { type: 'invalid_request_error', message: 'Bad.' } },
      'invalid',
      'Bad.',
    ],
    ['Gemini', 400, { error: { code: 400, message: 'Bad.', status: 'INVALID_ARGUMENT' } }, 'invalid', 'Bad.'],
    [
      'Gemini in a list',
      503,
      [{ error: { code: 503, message: 'Busy.', status: 'UNAVAILABLE' } }],
      'overloaded',
      'Busy.',
    ],
    ['xAI, text', 400, { code: 'Client specified an invalid argument', error: 'Bad.' }, 'invalid', 'Bad.'],
    ['xAI, object', 400, { error: { message: 'Bad.', type: null, code: null } }, 'invalid', 'Bad.'],
    [
      'xAI, flat',
      429,
      { code: 'Some resource has been exhausted', message: 'Slow.' },
      'rateLimited',
      'Slow.',
    ],
    ['FastAPI, list', 422, { detail: [{ loc: ['body', 'n'], msg: 'bad' }] }, 'invalid', 'body.n: bad'],
    ['FastAPI, text', 404, { detail: 'Not Found' }, 'notFound', 'Not Found'],
    [
      'vLLM, flat',
      400,
      { object: 'error', message: 'Bad.', type: 'BadRequestError', code: 400 },
      'invalid',
      'Bad.',
    ],
    [
      'vLLM, nested',
      404,
      { error: { message: 'No model.', type: 'NotFoundError', code: 404 } },
      'notFound',
      'No model.',
    ],
    ['Ollama', 404, { error: 'model "x" not found' }, 'notFound', 'model "x" not found'],
    [
      'DashScope',
      429,
      { code: 'Throttling.RateQuota', message: 'Slow.', request_id: 'r' },
      'rateLimited',
      'Slow.',
    ],
    [
      'DashScope, unsafe',
      400,
      { code: 'DataInspectionFailed', message: 'Unsafe.', request_id: 'r' },
      'invalid',
      'Unsafe.',
    ],
    ['GLM', 429, { error: { code: '1302', message: 'Slow.' } }, 'rateLimited', 'Slow.'],
    ['GLM, its own number', 401, { error: { code: '1002', message: 'Token.' } }, 'upstream', CREDENTIAL],
    [
      'MiniMax with status 200',
      200,
      { base_resp: { status_code: 1002, status_msg: 'Slow.' } },
      'rateLimited',
      'Slow.',
    ],
    [
      'MiniMax, a bad field',
      200,
      { base_resp: { status_code: 2013, status_msg: 'Bad.' } },
      'invalid',
      'Bad.',
    ],
    [
      'MiniMax, no credit',
      200,
      { base_resp: { status_code: 1008, status_msg: 'No money.' } },
      'upstream',
      CREDIT,
    ],
    ['OpenAI, no credit', 429, bad('Check your plan.', 'insufficient_quota'), 'upstream', CREDIT],
    ['OpenAI, key', 401, bad('Incorrect API key provided.', 'invalid_api_key'), 'upstream', CREDENTIAL],
    ['OpenRouter, no credit', 402, { error: { code: 402, message: 'More credits.' } }, 'upstream', CREDIT],
    ['forbidden', 403, bad('No access.'), 'upstream', CREDENTIAL],
    ['too large', 413, bad('Too large.'), 'tooLarge', 'Too large.'],
    ['its own failure', 500, bad('Oops.', 'server_error'), 'unavailable', 'Oops.'],
    ['a bad gateway', 502, '<html>', 'unavailable', 'The provider answered with HTTP status 502.'],
    ['a deadline', 504, '', 'deadline', 'The provider answered with HTTP status 504.'],
    [
      'Anthropic, overloaded',
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'Busy.' } },
      'overloaded',
      'Busy.',
    ],
  ])('case 73: of %s are understood', (_who, status, body, code, message) => {
    expect(read(status, body)).toEqual({ code, message });
  });

  test.each<[string, JsonValue, number]>([
    ["Google's RetryInfo", { error: { code: 429, message: 'Q.', details: [{ retryDelay: '2.5s' }] } }, 2_500],
    [
      "OpenAI's words",
      bad('Rate limit reached. Please try again in 1m30.5s.', 'rate_limit_exceeded'),
      90_500,
    ],
    ["OpenAI's words, milliseconds", bad('Please try again in 250ms.', 'rate_limit_exceeded'), 250],
  ])('case 73: the wait is read from %s', (_where, body, waitMs) => {
    expect(read(429, body).retryAfterMs).toBe(waitMs);
  });

  test('case 78: a MiniMax error that a stream has instead of choices is seen by reader and meter', () => {
    const data = '{"id":"1","choices":null,"base_resp":{"status_code":1002,"status_msg":"Slow."}}';
    const frame = parseFrame(Buffer.from(`data: ${data}\n\n`));
    const error = { code: 'rateLimited', message: 'Slow.' };
    expect(openaiChat.streamReader().read(frame)).toEqual([{ type: 'error', error }]);
    const request = openaiChat.readRequest({ model: 'm', messages: [{ role: 'user', content: 'x' }] });
    const meter = openaiChat.streamMeter(request);
    meter.observe(frame);
    expect(meter.error).toEqual(error);
  });
});

describe('what a client is told', () => {
  const codes: readonly ErrorCode[] = ['rateLimited', 'quotaExhausted', 'overloaded', 'unavailable'];

  test.each(codes)('case 74: %s has a retry-after, also where the provider named none', (code) => {
    for (const dialect of [anthropicMessages, openaiChat]) {
      const told = dialect.writeError({ code, message: 'Slow.', requestId: 'r' });
      expect(Number(told.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      const named = dialect.writeError({ code, message: 'Slow.', requestId: 'r', retryAfterMs: 2_500 });
      expect(named.headers['retry-after']).toBe('3');
    }
  });

  test('case 74: a quota that is spent is not asked again', () => {
    const error = { code: 'quotaExhausted' as const, message: 'Spent.', requestId: 'r' };
    const stop = { status: 429, headers: { 'x-should-retry': 'false' } };
    expect(openaiChat.writeError(error)).toMatchObject({
      ...stop,
      body: { error: { code: 'insufficient_quota' } },
    });
    expect(anthropicMessages.writeError(error)).toMatchObject({
      ...stop,
      body: { error: { type: 'billing_error' } },
    });
  });

  test.each([
    ['unauthenticated', 401],
    ['forbidden', 403],
  ] as const)('case 75: the own %s is not asked again', (code, status) => {
    for (const dialect of [anthropicMessages, openaiChat]) {
      const told = dialect.writeError({ code, message: 'No.', requestId: 'r' });
      expect(told).toMatchObject({ status, headers: { 'x-should-retry': 'false' } });
    }
  });

  test.each([401, 403])(
    "case 75: a provider's %i is not the client's, and says nothing of the key",
    (status) => {
      const error = read(status, bad('Incorrect API key provided: sk-abcdef123456.', 'invalid_api_key'));
      for (const dialect of [anthropicMessages, openaiChat]) {
        const told = dialect.writeError({ ...error, requestId: 'r' });
        expect(told.status).toBe(502);
        expect(JSON.stringify(told.body)).not.toContain('sk-abc');
      }
    },
  );

  test('case 84: what waited too long or found no place is told as overload', () => {
    const error = { code: 'overloaded' as const, message: 'Full.', requestId: 'r' };
    expect(anthropicMessages.writeError(error)).toMatchObject({
      status: 529,
      body: { error: { type: 'overloaded_error' } },
    });
    expect(openaiChat.writeError(error)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  test("case 85: no key, host or account of the provider's is in what a client is told", () => {
    const message =
      'Key sk-ant-api03-abcdef of org-abcdef12 at https://eu.internal.example/v1 (10.1.2.3:8443).';
    const told = anthropicMessages.writeError({ ...read(400, bad(message)), requestId: 'r' });
    expect(JSON.stringify(told.body)).not.toMatch(/abcdef|internal|10\.1/);
  });
});

test("case 83: what a rule of the gateway's forbids is told as that, and not asked again", () => {
  const error = {
    code: 'invalid' as const,
    message: 'No secrets.',
    requestId: 'r',
    details: { policy: 'secrets' },
  };
  expect(anthropicMessages.writeError(error)).toEqual({
    status: 400,
    headers: { 'x-should-retry': 'false' },
    body: { type: 'error', error: { type: 'policy_blocked', message: 'No secrets.' }, request_id: 'r' },
  });
  expect(openaiChat.writeError(error)).toMatchObject({
    status: 400,
    headers: { 'x-should-retry': 'false' },
    body: { error: { code: 'content_policy_violation', message: 'No secrets.' } },
  });
});
