import { describe, expect, test } from 'vitest';
import type { WrittenRequest } from '../src/dialect.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Request } from '../src/model/request.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { chat, itemsOf, messages, requestFixture, schemaOf, user, write } from './responses-fixtures.ts';

const toolsOf = ({ body }: WrittenRequest): readonly JsonObject[] => body.tools as readonly JsonObject[];

describe('tools', () => {
  test('case 25: go to OpenAI in the forms that they came in', () => {
    const written = write(requestFixture('codex-additional-tools'));
    expect(written.restore).toBeUndefined();
    expect(toolsOf(written).map(({ type, name, description }) => [type, name, description])).toEqual([
      ['namespace', 'functions', 'Tools of the environment.'],
      ['namespace', 'clock', 'Time.'],
      ['namespace', 'collaboration', 'Other agents.'],
    ]);
    const types = itemsOf(write(requestFixture('codex-tool-search'))).map(({ type }) => type);
    expect(types).toContain('tool_search_call');
    expect(itemsOf(written).map(({ type }) => type)).toContain('custom_tool_call_output');
  });

  test('case 25: that a search found stand with the search, so that the list stays as it was', () => {
    const written = write(requestFixture('codex-tool-search'));
    const output = itemsOf(written).find(({ type }) => type === 'tool_search_output');
    expect(output?.tools).toMatchObject([
      { type: 'namespace', name: 'mcp__calendar', tools: [{ name: 'list_events', defer_loading: true }] },
    ]);
    expect(JSON.stringify(output)).not.toContain('found_by');
    expect(JSON.stringify(written.body.tools)).not.toContain('list_events');
  });

  test('case 25: go to other models of this dialect as functions, whose calls come back as they were declared', () => {
    const written = write(requestFixture('codex-additional-tools'), 'grok-4.3');
    expect(toolsOf(written).map(({ type, name }) => `${type} ${name}`)).toEqual([
      'function functions__exec',
      'function functions__wait',
      'function clock__now',
      'function collaboration__spawn_agent',
    ]);
    expect(itemsOf(written).map(({ type, name }) => name ?? type)).toContain('functions__exec');
    const restore = written.restore?.();
    const part = { kind: 'toolCall' as const, id: 'c', name: 'functions__exec' };
    expect(restore?.({ type: 'partStart', index: 0, part })).toMatchObject([
      { part: { name: 'exec', namespace: 'functions', form: 'custom' } },
    ]);
    expect(written.dropped).toContain('client_metadata');
  });

  test('case 38: are strict only when they say so and their schema is, and else say that they are not', () => {
    const tool = (name: string, parameters: JsonObject, strict?: boolean): JsonObject => ({
      type: 'function',
      function: { name, parameters, ...(strict !== undefined && { strict }) },
    });
    const closed = { required: ['a'], additionalProperties: false };
    const tools = [
      tool('unsaid', schemaOf(['a'], closed)),
      tool('strict', schemaOf(['a'], closed), true),
      tool('loose', schemaOf(['a']), true),
    ];
    const written = write(chat([user], { tools }));
    expect(toolsOf(written).map(({ name, strict }) => [name, strict])).toEqual([
      ['unsaid', false],
      ['strict', true],
      ['loose', false],
    ]);
    expect(toolsOf(written)[2]?.parameters).toEqual(schemaOf(['a']));
    expect(written.dropped).toEqual(['tools.strict']);
  });

  test('schemas go as they came, whatever stands in them', () => {
    const [tool] = toolsOf(write(requestFixture('unknown-fields')));
    expect(tool).toMatchObject({
      parameters: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        properties: {
          n: { exclusiveMinimum: 0, maximum: Number.MAX_SAFE_INTEGER },
          secret: { encrypted: true },
        },
      },
      defer_loading: true,
    });
  });

  test('a choice names the tool in its form', () => {
    expect(write(requestFixture('tool-choice-custom')).body.tool_choice).toEqual({
      type: 'custom',
      name: 'patch',
    });
    expect(write(requestFixture('tool-choice-in-namespace')).body.tool_choice).toEqual({
      type: 'function',
      name: 'open',
      namespace: 'box',
    });
    expect(write(requestFixture('tool-choice-in-namespace'), 'grok-4.3').body.tool_choice).toEqual({
      type: 'function',
      name: 'box__open',
    });
  });

  test("a search that another dialect's provider runs is one of OpenAI's", () => {
    const search = {
      type: 'web_search_20250305',
      name: 'web_search',
      max_uses: 3,
      allowed_domains: ['a.com'],
    };
    const written = write(messages([user], { tools: [search] }));
    expect(toolsOf(written)).toEqual([{ type: 'web_search', filters: { allowed_domains: ['a.com'] } }]);
    expect(written.dropped).toEqual(['tools.webSearch.max_uses']);
    const chosen = messages([user], { tools: [search], tool_choice: { type: 'tool', name: 'web_search' } });
    expect(write(chosen).body.tool_choice).toEqual({ type: 'web_search' });
  });

  test('case 37: a schema that says nothing is one of an object, and one of another form stays', () => {
    const tools = [
      { name: 'f', schema: {} },
      { name: 'g', schema: { $ref: '#/$defs/a' } },
    ].map(({ name, schema }) => ({ type: 'function', function: { name, parameters: schema } }));
    const empty = { type: 'object', properties: {} };
    const request = chat([user], { tools });
    expect(toolsOf(write(request)).map(({ parameters }) => parameters)).toEqual([
      empty,
      { $ref: '#/$defs/a' },
    ]);
    expect(openaiChat.writeRequest(request, 'glm-5').body.tools).toMatchObject([
      { function: { parameters: empty } },
      { function: { parameters: { $ref: '#/$defs/a' } } },
    ]);
  });
});

describe('calls and their results', () => {
  const call = (id: string): JsonObject => ({ type: 'tool_use', id, name: 'f', input: {} });
  const result = (id: string, content: JsonValue, more: JsonObject = {}): JsonObject => ({
    type: 'tool_result',
    tool_use_id: id,
    content,
    ...more,
  });
  const conversation = (id: string, content: JsonValue, more: JsonObject = {}): Request =>
    messages([
      user,
      { role: 'assistant', content: [call(id)] },
      { role: 'user', content: [result(id, content, more)] },
    ]);

  test.each([
    ['c'.repeat(43), 'c'.repeat(43)],
    ['c'.repeat(64), 'c'.repeat(64)],
    ['c'.repeat(65), expect.stringMatching(/^call_[0-9a-f]{16}$/)],
    ['c'.repeat(200), expect.stringMatching(/^call_[0-9a-f]{16}$/)],
    ['toolu|01:Ab', 'toolu|01:Ab'],
  ])(
    'case 36: the id %s is one that OpenAI takes, the same in call and result and in every turn',
    (id, wanted) => {
      const items = itemsOf(write(conversation(id, 'x')));
      expect(items.slice(1).map(({ call_id }) => call_id)).toEqual([wanted, wanted]);
      expect(itemsOf(write(conversation(id, 'x')))).toEqual(items);
    },
  );

  test('case 17: images and documents stand in the result itself', () => {
    const data = requestFixture('codex-images-from-tools');
    const output = itemsOf(write(data)).find(({ type }) => type === 'function_call_output');
    expect(output?.output).toMatchObject([
      { type: 'input_text' },
      { type: 'input_image', detail: 'original' },
    ]);
  });

  test('an error says that it is one, beside an image too', () => {
    const failed = { is_error: true };
    const png = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
    expect(itemsOf(write(conversation('c', 'no file', failed))).at(-1)?.output).toBe('Error: no file');
    expect(itemsOf(write(conversation('c', 'Error: no file', failed))).at(-1)?.output).toBe('Error: no file');
    expect(itemsOf(write(conversation('c', [png], failed))).at(-1)?.output).toMatchObject([
      { type: 'input_text', text: 'Error:' },
      { type: 'input_image' },
    ]);
  });

  test('case 23: results without a call are told, and calls without a result get one', () => {
    const items = itemsOf(write(requestFixture('orphans-and-repeated-ids')));
    expect(items[0]).toMatchObject({ content: [{ text: '[Tool result: found 3]' }] });
    const ids = items.flatMap(({ type, call_id }) => (call_id === undefined ? [] : [`${type} ${call_id}`]));
    expect(ids).toEqual([
      'function_call call_I1',
      'function_call_output call_I1',
      'function_call call_I1_2',
      'function_call_output call_I1_2',
      'custom_tool_call call_open',
      'custom_tool_call_output call_open',
    ]);
  });
});
