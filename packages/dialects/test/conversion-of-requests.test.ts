// Requests on their way from one dialect into another, by what clients really send and providers refuse.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { WrittenRequest } from '../src/dialect.ts';
import { type DialectName, dialects } from '../src/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Request } from '../src/model/request.ts';
import { openSeals, sealEvent } from '../src/model/seal.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const fixture = (name: string): JsonObject =>
  JSON.parse(
    readFileSync(new URL(`../fixtures/anthropic-messages/${name}.request.json`, import.meta.url), 'utf8'),
  ) as JsonObject;
const user = { role: 'user', content: 'hi' };
const messages = (list: JsonValue, more: JsonObject = {}): Request =>
  anthropicMessages.readRequest({ model: 'm', max_tokens: 9, messages: list, ...more });
const chat = (list: JsonValue, more: JsonObject = {}): Request =>
  openaiChat.readRequest({ model: 'm', messages: list, ...more });
const toChat = (request: Request, model = 'glm-5'): WrittenRequest => openaiChat.writeRequest(request, model);
const toAnthropic = (request: Request, model = 'claude-sonnet-4-5'): WrittenRequest =>
  anthropicMessages.writeRequest(request, model);
const targets = Object.values(dialects);
const models: Readonly<Record<DialectName, string>> = {
  'openai-chat': 'glm-5',
  'openai-responses': 'gpt-5.5',
  'anthropic-messages': 'claude-opus-5',
  gemini: 'gemini-3.8-flash',
};

describe("Claude Code's system text", () => {
  const mark = { cache_control: { type: 'ephemeral' } };
  const reminder = 'Today is Monday.';
  const asBlocks = {
    role: 'system',
    content: [{ type: 'text', text: reminder, ...mark }],
    output_config: { effort: 'low' },
  };
  const asText = { role: 'system', content: reminder };
  const billing = {
    type: 'text',
    text: 'x-anthropic-billing-header: cc_version=2.1.330.ab1; cc_entrypoint=cli',
  };
  const system = [billing, { type: 'text', text: 'You are an agent.', ...mark }];

  test('case 14: the billing line is taken out for others, and the same text in another form is the same prefix', () => {
    const first = toChat(messages([user, asBlocks], { system })).body.messages as JsonObject[];
    const second = toChat(messages([user, asText, { role: 'assistant', content: 'Yes.' }, user], { system }));
    expect(first).toEqual([
      { role: 'system', content: 'You are an agent.' },
      user,
      { role: 'system', content: reminder },
    ]);
    expect(JSON.stringify((second.body.messages as JsonObject[]).slice(0, 3))).toBe(JSON.stringify(first));
  });

  test.each(targets)(
    'case 13: in the middle, in any form and after results, is written for $name',
    (target) => {
      const called = { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] };
      const answered = {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'a', content: 'done' }],
      };
      const request = messages([user, asBlocks, called, answered, asText, asBlocks]);
      const body = JSON.stringify(target.writeRequest(request, 'model-a').body);
      expect(body.split(reminder)).toHaveLength(4);
      expect(body.indexOf('done')).toBeLessThan(body.lastIndexOf(reminder));
      expect(body.indexOf('"hi"')).toBeLessThan(body.indexOf(reminder));
    },
  );
});

describe('tools that are loaded later', () => {
  test('case 15: are usable in Chat Completions once they were found, and the reference is told', () => {
    const { body } = toChat(anthropicMessages.readRequest(fixture('deferred-tools')));
    const tools = body.tools as { type: string; function: { name: string; parameters: JsonObject } }[];
    expect(tools.map((tool) => tool.function.name)).toEqual(['ToolSearch', 'mcp__chat__post']);
    expect(JSON.stringify(tools)).not.toContain('defer_loading');
    expect(body.messages).toContainEqual(
      expect.objectContaining({ role: 'tool', content: 'Tool mcp__chat__post loaded' }),
    );
  });
});

describe('what a provider of another dialect has no field for', () => {
  test('case 18: marks of what to cache stay for Anthropic, byte for byte', () => {
    const mark = { type: 'ephemeral', ttl: '1h' };
    const request = messages(
      [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: mark }] }],
      {
        system: [{ type: 'text', text: 'Be brief.', cache_control: mark }],
        tools: [{ name: 'f', input_schema: { type: 'object' }, cache_control: mark }],
      },
    );
    expect(anthropicMessages.passThroughEdits(request, 'm')).toEqual({ model: 'm' });
    expect(
      JSON.stringify(toAnthropic(request).body).match(/"cache_control":{"type":"ephemeral","ttl":"1h"}/g),
    ).toHaveLength(3);
    expect(JSON.stringify(toChat(request).body)).not.toContain('cache_control');
  });

  test('case 19: a maximum of 0 stays 0 for Anthropic', () => {
    expect(toAnthropic(messages([user], { max_tokens: 0 })).body.max_tokens).toBe(0);
  });

  test('case 45: unknown fields are dropped for strangers and named, and stay where they came from', () => {
    const request = messages([user], { context_management: { edits: [] }, speed: 'fast' });
    const { body, dropped } = toChat(request);
    expect(Object.keys(body)).not.toContain('speed');
    expect(dropped).toEqual(['context_management', 'speed']);
    expect(toAnthropic(request).body).toMatchObject({ context_management: { edits: [] }, speed: 'fast' });
  });
});

describe('turns', () => {
  const call = (id: string): JsonObject => ({
    id,
    type: 'function',
    function: { name: 'f', arguments: '{}' },
  });
  const result = (id: string): JsonObject => ({ role: 'tool', tool_call_id: id, content: `of ${id}` });

  test('case 24: two results as two messages are one message of Anthropic, in the order of the calls', () => {
    const { body } = toAnthropic(
      chat([user, { role: 'assistant', tool_calls: [call('a'), call('b')] }, result('b'), result('a')]),
    );
    expect(body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant' },
      { role: 'user', content: [{ tool_use_id: 'a' }, { tool_use_id: 'b' }] },
    ]);
  });

  test('case 22: system text in the middle, names and results out of order are legal for Anthropic', () => {
    const { body } = toAnthropic(
      chat([
        { role: 'system', content: 'One.' },
        { role: 'developer', content: 'Two.' },
        { ...user, name: 'Ann' },
        { role: 'assistant', tool_calls: [call('a')] },
        { role: 'developer', content: 'Three.' },
        result('a'),
      ]),
    );
    expect(body.system).toMatchObject([{ text: 'One.' }, { text: 'Two.' }]);
    expect(body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ type: 'tool_use' }] },
      {
        role: 'user',
        content: [{ type: 'tool_result' }, { text: '<system-reminder>\nThree.\n</system-reminder>' }],
      },
    ]);
  });

  test.each<[string, JsonValue]>([
    ['null beside calls', null],
    ['an empty text', ''],
    ['an empty list', []],
    ['blanks', ' \n'],
  ])('case 41: content that is %s is nothing that a provider refuses', (_what, content) => {
    const request = chat([user, { role: 'assistant', content, tool_calls: [call('a')] }, result('a')]);
    expect((toAnthropic(request).body.messages as JsonObject[])[1]?.content).toMatchObject([
      { type: 'tool_use' },
    ]);
    const [, assistant] = toChat(request).body.messages as JsonObject[];
    expect(assistant).toMatchObject({ tool_calls: [{ id: 'a' }] });
    expect(Array.isArray(assistant?.content)).toBe(false);
  });

  test('case 17: results with images and documents keep their order, the media behind all results', () => {
    const request = anthropicMessages.readRequest(fixture('tool-results-with-media'));
    const roles = (toChat(request).body.messages as { role: string }[]).map(({ role }) => role);
    expect(roles.join(' ')).toMatch(/assistant (?:tool )+user/);
    const native = JSON.stringify(toAnthropic(request).body.messages);
    for (const type of ['image', 'document']) expect(native).toContain(`"type":"${type}"`);
  });
});

describe('a strict schema', () => {
  const closed = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };
  const list = (items: JsonObject): JsonObject => ({
    ...closed,
    properties: { a: { type: 'array', items } },
  });

  test.each<[string, JsonObject, boolean]>([
    ['that is closed and requires all', closed, true],
    ['of nothing', { type: 'object', properties: {}, required: [], additionalProperties: false }, true],
    ['with all of it inside a list', list(closed), true],
    ['that is open', { ...closed, additionalProperties: true }, false],
    ['that requires nothing', { ...closed, required: [] }, false],
    ['that is open inside a list', list({ type: 'object', properties: {} }), false],
    ['with a default', { ...closed, properties: { a: { type: 'string', default: 'x' } } }, false],
    ['of one of several forms', { ...closed, anyOf: [closed] }, false],
  ])('case 38: %s is told to be strict only where it is, and untouched', (_what, schema, isStrict) => {
    const tool = { type: 'function', function: { name: 'f', parameters: schema, strict: true } };
    const response_format = { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } };
    const { body, dropped } = toChat(chat([user], { tools: [tool], response_format }), 'gpt-5.5');
    expect(body.tools).toEqual([{ ...tool, function: { ...tool.function, strict: isStrict } }]);
    expect(body.response_format).toEqual({
      type: 'json_schema',
      json_schema: { ...response_format.json_schema, strict: isStrict },
    });
    expect(dropped).toEqual(isStrict ? [] : ['response_format.strict', 'tools.strict']);
  });
});

describe('a choice of tools', () => {
  const tools = [{ name: 'f', input_schema: { type: 'object' } }];

  test('case 39: that names a tool which is not there is refused as the provider would', () => {
    const refused = expect.objectContaining({ name: 'InvalidRequest', field: 'tool_choice' });
    expect(() => messages([user], { tools, tool_choice: { type: 'tool', name: 'g' } })).toThrow(refused);
    const named = { type: 'function', function: { name: 'g' } };
    expect(() => chat([user], { tools, tool_choice: named })).toThrow(refused);
    expect(messages([user], { tools, tool_choice: { type: 'tool', name: 'f' } }).toolChoice).toEqual({
      kind: 'tool',
      name: 'f',
    });
  });

  test.each<[JsonObject, JsonValue]>([
    [{ type: 'auto' }, 'auto'],
    [{ type: 'any' }, 'required'],
    [{ type: 'none' }, 'none'],
    [
      { type: 'tool', name: 'f' },
      { type: 'function', function: { name: 'f' } },
    ],
  ])('case 39: %j is %j in Chat Completions, with the tools', (tool_choice, expected) => {
    const { body } = toChat(messages([user], { tools, tool_choice }));
    expect(body.tool_choice).toEqual(expected);
    expect(body.tools).toHaveLength(1);
  });
});

test('case 37: a schema of every keyword goes to Anthropic and OpenAI as it came', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      count: { type: 'integer', exclusiveMinimum: 0, maximum: 9007199254740991 },
      kind: { const: 'a' },
      either: { oneOf: [{ type: 'string', format: 'uri' }, { type: ['null', 'number'] }] },
      tree: { $ref: '#/$defs/node' },
      names: { type: 'object', propertyNames: { pattern: '^a' } },
      anything: true,
      nothing: {},
      list: { type: 'array', items: { type: 'string' }, uniqueItems: true },
    },
    $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
    additionalProperties: false,
  };
  const request = messages([user], { tools: [{ name: 'f', input_schema: schema }] });
  expect(toAnthropic(request).body.tools).toEqual([{ name: 'f', input_schema: schema }]);
  expect(toChat(request, 'gpt-5.5').body.tools).toMatchObject([{ function: { parameters: schema } }]);
});

test('case 40: an answer of a schema is asked of Anthropic and OpenAI in their own fields', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false };
  const format = { type: 'json_schema', json_schema: { name: 'n', schema } };
  const request = chat([user], { response_format: format });
  expect(toChat(request).body.response_format).toEqual(format);
  expect(toAnthropic(request).body.output_config).toEqual({ format: { type: 'json_schema', schema } });
});

describe('thinking that goes back', () => {
  const turn = [
    user,
    { role: 'assistant', content: 'One.' },
    user,
    {
      role: 'assistant',
      content: '',
      reasoning_content: 'Hm.',
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'a', content: 'done' },
  ];

  test.each<[string, unknown[]]>([
    ['deepseek-v4-pro', ['', 'Hm.']],
    ['glm-5', [undefined, 'Hm.']],
    ['deepseek-r1', [undefined, undefined]],
    ['gpt-5.5', [undefined, undefined]],
  ])('case 43: to %s is %j on the messages of the assistant', (model, expected) => {
    const written = toChat(chat(turn), model).body.messages as JsonObject[];
    const sent = written
      .filter(({ role }) => role === 'assistant')
      .map((message) => message.reasoning_content);
    expect(sent).toEqual(expected);
  });

  const sealed = (signature: string, origin: string): string => {
    const event = sealEvent({ type: 'signature', index: 0, signature }, origin);
    return event.type === 'signature' ? event.signature : '';
  };
  const origins = ['zai/glm-5', 'anthropic/claude-opus-5', 'google/gemini-3.8-flash', 'openai/gpt-6.1'];
  /** A step of each origin, with a call, as Claude Code sends it all back. */
  const conversation = messages([
    user,
    ...origins.flatMap((origin, at) => [
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: `Thought ${at}.`, signature: sealed(`secret-${at}-of`, origin) },
          { type: 'tool_use', id: `call_${at}`, name: 'f', input: {} },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: `call_${at}`, content: 'done' }] },
    ]),
  ]);
  test.each(targets)('case 58: of other models in one conversation is not shown to $name', (target) => {
    origins.forEach((origin, own) => {
      const request = openSeals(conversation, origin, target.name === 'anthropic-messages');
      const body = JSON.stringify(target.writeRequest(request, models[target.name]).body);
      expect(body).not.toContain('aisw1');
      origins.forEach((_, at) => {
        if (at !== own) expect(body).not.toContain(`secret-${at}-of`);
      });
      for (const at of origins.keys()) expect(body).toContain(`call_${at}`);
    });
  });

  test('case 57: of the same model goes back to Anthropic byte for byte', () => {
    const request = openSeals(conversation, 'anthropic/claude-opus-5', true);
    expect(toAnthropic(request, 'claude-opus-5').body.messages).toContainEqual({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Thought 1.', signature: 'secret-1-of' },
        { type: 'tool_use', id: 'call_1', name: 'f', input: {} },
      ],
    });
  });
});

test('case 36: ids of any length and with any sign are valid, linked, and the same in every later turn', () => {
  const ids = ['x'.repeat(43), 'y'.repeat(65), 'z'.repeat(200), 'a|b:c', 'a_b_c'];
  const step = (id: string): JsonObject[] => [
    { role: 'assistant', tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: id, content: 'done' },
  ];
  const long = chat([user, ...ids.flatMap(step)]);
  const linked = (body: JsonObject, pattern: RegExp): string[] =>
    [...JSON.stringify(body).matchAll(pattern)].map((match) => match[1] ?? '');
  const forChat = toChat(long).body;
  const called = linked(forChat, /"id":"([^"]+)"/g);
  expect(linked(forChat, /"tool_call_id":"([^"]+)"/g)).toEqual(called);
  expect(new Set(called).size).toBe(ids.length);
  expect(called.every((id) => id.length <= 40)).toBe(true);
  const forAnthropic = toAnthropic(long).body;
  const used = linked(forAnthropic, /"id":"([^"]+)"/g);
  expect(linked(forAnthropic, /"tool_use_id":"([^"]+)"/g)).toEqual(used);
  expect(new Set(used).size).toBe(ids.length);
  expect(used.every((id) => /^[\w-]+$/.test(id))).toBe(true);
  const short = chat([user, ...step(ids[2] ?? ''), ...step(ids[3] ?? '')]);
  expect(linked(toChat(short).body, /"tool_call_id":"([^"]+)"/g)).toEqual(called.slice(2, 4));
  expect(linked(toAnthropic(short).body, /"tool_use_id":"([^"]+)"/g)).toEqual(used.slice(2, 4));
});

test.each(targets)('case 98: a later turn begins with the bytes of the one before, for $name', (target) => {
  const tools = [{ name: 'f', input_schema: { type: 'object', properties: { b: {}, a: {} } } }];
  const mark = { cache_control: { type: 'ephemeral' } };
  const system = [{ type: 'text', text: 'Be brief.', ...mark }];
  const steps = [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a|1', name: 'f', input: { z: 1, a: 2 } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a|1', content: 'done' }] },
    { role: 'assistant', content: 'Yes.' },
    { role: 'user', content: 'And?' },
  ];
  const written = (count: number): JsonObject => {
    const asked = messages([user, ...steps.slice(0, count)], { system, tools });
    return target.writeRequest(asked, models[target.name]).body;
  };
  expect(JSON.stringify(written(4))).toBe(JSON.stringify(written(4)));
  const turnsIn = (body: JsonObject): string =>
    JSON.stringify(body.messages ?? body.contents ?? body.input).slice(0, -1);
  const rest = (body: JsonObject): string =>
    JSON.stringify({ ...body, messages: null, contents: null, input: null });
  expect(turnsIn(written(4)).startsWith(turnsIn(written(2)))).toBe(true);
  expect(rest(written(4))).toBe(rest(written(2)));
});
