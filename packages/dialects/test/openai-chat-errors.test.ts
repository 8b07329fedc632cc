import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../src/json/value.ts';
import type { ErrorCode } from '../src/model/event.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const CREDENTIAL = "The provider refused the gateway's own credential. Please tell the administrator.";
const CREDIT = "The gateway's account with the provider has no credit. Please tell the administrator.";

describe("a provider's refusal", () => {
  test.each<[string, number, unknown, ErrorCode, string]>([
    [
      'OpenAI',
      400,
      { error: { message: 'Bad.', type: 'invalid_request_error', code: null } },
      'invalid',
      'Bad.',
    ],
    [
      'OpenAI, overflow by code',
      400,
      { error: { message: 'Too long.', code: 'context_length_exceeded' } },
      'contextOverflow',
      'Too long.',
    ],
    [
      'OpenAI, key',
      401,
      { error: { message: 'Incorrect API key provided: sk-abc.', code: 'invalid_api_key' } },
      'upstream',
      CREDENTIAL,
    ],
    [
      'OpenAI, no key',
      401,
      { error: { message: 'No key.', type: 'invalid_request_error', code: null } },
      'upstream',
      CREDENTIAL,
    ],
    [
      'OpenAI, quota',
      429,
      { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } },
      'upstream',
      CREDIT,
    ],
    [
      'OpenAI, rate',
      429,
      { error: { message: 'Slow.', type: 'requests', code: 'rate_limit_exceeded' } },
      'rateLimited',
      'Slow.',
    ],
    [
      'OpenAI, model',
      404,
      { error: { message: 'No such model.', code: 'model_not_found' } },
      'notFound',
      'No such model.',
    ],
    [
      'xAI',
      400,
      { code: 'Client specified an invalid argument', error: 'Bad field.' },
      'invalid',
      'Bad field.',
    ],
    [
      'FastAPI, list',
      422,
      { detail: [{ loc: ['body', 'messages'], msg: 'field required' }] },
      'invalid',
      'body.messages: field required',
    ],
    ['FastAPI, text', 404, { detail: 'Not Found' }, 'notFound', 'Not Found'],
    [
      'vLLM',
      400,
      {
        object: 'error',
        message: "This model's maximum context length is 8192 tokens.",
        type: 'BadRequestError',
        code: 400,
      },
      'contextOverflow',
      "This model's maximum context length is 8192 tokens.",
    ],
    ['Ollama', 500, { error: 'model runner has stopped' }, 'unavailable', 'model runner has stopped'],
    [
      'Gemini, list',
      429,
      [
        {
          error: {
            code: 429,
            message: 'Quota.',
            status: 'RESOURCE_EXHAUSTED',
            details: [{ '@type': 'RetryInfo', retryDelay: '2.5s' }],
          },
        },
      ],
      'rateLimited',
      'Quota.',
    ],
    [
      'DashScope',
      400,
      { code: 'InvalidParameter', message: 'Range of input length should be [1, 98304]', request_id: 'r' },
      'contextOverflow',
      'Range of input length should be [1, 98304]',
    ],
    [
      'GLM, busy',
      429,
      { error: { code: '1302', message: 'Too many at once.' } },
      'rateLimited',
      'Too many at once.',
    ],
    ['GLM, no credit', 429, { error: { code: '1113', message: 'Account in arrears.' } }, 'upstream', CREDIT],
    [
      'MiniMax',
      200,
      { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } },
      'upstream',
      CREDIT,
    ],
    ['OpenRouter in a stream', 200, { error: { code: 429, message: 'Busy.' } }, 'rateLimited', 'Busy.'],
    [
      'Anthropic through a gateway',
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      'overloaded',
      'Overloaded',
    ],
    ['no credit by status', 402, { error: { message: 'Pay.' } }, 'upstream', CREDIT],
    ['forbidden', 403, { error: { message: 'Account acct_123456789 is blocked' } }, 'upstream', CREDENTIAL],
    [
      'HTML',
      502,
      '<html><body>Bad Gateway cloudflare</body></html>',
      'unavailable',
      'The provider answered with HTTP status 502.',
    ],
    ['nothing', 503, '', 'overloaded', 'The provider answered with HTTP status 503.'],
    ['a list of nothing', 500, [], 'unavailable', 'The provider answered with HTTP status 500.'],
    ['null', 504, null, 'deadline', 'The provider answered with HTTP status 504.'],
  ])('of %s (%i) is understood', (_, status, body, code, message) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(openaiChat.readError(status, text)).toMatchObject({ code, message });
  });

  test.each([
    ['Please try again in 1.2s.', 1_200],
    ['Please try again in 20ms.', 20],
    ['Please try again in 6m0s.', 360_000],
    ['Try again in 30 seconds', 30_000],
    ['Try later.', undefined],
  ])('that says %j asks for a wait of %j ms', (message, retryAfterMs) => {
    const error = openaiChat.readError(429, JSON.stringify({ error: { message } }));
    expect(error.retryAfterMs).toBe(retryAfterMs);
  });

  test('case 85: hides keys, accounts and addresses', () => {
    const message =
      'Key sk-proj-AbCdEf123456 of org-QwErTy12 at https://internal.example.com/x and 10.0.0.7:8000 failed.';
    const error = openaiChat.readError(400, JSON.stringify({ error: { message } }));
    expect(error.message).toBe('Key [hidden] of [hidden] at [address] and [address] failed.');
  });

  test.each([
    "This model's maximum context length is 128000 tokens",
    'prompt is too long: 210000 tokens > 200000 maximum',
    'Your input exceeds the context window of this model.',
    'the request exceeds the available context size',
    'The input token count (1200000) exceeds the maximum number of tokens allowed',
    "Requested token count exceeds the model's maximum context length of 262144 tokens",
    "This prompt is longer than the model's context length",
    'Please reduce the length of the messages or completion',
    'Prompt exceeds max length',
  ])('case 76: %j is known as an overflow', (message) => {
    expect(openaiChat.readError(400, JSON.stringify({ error: { message } })).code).toBe('contextOverflow');
  });
});

describe('a refusal to a client', () => {
  test.each<[ErrorCode, number, string, string | null, JsonObject]>([
    ['invalid', 400, 'invalid_request_error', null, { 'x-should-retry': 'false' }],
    [
      'contextOverflow',
      400,
      'invalid_request_error',
      'context_length_exceeded',
      { 'x-should-retry': 'false' },
    ],
    ['unauthenticated', 401, 'invalid_request_error', 'invalid_api_key', { 'x-should-retry': 'false' }],
    ['forbidden', 403, 'permission_error', 'permission_denied', { 'x-should-retry': 'false' }],
    ['notFound', 404, 'invalid_request_error', 'model_not_found', { 'x-should-retry': 'false' }],
    ['conflict', 409, 'invalid_request_error', 'conflict', { 'x-should-retry': 'false' }],
    ['tooLarge', 413, 'invalid_request_error', 'request_too_large', { 'x-should-retry': 'false' }],
    [
      'quotaExhausted',
      429,
      'insufficient_quota',
      'insufficient_quota',
      { 'retry-after': '1', 'x-should-retry': 'false' },
    ],
    ['rateLimited', 429, 'rate_limit_error', 'rate_limit_exceeded', { 'retry-after': '1' }],
    ['overloaded', 503, 'server_error', 'server_is_overloaded', { 'retry-after': '1' }],
    ['unavailable', 503, 'server_error', 'service_unavailable', { 'retry-after': '1' }],
    ['deadline', 504, 'server_error', 'timeout', {}],
    ['upstream', 502, 'server_error', 'upstream_error', { 'x-should-retry': 'false' }],
    ['internal', 500, 'server_error', 'internal_error', {}],
  ])('%s is told as %i', (code, status, type, wireCode, headers) => {
    const written = openaiChat.writeError({ code, message: 'No.', requestId: 'r' });
    expect(written).toMatchObject({
      status,
      headers,
      body: { error: { message: 'No.', type, code: wireCode } },
    });
    expect(Object.keys(written.headers).sort()).toEqual(Object.keys(headers).sort());
  });

  test('rounds the wait up to whole seconds', () => {
    const written = openaiChat.writeError({
      code: 'rateLimited',
      message: 'x',
      requestId: 'r',
      retryAfterMs: 2_100,
    });
    expect(written.headers['retry-after']).toBe('3');
  });

  test('names the field', () => {
    const written = openaiChat.writeError({
      code: 'invalid',
      message: 'x',
      requestId: 'r',
      details: { field: 'messages.0' },
    });
    expect(written.body).toMatchObject({ error: { param: 'messages.0' } });
  });

  test('case 81: in a stream is one frame with an error object', () => {
    expect(openaiChat.writeStreamError({ code: 'deadline', message: 'Too "late".\n', requestId: 'r' })).toBe(
      'data: {"error":{"message":"Too \\"late\\".\\n","type":"server_error","param":null,"code":"timeout"}}\n\n',
    );
  });
});

describe('usage', () => {
  test.each<[string, JsonObject, JsonObject]>([
    [
      'OpenAI',
      {
        prompt_tokens: 100,
        completion_tokens: 9,
        total_tokens: 109,
        prompt_tokens_details: { cached_tokens: 64, cache_write_tokens: 16 },
        completion_tokens_details: { reasoning_tokens: 4 },
      },
      { input: 20, cacheRead: 64, cacheWrite: 16, output: 9, reasoning: 4 },
    ],
    [
      'DeepSeek',
      { prompt_tokens: 100, completion_tokens: 9, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 },
      { input: 36, cacheRead: 64, cacheWrite: 0, output: 9 },
    ],
    [
      'Moonshot',
      { prompt_tokens: 100, completion_tokens: 9, cached_tokens: 10 },
      { input: 90, cacheRead: 10, cacheWrite: 0, output: 9 },
    ],
    [
      'Qwen',
      {
        prompt_tokens: 100,
        completion_tokens: 9,
        prompt_tokens_details: {
          cached_tokens: 30,
          cache_creation_input_tokens: 50,
          cache_type: 'ephemeral',
        },
      },
      { input: 20, cacheRead: 30, cacheWrite: 50, output: 9 },
    ],
    [
      'xAI, cached beside the prompt',
      { prompt_tokens: 10, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 64 } },
      { input: 10, cacheRead: 64, cacheWrite: 0, output: 9 },
    ],
    [
      'xAI, reasoning beside the completion',
      {
        prompt_tokens: 10,
        completion_tokens: 9,
        total_tokens: 119,
        completion_tokens_details: { reasoning_tokens: 100 },
      },
      { input: 10, cacheRead: 0, cacheWrite: 0, output: 109, reasoning: 100 },
    ],
    [
      'nulls and fractions',
      { prompt_tokens: 10.9, completion_tokens: -3, prompt_tokens_details: null },
      { input: 10, cacheRead: 0, cacheWrite: 0, output: 0 },
    ],
  ])('case 65: of %s is split into exclusive types', (_, usage, expected) => {
    expect(openaiChat.readUsage({ usage })).toEqual(expected);
  });

  test.each([[undefined], [null], ['5'], [{}]])('that is none (%j) is absent', (usage) => {
    expect(openaiChat.readUsage(usage === undefined ? {} : { usage })).toBeUndefined();
  });
});
