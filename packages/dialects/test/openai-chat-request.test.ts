import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InvalidRequest } from '../src/dialect.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Part, Request, Turn } from '../src/model/request.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const folder = new URL('../fixtures/openai-chat/', import.meta.url);
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith('.request.json'))
  .map((name) => name.slice(0, -'.request.json'.length));
const fixture = (name: string): JsonObject =>
  JSON.parse(readFileSync(new URL(`${name}.request.json`, folder), 'utf8')) as JsonObject;

const ask = (more: JsonObject = {}): JsonObject => ({
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
});
const turns = (...list: readonly Turn[]): Request => ({ ...openaiChat.readRequest(ask()), turns: list });
const said = (role: Turn['role'], ...parts: Part[]): Turn => ({ role, parts });
const text = (value: string): Part => ({ kind: 'text', text: value });
const call = (id: string): Part => ({ kind: 'toolCall', id, name: 'f', argumentsText: '{}' });
const result = (callId: string, value: string): Part => ({
  kind: 'toolResult',
  callId,
  parts: [{ kind: 'text', text: value }],
  isError: false,
});
const messagesOf = (request: Request, model = 'target'): JsonValue | undefined =>
  openaiChat.writeRequest(request, model).body.messages;
const image = (url: string): JsonObject =>
  ask({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] });

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const absent = { verbosity: undefined, service_tier: undefined, prompt_cache_key: undefined };

describe('a request that no provider would take is refused, and the field is named', () => {
  test.each<[string, JsonValue, string]>([
    ['a list', [], ''],
    ['no model', { messages: [{ role: 'user', content: 'x' }] }, 'model'],
    ['a model that is a number', ask({ model: 5 }), 'model'],
    ['no messages', { model: 'm' }, 'messages'],
    ['no message in messages', ask({ messages: [] }), 'messages'],
    ['messages that are no list', ask({ messages: 'hi' }), 'messages'],
    ['2,001 messages', ask({ messages: Array(2_001).fill({ role: 'user', content: 'x' }) }), 'messages'],
    ['a message that is text', ask({ messages: ['hi'] }), 'messages.0'],
    ['a role nobody knows', ask({ messages: [{ role: 'owner', content: 'x' }] }), 'messages.0.role'],
    ['content that is a number', ask({ messages: [{ role: 'user', content: 4 }] }), 'messages.0.content'],
    [
      'a part without a type',
      ask({ messages: [{ role: 'user', content: [{ text: 'x' }] }] }),
      'messages.0.content.0.type',
    ],
    [
      'a result without its call',
      ask({ messages: [{ role: 'tool', content: 'x' }] }),
      'messages.0.tool_call_id',
    ],
    [
      'a call without a name',
      ask({ messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }] }),
      'messages.0.tool_calls.0.function.name',
    ],
    ['a maximum of 0', ask({ max_tokens: 0 }), 'max_tokens'],
    ['a maximum of 1.5', ask({ max_completion_tokens: 1.5 }), 'max_completion_tokens'],
    ['a temperature that is text', ask({ temperature: 'hot' }), 'temperature'],
    ['tools that are no list', ask({ tools: {} }), 'tools'],
    ['a tool without a function', ask({ tools: [{ type: 'function' }] }), 'tools.0.function'],
    ['stream that is text', ask({ stream: 'yes' }), 'stream'],
    ['a stop that is empty', ask({ stop: [''] }), 'stop.0'],
    ['a tool choice of another form', ask({ tool_choice: 'maybe' }), 'tool_choice'],
    ['an output of another form', ask({ response_format: { type: 'xml' } }), 'response_format.type'],
    ['an image at no address', image('file:///etc/passwd'), 'messages.0.content.0.image_url.url'],
    ['a data URL cut off', image('data:image/png;base64'), 'messages.0.content.0.image_url.url'],
    ['a data URL that is not base64', image('data:image/png,abc'), 'messages.0.content.0.image_url.url'],
    [
      'base64 with strays',
      image('data:image/png;base64,iVBOR!!w0KGgo='),
      'messages.0.content.0.image_url.url',
    ],
    ['an image of no bytes', image('data:image/png;base64,'), 'messages.0.content.0.image_url.url'],
    [
      'a media type nobody takes',
      image(`data:image/tiff;base64,${PNG}`),
      'messages.0.content.0.image_url.url',
    ],
    ['bytes of another kind', image(`data:image/jpeg;base64,${PNG}`), 'messages.0.content.0.image_url.url'],
  ])('%s', (_, body, field) => {
    let refusal: unknown;
    try {
      openaiChat.readRequest(body);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(InvalidRequest);
    expect((refusal as InvalidRequest).field).toBe(field);
  });

  test('case 42: an image that is none says so in the words that tools recover from', () => {
    expect(() => openaiChat.readRequest(image('data:image/png;base64,AAAA'))).toThrow(
      'Could not process image',
    );
  });

  test.each([
    ['image/png', PNG],
    ['image/jpg', '/9j/4AAQSkZJRg=='],
    ['image/gif', 'R0lGODlhAQABAAAAACw='],
    ['image/webp', 'UklGRiQAAABXRUJQVlA4'],
  ])('case 42: a real %s is taken', (mediaType, data) => {
    const [turn] = openaiChat.readRequest(image(`data:${mediaType};base64,${data}`)).turns;
    expect(turn?.parts[0]).toMatchObject({ kind: 'image', source: { kind: 'base64', data } });
  });
});

describe('a request that is read', () => {
  test.each(fixtures)('%s is written for its own dialect so that it reads back as it was', (name) => {
    const request = openaiChat.readRequest(fixture(name));
    const once = openaiChat.writeRequest(request, request.model).body;
    const twice = openaiChat.writeRequest(openaiChat.readRequest(once), request.model).body;
    expect(twice).toEqual(once);
  });

  test('case 22: leading system and developer messages are the prompt, later ones keep their place', () => {
    const request = openaiChat.readRequest(fixture('system-and-developer'));
    expect(request.system.map((part) => part.text)).toEqual(['You are terse.', 'Answer in English.']);
    expect(request.turns.map((turn) => turn.role)).toEqual(['user', 'assistant', 'system', 'user']);
  });

  test('the results of parallel calls are one turn', () => {
    const request = openaiChat.readRequest(fixture('tool-results'));
    expect(request.turns[2]?.parts.map((part) => part.kind)).toEqual(['toolResult', 'toolResult']);
  });

  test('case 45: unknown fields are carried, and so are the options of the stream', () => {
    const request = openaiChat.readRequest(fixture('unknown-fields'));
    const { body, dropped } = openaiChat.writeRequest(request, 'target');
    expect(body).toMatchObject({ min_p: 0.1, top_k: 20, enable_thinking: false });
    expect(body.stream_options).toEqual({ include_obfuscation: false, include_usage: true });
    expect(dropped).toEqual(['prompt_cache_key', 'service_tier']);
  });

  test.each([
    ['gpt-5.5', { verbosity: 'low', service_tier: 'flex', prompt_cache_key: 'abc' }, []],
    ['grok-4.20', { prompt_cache_key: 'abc' }, ['service_tier', 'verbosity']],
    ['glm-5', {}, ['prompt_cache_key', 'service_tier', 'verbosity']],
  ])("what only OpenAI's models take goes to %s as %j", (model, expected, dropped) => {
    const asked = { verbosity: 'low', service_tier: 'flex', prompt_cache_key: 'abc' };
    const written = openaiChat.writeRequest(openaiChat.readRequest(ask(asked)), model);
    const { verbosity, service_tier, prompt_cache_key } = written.body;
    expect({ verbosity, service_tier, prompt_cache_key }).toEqual({ ...absent, ...expected });
    expect(written.dropped).toEqual(dropped);
  });

  test.each<[JsonObject, Request['reasoning']]>([
    [{ reasoning_effort: 'high' }, { mode: 'adaptive', effort: 'high' }],
    [{ reasoning_effort: 'none' }, { mode: 'off', effort: 'none' }],
    [{ reasoning: { effort: 'low' } }, { mode: 'adaptive', effort: 'low' }],
    [{ thinking: { type: 'disabled' } }, { mode: 'off' }],
    [{ thinking: { type: 'enabled' } }, { mode: 'adaptive' }],
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, { mode: 'budget', budgetTokens: 2048 }],
    [{}, undefined],
  ])('%j asks for the reasoning %j', (more, reasoning) => {
    expect(openaiChat.readRequest(ask(more)).reasoning).toEqual(reasoning);
  });

  test('case 31: flat tools and blocks of the Anthropic form are understood, as Cursor sends them', () => {
    const request = openaiChat.readRequest(
      ask({
        tools: [
          { type: 'function', name: 'f', parameters: { type: 'object' } },
          { name: 'g', input_schema: { type: 'object' } },
        ],
        messages: [
          { role: 'user', content: 'go' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } }] },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 'a', content: 'ok', is_error: true }],
          },
        ],
      }),
    );
    expect(request.tools.map((tool) => tool.kind === 'function' && tool.name)).toEqual(['f', 'g']);
    expect(request.turns[1]?.parts).toEqual([
      { kind: 'toolCall', id: 'a', name: 'f', argumentsText: '{"x":1}' },
    ]);
    expect(request.turns[2]?.parts[0]).toMatchObject({ kind: 'toolResult', callId: 'a', isError: true });
  });
});

describe('a request that is written', () => {
  test('case 22: puts results right behind their calls, in order, and what stood between after them', () => {
    const request = turns(
      said('user', text('go')),
      said('assistant', call('a'), call('b')),
      said('system', text('reminder')),
      said('user', result('b', 'B')),
      said('user', result('a', 'A'), text('and now?')),
    );
    expect(messagesOf(request)).toMatchObject([
      { role: 'user', content: 'go' },
      { role: 'assistant', content: null, tool_calls: [{ id: 'a' }, { id: 'b' }] },
      { role: 'tool', tool_call_id: 'a', content: 'A' },
      { role: 'tool', tool_call_id: 'b', content: 'B' },
      { role: 'system', content: 'reminder' },
      { role: 'user', content: 'and now?' },
    ]);
  });

  test('case 23: answers a call whose result is lost and tells a result whose call is lost', () => {
    const request = turns(said('user', result('gone', 'old news')), said('assistant', call('a')));
    expect(messagesOf(request)).toMatchObject([
      { role: 'user', content: '[Tool result: old news]' },
      { role: 'assistant', tool_calls: [{ id: 'a' }] },
      { role: 'tool', tool_call_id: 'a', content: '[no result recorded]' },
    ]);
  });

  test('gives a repeated call id a new one, and its result too', () => {
    const once = [said('assistant', call('a')), said('user', result('a', '1'))];
    expect(
      messagesOf(turns(...once, said('assistant', call('a')), said('user', result('a', '2')))),
    ).toMatchObject([
      { tool_calls: [{ id: 'a' }] },
      { tool_call_id: 'a', content: '1' },
      { tool_calls: [{ id: 'a_2' }] },
      { tool_call_id: 'a_2', content: '2' },
    ]);
  });

  test('case 36: maps a long call id alike in call and result, in every turn', () => {
    const id = `toolu_${'x|'.repeat(40)}`;
    const request = turns(said('assistant', call(id)), said('user', result(id, 'ok')));
    const [asked, answered] = messagesOf(request) as JsonObject[];
    const mapped = answered?.tool_call_id;
    expect(mapped).toMatch(/^call_[0-9a-f]{16}$/);
    expect(asked).toMatchObject({ tool_calls: [{ id: mapped }] });
    expect(messagesOf(request)).toEqual(messagesOf(request));
  });

  test('case 17: shows the image of a result in a message behind all results', () => {
    const shown: Part = {
      kind: 'toolResult',
      callId: 'a',
      parts: [
        { kind: 'text', text: 'done' },
        { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PNG } },
      ],
      isError: true,
    };
    const request = turns(
      said('assistant', call('a'), call('b')),
      said('user', shown, result('b', 'B'), text('see?')),
    );
    expect(messagesOf(request)).toMatchObject([
      { role: 'assistant' },
      { role: 'tool', tool_call_id: 'a', content: 'Error: done\n[image attached below]' },
      { role: 'tool', tool_call_id: 'b', content: 'B' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }] },
      { role: 'user', content: 'see?' },
    ]);
  });

  test('case 43: sends thinking back where it is wanted', () => {
    const request = turns(
      said('user', text('q')),
      said('assistant', { kind: 'thinking', text: 'hm', signature: 's' }, text('a')),
      said('assistant', text('b')),
    );
    expect(messagesOf(request, 'glm-5')).toMatchObject([{}, { reasoning_content: 'hm' }, { content: 'b' }]);
    expect(JSON.stringify(messagesOf(request, 'gpt-5.5'))).not.toContain('reasoning_content');
    expect(messagesOf(request, 'deepseek-v4-pro')).toMatchObject([
      {},
      { reasoning_content: 'hm' },
      { reasoning_content: '' },
    ]);
    expect(openaiChat.writeRequest(request, 'glm-5').dropped).toEqual(['thinking.signature']);
  });

  test.each([
    ['gpt-5.5', 'max_completion_tokens', false],
    ['openai/o3-mini', 'max_completion_tokens', false],
    ['gpt-4o', 'max_tokens', true],
    ['gpt-oss-120b', 'max_tokens', true],
    ['gpt-5-chat-latest', 'max_tokens', true],
    ['glm-5', 'max_tokens', true],
  ])('case 21: the model %s takes %s, and sampling: %j', (model, field, hasSampling) => {
    const request = openaiChat.readRequest(ask({ max_tokens: 9, temperature: 0.5, stop: 'x' }));
    const { body, dropped } = openaiChat.writeRequest(request, model);
    expect(body[field]).toBe(9);
    expect('temperature' in body).toBe(hasSampling);
    expect(dropped).toEqual(hasSampling ? [] : ['stop', 'temperature']);
  });

  test('case 45: names all that it cannot carry', () => {
    const request: Request = {
      ...turns(
        said(
          'user',
          { kind: 'foreign', dialect: 'anthropic-messages', type: 'search_result', value: {} },
          {
            kind: 'foreign',
            dialect: 'anthropic-messages',
            type: 'tool_reference',
            value: { tool_name: 'Grep' },
          },
          { kind: 'document', source: { kind: 'url', url: 'https://example.com/a.pdf' } },
        ),
        said('assistant', { kind: 'redactedThinking', data: 'x' }, text('ok')),
      ),
      system: [
        { kind: 'text', text: 'x-anthropic-billing-header: cc_version=1' },
        { kind: 'text', text: 'Be kind.', cacheControl: { type: 'ephemeral' } },
      ],
      tools: [{ kind: 'foreign', dialect: 'anthropic-messages', type: 'web_search_20250305', value: {} }],
      toolChoice: { kind: 'auto' },
      topK: 5,
      reasoning: { mode: 'budget', budgetTokens: 31_999, display: 'omitted' },
      user: JSON.stringify({ device_id: 'd'.repeat(64), session_id: 's' }),
      extra: { 'anthropic-messages': { context_management: { edits: [] } } },
    };
    const { body, dropped } = openaiChat.writeRequest(request, 'glm-5');
    expect(dropped).toEqual([
      'cache_control',
      'context_management',
      'messages.0.document',
      'messages.0.search_result',
      'redacted_thinking',
      'system.x-anthropic-billing-header',
      'thinking.display',
      'tools.web_search_20250305',
      'top_k',
    ]);
    expect(body).toMatchObject({
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Tool Grep loaded\n\n[A document is at https://example.com/a.pdf]' },
        { role: 'assistant', content: 'ok' },
      ],
      reasoning_effort: 'high',
      user: expect.stringMatching(/^user_[0-9a-f]{16}$/),
    });
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('tool_choice');
  });

  test('always asks for usage in a stream', () => {
    const request = openaiChat.readRequest(ask({ stream: true }));
    expect(openaiChat.writeRequest(request, 't').body.stream_options).toEqual({ include_usage: true });
  });
});

describe('a request that passes through', () => {
  test.each<[string, JsonObject, JsonObject]>([
    ['is only given its model', {}, { model: 't' }],
    [
      'that streams is asked for usage',
      { stream: true },
      { model: 't', stream_options: { include_usage: true } },
    ],
    [
      'keeps the options that the client set',
      { stream: true, stream_options: { include_obfuscation: false, include_usage: false } },
      { model: 't', stream_options: { include_obfuscation: false, include_usage: true } },
    ],
    [
      'that asks for usage is left alone',
      { stream: true, stream_options: { include_usage: true } },
      { model: 't' },
    ],
  ])('%s', (_, more, edits) => {
    expect(openaiChat.passThroughEdits(openaiChat.readRequest(ask(more)), 't')).toEqual(edits);
  });
});
