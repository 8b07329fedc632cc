// What providers cannot do, in their own words as far as they are known, and what Claude Code is told of it.

import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { ProviderError } from '../src/model/event.ts';
import { readError } from '../src/model/provider-error.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const read = (status: number, body: JsonValue): ProviderError => readError(status, JSON.stringify(body));
const bad = (message: string, code: string | null = null): JsonObject => ({
  error: { message, type: 'invalid_request_error', param: null, code },
});

describe('a context that overflows', () => {
  const counted = 'prompt is too long: 5000 tokens > 4096 maximum';
  const uncounted = (message: string): string => `prompt is too long: ${message}`;
  const glm = 'Prompt exceeds max length';
  const qwen = 'Range of input length should be [1, 98304]';
  const miniMax = 'invalid params, context window exceeds limit (2013)';
  const kimi = 'Invalid request: Your request exceeded model token limit: 262144';
  const llama = 'the request exceeds the available context size, try increasing it';
  const studio = 'The number of tokens to keep from the initial prompt is greater than the context length';
  const bedrock = 'Input is too long for requested model.';
  const responses =
    'Your input exceeds the context window of this model. Please adjust your input and try again.';

  test.each<[string, JsonValue, string]>([
    ['Anthropic', bad('prompt is too long: 5000 tokens > 4096 maximum'), counted],
    [
      'OpenAI',
      bad(
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens. Please reduce the length of the messages.",
        'context_length_exceeded',
      ),
      counted,
    ],
    [
      'OpenAI, with the answer',
      bad(
        "This model's maximum context length is 4096 tokens. However, you requested 5100 tokens (5000 in the messages, 100 in the completion). Please reduce the length of the messages or completion.",
      ),
      counted,
    ],
    [
      'OpenRouter',
      bad(
        "This endpoint's maximum context length is 4096 tokens. However, you requested about 5100 tokens (5000 of text input, 100 in the output).",
      ),
      counted,
    ],
    [
      'vLLM',
      {
        object: 'error',
        message:
          "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce the length of the input messages.",
        type: 'BadRequestError',
        code: 400,
      },
      counted,
    ],
    [
      'vLLM, decoder',
      bad(
        'The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that…',
      ),
      counted,
    ],
    [
      'SGLang',
      bad("The input (5000 tokens) is longer than the model's context length (4096 tokens)."),
      counted,
    ],
    [
      'SGLang, total',
      bad(
        "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5100 tokens: 5000 tokens from the input messages and 100 tokens for the completion.",
      ),
      counted,
    ],
    [
      'Gemini',
      {
        error: {
          code: 400,
          message: 'The input token count (5000) exceeds the maximum number of tokens allowed (4096).',
          status: 'INVALID_ARGUMENT',
        },
      },
      counted,
    ],
    [
      'xAI',
      {
        code: 'invalid',
        error: "This model's maximum prompt length is 4096 but the request contains 5000 tokens.",
      },
      counted,
    ],
    [
      'Mistral',
      {
        object: 'error',
        message:
          'Prompt contains 5000 tokens and 0 draft tokens, too large for model with 4096 maximum context length',
        type: 'invalid_request_error',
      },
      counted,
    ],
    [
      'llama.cpp',
      bad('request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it'),
      counted,
    ],
    [
      'llama.cpp, by type',
      { error: { code: 400, message: llama, type: 'exceed_context_size_error' } },
      uncounted(llama),
    ],
    ['OpenAI Responses', bad(responses, 'context_length_exceeded'), uncounted(responses)],
    ['Bedrock', { message: bedrock }, uncounted(bedrock)],
    ['Moonshot', bad(kimi), uncounted(kimi)],
    ['GLM', { error: { code: '1261', message: glm } }, uncounted(glm)],
    ['DashScope', { code: 'InvalidParameter', message: qwen, request_id: 'r' }, uncounted(qwen)],
    ['MiniMax', { base_resp: { status_code: 2013, status_msg: miniMax } }, uncounted(miniMax)],
    ['LM Studio', { error: studio }, uncounted(studio)],
  ])(
    'case 76: in the words of %s makes Claude Code compact, and has its code elsewhere',
    (_who, body, told) => {
      const error = read(400, body);
      expect(error.code).toBe('contextOverflow');
      expect(error.capability).toBeUndefined();
      const outgoing = { ...error, requestId: 'r' };
      expect(anthropicMessages.writeError(outgoing)).toMatchObject({
        status: 400,
        body: { error: { type: 'invalid_request_error', message: told } },
      });
      expect(openaiChat.writeError(outgoing)).toMatchObject({
        status: 400,
        body: { error: { code: 'context_length_exceeded', message: error.message } },
      });
    },
  );

  test.each([
    [
      'Anthropic',
      'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again',
    ],
    [
      'OpenAI',
      "This model's maximum context length is 8192 tokens. However, you requested 10000 tokens (2000 in the messages, 8000 in the completion).",
    ],
    [
      'vLLM',
      "'max_tokens' or 'max_completion_tokens' is too large: 8000. This model's maximum context length is 8192 tokens and your request has 1000 input tokens (8000 > 8192 - 1000).",
    ],
    [
      'SGLang',
      "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5100 tokens: 4000 tokens from the input messages and 1100 tokens for the completion.",
    ],
  ])('case 82: that only the wanted answer overflows is told apart, in the words of %s', (_who, message) => {
    expect(read(400, bad(message)).capability).toBe('max_tokens_context_overflow');
  });

  test('a limit of tokens a minute is no overflow', () => {
    const message = 'Request too large for model on tokens per minute (TPM): Limit 6000, Requested 10000';
    expect(read(413, bad(message, 'rate_limit_exceeded')).code).toBe('rateLimited');
  });
});

describe('a capability that a provider lacks', () => {
  test.each([
    ['thinking_signature', 'messages.1.content.0: Invalid `signature` in `thinking` block'],
    ['thinking_signature', 'Function call is missing a thought_signature in functionCall parts.'],
    ['thinking_signature', 'Corrupted thought signature.'],
    [
      'thinking_signature',
      'The encrypted content gAAAAB… could not be verified. Reason: Encrypted content could not be decrypted.',
    ],
    [
      'thinking_type:enabled',
      '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
    ],
    ['thinking_type:adaptive', 'adaptive thinking is not supported on this model'],
    ['effort_unsupported', 'This model does not support the effort parameter.'],
    ['effort_unsupported', 'Unrecognized request argument supplied: reasoning_effort'],
    ['effort_unsupported', "Unsupported parameter: 'reasoning.effort' is not supported with this model."],
    ['mid_conv_system', "messages.1.role: Input should be 'user' or 'assistant'"],
    [
      'mid_conv_system',
      'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter',
    ],
    ['mid_conv_system', 'System message must be at the beginning.'],
    ['cache_control_field', 'messages.0.content.0.text.cache_control: Extra inputs are not permitted'],
    [
      'structured_outputs_unsupported',
      "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
    ],
    ['structured_outputs_unsupported', 'This response_format type is unavailable now'],
    ['structured_outputs_unsupported', 'This model does not support structured outputs.'],
    ['image_block', 'Invalid content type. image_url is only supported by certain models.'],
    [
      'image_block',
      'Failed to deserialize the JSON body: messages[0]: unknown variant `image_url`, expected `text`',
    ],
    ['image_block', 'No endpoints found that support image input'],
    ['document_block', 'This model does not support PDF input.'],
    ['media_budget', 'messages: too many images: 101 > 100'],
    [
      'beta_header:context-management-2025-06-27',
      'Unexpected value(s) `context-management-2025-06-27` for the `anthropic-beta` header.',
    ],
  ])('case 82: %s is the whole message that Claude Code is told for "%s"', (capability, message) => {
    const error = read(400, bad(message));
    expect(error).toMatchObject({ code: 'invalid', capability });
    const details = { capability: error.capability ?? '' };
    expect(anthropicMessages.writeError({ ...error, requestId: 'r', details })).toMatchObject({
      status: 400,
      headers: { 'x-should-retry': 'false' },
      body: { error: { type: 'invalid_request_error', message: `capability_rejected: ${capability}` } },
    });
    expect(openaiChat.writeError({ ...error, requestId: 'r', details }).body).toMatchObject({
      error: { message: error.message },
    });
  });

  test('case 82: a model without images that is not found for it is a bad request', () => {
    const error = read(404, bad('No endpoints found that support image input'));
    expect(error).toMatchObject({ code: 'invalid', capability: 'image_block' });
  });

  test.each([
    'max_tokens: Field required',
    'messages.0.content: at least one message is required',
    'tools.0.custom.input_schema: JSON schema is invalid',
    'Could not process image',
    'temperature: range: 0..1',
    'The file is too large.',
  ])('case 82: "%s" is a refusal of another kind', (message) => {
    expect(read(400, bad(message)).capability).toBeUndefined();
  });

  test('a provider that is down lacks nothing', () => {
    expect(
      read(503, { error: { message: 'image_url is only supported by certain models' } }).capability,
    ).toBeUndefined();
  });
});
