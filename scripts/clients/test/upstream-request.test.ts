import type { SeenRequest } from '@ai-switch/testkit';
import { describe, expect, it } from 'vitest';
import { readUpstreamRequest } from '../upstream-request.ts';

const PNG = 'iVBORw0KGgo=';

/** The same conversation in all four: a thought, two calls at once, their results, a picture. */
const BODIES = {
  '/v1/chat/completions': {
    tools: [
      { type: 'function', function: { name: 'look' } },
      { type: 'custom', custom: { name: 'patch' } },
    ],
    messages: [
      { role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }] },
      { role: 'assistant', reasoning_content: 'a thought', tool_calls: [{ id: 'a' }, { id: 'b' }] },
      { role: 'tool', tool_call_id: 'a', content: 'left' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'right' }] },
    ],
  },
  '/v1/responses': {
    tools: [
      { type: 'namespace', name: 'ns', tools: [{ type: 'function', name: 'look' }] },
      { type: 'custom', name: 'patch' },
    ],
    input: [
      { role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${PNG}` }] },
      { type: 'reasoning', summary: [], encrypted_content: 'a thought' },
      { type: 'function_call', call_id: 'a' },
      { type: 'custom_tool_call', call_id: 'b' },
      { type: 'function_call_output', call_id: 'a', output: 'left' },
      { type: 'custom_tool_call_output', call_id: 'b', output: [{ type: 'input_text', text: 'right' }] },
    ],
  },
  '/v1/messages': {
    tools: [{ name: 'look' }, { name: 'patch' }],
    messages: [
      {
        role: 'user',
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: '…', signature: 'a thought' },
          { type: 'tool_use', id: 'a' },
          { type: 'tool_use', id: 'b' },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'left' },
          { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'right' }] },
        ],
      },
    ],
  },
  '/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse': {
    tools: [{ functionDeclarations: [{ name: 'look' }, { name: 'patch' }] }],
    contents: [
      { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: PNG } }] },
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'look' }, thoughtSignature: 'a thought' },
          { functionCall: { name: 'patch' } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'look', response: { output: 'left' } } },
          { functionResponse: { name: 'patch', response: { output: 'right' } } },
        ],
      },
    ],
  },
} as const;

describe('a request that reached a provider', () => {
  it.each(Object.entries(BODIES))('is read alike in every dialect: %s', (path, body) => {
    const request = readUpstreamRequest(seen(path, body));
    expect(request).toMatchObject({
      isCount: false,
      rounds: 1,
      reasoning: ['a thought'],
      images: [Buffer.from(PNG, 'base64')],
    });
    expect(request?.tools.map(({ name }) => name)).toEqual(['look', 'patch']);
    expect(request?.toolResults.map((text) => text.replace(/^call_\w+\s/, ''))).toEqual([
      'left',
      expect.stringContaining('right'),
    ]);
  });

  it('may be one for a count of tokens', () => {
    expect(readUpstreamRequest(seen('/v1/messages/count_tokens', { messages: [] }))?.isCount).toBe(true);
  });

  it('may be none for an answer', () => {
    expect(readUpstreamRequest({ ...seen('/v1/models', {}), method: 'GET' })).toBeUndefined();
  });
});

function seen(path: string, body: object): SeenRequest {
  return {
    method: 'POST',
    path,
    headers: {},
    rawHeaders: [],
    body: Buffer.from(JSON.stringify(body)),
    receivedAtMs: 0,
    refusal: undefined,
    abortedAtMs: undefined,
    isAnswered: true,
  };
}
