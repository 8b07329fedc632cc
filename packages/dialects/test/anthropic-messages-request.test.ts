import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { InvalidRequest } from '../src/dialect.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Part, Request } from '../src/model/request.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const folder = new URL('../fixtures/anthropic-messages/', import.meta.url);
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith('.request.json'))
  .map((name) => name.slice(0, -'.request.json'.length));
const fixture = (name: string): JsonObject =>
  JSON.parse(readFileSync(new URL(`${name}.request.json`, folder), 'utf8')) as JsonObject;

const ask = (more: JsonObject = {}): JsonObject => ({
  model: 'm',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
});
const user = (...content: JsonValue[]): JsonObject => ask({ messages: [{ role: 'user', content }] });
const image = (source: JsonObject): JsonObject => user({ type: 'image', source });
const text = (value: string): Part => ({ kind: 'text', text: value });
const write = (request: Request): JsonObject =>
  anthropicMessages.writeRequest(request, 'claude-sonnet-4-5').body;

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('a request that no provider would take is refused, and the field is named', () => {
  test.each<[string, JsonValue, string]>([
    ['a list', [], ''],
    ['no model', { max_tokens: 1, messages: [{ role: 'user', content: 'x' }] }, 'model'],
    ['a model that is a number', ask({ model: 5 }), 'model'],
    ['no messages', { model: 'm', max_tokens: 1 }, 'messages'],
    ['no message in messages', ask({ messages: [] }), 'messages'],
    ['messages that are no list', ask({ messages: 'hi' }), 'messages'],
    ['2,001 messages', ask({ messages: Array(2_001).fill({ role: 'user', content: 'x' }) }), 'messages'],
    ['a message that is text', ask({ messages: ['hi'] }), 'messages.0'],
    ['a role nobody knows', ask({ messages: [{ role: 'tool', content: 'x' }] }), 'messages.0.role'],
    ['a message without content', ask({ messages: [{ role: 'user' }] }), 'messages.0.content'],
    ['content that is a number', ask({ messages: [{ role: 'user', content: 4 }] }), 'messages.0.content'],
    ['a block that is text', user('x'), 'messages.0.content.0'],
    ['a block without a type', user({ text: 'x' }), 'messages.0.content.0.type'],
    ['text that is a number', user({ type: 'text', text: 5 }), 'messages.0.content.0.text'],
    [
      'an image in a system message',
      ask({
        messages: [
          { role: 'system', content: [{ type: 'image', source: { type: 'url', url: 'https://a.b' } }] },
        ],
      }),
      'messages.0.content.0',
    ],
    ['a system prompt that is a number', ask({ system: 4 }), 'system'],
    ['a system block without text', ask({ system: [{ type: 'text' }] }), 'system.0.text'],
    ['no maximum', { model: 'm', messages: [{ role: 'user', content: 'x' }] }, 'max_tokens'],
    ['a maximum that is text', ask({ max_tokens: '100' }), 'max_tokens'],
    ['a maximum below 0', ask({ max_tokens: -1 }), 'max_tokens'],
    ['a maximum of 1.5', ask({ max_tokens: 1.5 }), 'max_tokens'],
    ['a temperature that is text', ask({ temperature: 'hot' }), 'temperature'],
    ['stream that is text', ask({ stream: 'yes' }), 'stream'],
    ['stop sequences that are no list', ask({ stop_sequences: 'x' }), 'stop_sequences'],
    ['a stop sequence that is empty', ask({ stop_sequences: ['a', ''] }), 'stop_sequences.1'],
    ['tools that are no list', ask({ tools: {} }), 'tools'],
    ['a tool that is text', ask({ tools: ['x'] }), 'tools.0'],
    ['a tool without a name', ask({ tools: [{ input_schema: {} }] }), 'tools.0.name'],
    ['a schema that is text', ask({ tools: [{ name: 'f', input_schema: '{}' }] }), 'tools.0.input_schema'],
    ['a tool choice of another form', ask({ tool_choice: { type: 'required' } }), 'tool_choice.type'],
    ['a tool choice that is text', ask({ tool_choice: 'auto' }), 'tool_choice'],
    ['a tool choice without a type', ask({ tool_choice: {} }), 'tool_choice.type'],
    ['a tool choice without its name', ask({ tool_choice: { type: 'tool' } }), 'tool_choice.name'],
    ['thinking that is true', ask({ thinking: true }), 'thinking'],
    ['a budget of 0', ask({ thinking: { type: 'enabled', budget_tokens: 0 } }), 'thinking.budget_tokens'],
    ['metadata that is text', ask({ metadata: 'u' }), 'metadata'],
    ['an output config that is text', ask({ output_config: 'high' }), 'output_config'],
    [
      'an output format without its schema',
      ask({ output_config: { format: { type: 'json_schema' } } }),
      'output_config.format.schema',
    ],
    ['a call without an id', user({ type: 'tool_use', name: 'f', input: {} }), 'messages.0.content.0.id'],
    ['a call without a name', user({ type: 'tool_use', id: 'a', input: {} }), 'messages.0.content.0.name'],
    [
      'an input that is text',
      user({ type: 'tool_use', id: 'a', name: 'f', input: '{}' }),
      'messages.0.content.0.input',
    ],
    ['a result without its call', user({ type: 'tool_result' }), 'messages.0.content.0.tool_use_id'],
    [
      'a block in a result without a type',
      user({ type: 'tool_result', tool_use_id: 'a', content: [{}] }),
      'messages.0.content.0.content.0.type',
    ],
    ['an image without a source', user({ type: 'image' }), 'messages.0.content.0.source'],
    [
      'an image at no address',
      image({ type: 'url', url: 'file:///etc/passwd' }),
      'messages.0.content.0.source.url',
    ],
    ['an image file without an id', image({ type: 'file' }), 'messages.0.content.0.source.file_id'],
    [
      'an image without a media type',
      image({ type: 'base64', data: PNG }),
      'messages.0.content.0.source.media_type',
    ],
    [
      'a media type nobody takes',
      image({ type: 'base64', media_type: 'image/tiff', data: PNG }),
      'messages.0.content.0.source',
    ],
    [
      'base64 with strays',
      image({ type: 'base64', media_type: 'image/png', data: 'iVBOR!!w0KGgo=' }),
      'messages.0.content.0.source',
    ],
    [
      'an image of no bytes',
      image({ type: 'base64', media_type: 'image/png', data: '' }),
      'messages.0.content.0.source',
    ],
    [
      'bytes of another kind',
      image({ type: 'base64', media_type: 'image/jpeg', data: PNG }),
      'messages.0.content.0.source',
    ],
    [
      'an image within a result that is none',
      user({
        type: 'tool_result',
        tool_use_id: 'a',
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }],
      }),
      'messages.0.content.0.content.0.source',
    ],
  ])('%s', (_, body, field) => {
    let refusal: unknown;
    try {
      anthropicMessages.readRequest(body);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(InvalidRequest);
    expect((refusal as InvalidRequest).field).toBe(field);
  });

  test('case 42: an image that is none says so in the words that tools recover from', () => {
    const broken = image({ type: 'base64', media_type: 'image/png', data: 'AAAA' });
    expect(() => anthropicMessages.readRequest(broken)).toThrow('Could not process image');
  });
});

describe('a request that is read', () => {
  test.each(fixtures)('%s is read, and what is written for this dialect is read again', (name) => {
    const request = anthropicMessages.readRequest(fixture(name));
    const written = anthropicMessages.writeRequest(request, 'm');
    expect(() => anthropicMessages.readRequest(written.body)).not.toThrow();
  });

  test("case 13: Claude Code's system message in the middle keeps its place, as text and as blocks", () => {
    const { turns, system } = anthropicMessages.readRequest(fixture('claude-code'));
    expect(turns.map((turn) => turn.role)).toEqual([
      'user',
      'system',
      'assistant',
      'user',
      'system',
      'assistant',
      'user',
    ]);
    expect(turns[1]?.parts[0]).toMatchObject({ kind: 'text', cacheControl: { type: 'ephemeral' } });
    expect(turns[4]?.parts).toEqual([text('The user opened src/index.ts in the editor.')]);
    expect(system).toHaveLength(3);
  });

  test('case 45: fields that nobody knows are kept for this dialect and never refused', () => {
    const body = ask({ new_field: { a: 1 }, metadata: { user_id: 'u', team: 'blue' } });
    const request = anthropicMessages.readRequest(body);
    expect(request.extra).toEqual({
      'anthropic-messages': { new_field: { a: 1 }, metadata: { team: 'blue' } },
    });
    expect(write(request)).toMatchObject({ new_field: { a: 1 }, metadata: { user_id: 'u', team: 'blue' } });
  });

  test.each<[string, JsonObject, Partial<Request>]>([
    ['adaptive', { thinking: { type: 'adaptive' } }, { reasoning: { mode: 'adaptive' } }],
    [
      'adaptive with an effort and a display',
      { thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'max' } },
      { reasoning: { mode: 'adaptive', effort: 'max', display: 'omitted' } },
    ],
    [
      'a budget',
      { thinking: { type: 'enabled', budget_tokens: 2048 } },
      { reasoning: { mode: 'budget', budgetTokens: 2048 } },
    ],
    ['switched off', { thinking: { type: 'disabled' } }, { reasoning: { mode: 'off' } }],
    [
      'an effort alone',
      { output_config: { effort: 'low' } },
      { reasoning: { mode: 'adaptive', effort: 'low' } },
    ],
  ])('thinking: %s', (_, more, expected) => {
    expect(anthropicMessages.readRequest(ask(more))).toMatchObject(expected);
  });

  test('case 19: a maximum of 0, which warms a cache, is read as 0', () => {
    expect(anthropicMessages.readRequest(ask({ max_tokens: 0 })).outputTokensMax).toBe(0);
  });

  test('an empty signature, which clients echo for other models, is none', () => {
    const thinking = { type: 'thinking', thinking: 'Hm.', signature: '' };
    const { turns } = anthropicMessages.readRequest(
      ask({ messages: [{ role: 'assistant', content: [thinking] }] }),
    );
    expect(turns[0]?.parts).toEqual([{ kind: 'thinking', text: 'Hm.' }]);
  });

  test('the older output_format is an output schema too', () => {
    const output_format = { type: 'json_schema', schema: { type: 'object' } };
    expect(anthropicMessages.readRequest(ask({ output_format })).output).toEqual({
      kind: 'schema',
      schema: { type: 'object' },
    });
  });

  test('case 15: tools that are not loaded yet stay with this dialect until a search found them', () => {
    const request = anthropicMessages.readRequest(fixture('deferred-tools'));
    const names = request.tools.flatMap((tool) => (tool.kind === 'function' ? [tool.name] : []));
    expect(names).toEqual(['ToolSearch', 'mcp__chat__post']);
    const { body } = openaiChat.writeRequest(request, 'm');
    expect(JSON.stringify(body)).not.toContain('DeferredToolPlaceholder');
    expect(JSON.stringify(body)).toContain('Tool mcp__chat__post loaded');
    expect(JSON.stringify(write(request))).toContain('DeferredToolPlaceholder');
  });
});

describe('a request that passes through', () => {
  test('has nothing but its model edited', () => {
    const request = anthropicMessages.readRequest(fixture('claude-code'));
    expect(anthropicMessages.passThroughEdits(request, 'target')).toEqual({ model: 'target' });
  });
});
