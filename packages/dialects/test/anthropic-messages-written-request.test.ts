import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Part, Request, Turn } from '../src/model/request.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const folder = new URL('../fixtures/anthropic-messages/', import.meta.url);
const fixture = (name: string): JsonObject =>
  JSON.parse(readFileSync(new URL(`${name}.request.json`, folder), 'utf8')) as JsonObject;

const hub = (more: Partial<Request> = {}): Request => ({ ...openaiChat.readRequest(chat()), ...more });
const chat = (more: JsonObject = {}): JsonObject => ({
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
});
const said = (role: Turn['role'], ...parts: Part[]): Turn => ({ role, parts });
const text = (value: string): Part => ({ kind: 'text', text: value });
const call = (id: string): Part => ({ kind: 'toolCall', id, name: 'f', argumentsText: '{}' });
const result = (callId: string, value: string): Part => ({
  kind: 'toolResult',
  callId,
  parts: [{ kind: 'text', text: value }],
  isError: false,
});

const OLDER = 'claude-sonnet-4-5';
const NEWER = 'claude-opus-4-8';
const write = (request: Request, model = OLDER): JsonObject =>
  anthropicMessages.writeRequest(request, model).body;
const dropped = (request: Request, model = OLDER): readonly string[] =>
  anthropicMessages.writeRequest(request, model).dropped;
/** Each message in one line: `user text result:a`. */
const outline = (turns: readonly Turn[], model = OLDER): string[] =>
  (write(hub({ turns }), model).messages as { role: string; content: JsonObject[] }[]).map(
    ({ role, content }) =>
      [
        role,
        ...content.map((block) => {
          if (block.type === 'tool_use') return `call:${block.id}`;
          return block.type === 'tool_result' ? `result:${block.tool_use_id}` : block.text;
        }),
      ].join(' '),
  );

describe('the turns that are written', () => {
  test('a user speaks first', () => {
    const turns = [said('assistant', text('Hello.')), said('user', text('Hi.'))];
    expect(outline(turns)).toEqual(['user [The conversation goes on.]', 'assistant Hello.', 'user Hi.']);
  });

  test('case 41: turns of one role in a row are one message, and empty ones none', () => {
    const turns = [
      said('user', text('a'), text('')),
      said('user', text(' \n')),
      said('user', text('b')),
      said('assistant', text('c')),
      said('assistant', text('d')),
      said('user', text('e')),
    ];
    expect(outline(turns)).toEqual(['user a b', 'assistant c d', 'user e']);
  });

  test.each<[string, Turn[], string[]]>([
    [
      'stand first in the very next message, in the order of their calls',
      [
        said('user', text('go')),
        said('assistant', call('a'), call('b')),
        said('user', text('wait'), result('b', '2'), result('a', '1')),
      ],
      ['user go', 'assistant call:a call:b', 'user result:a result:b wait'],
    ],
    [
      'are found behind other turns',
      [
        said('user', text('go')),
        said('assistant', call('a')),
        said('user', text('and?')),
        said('assistant', text('Soon.')),
        said('user', result('a', '1')),
      ],
      ['user go', 'assistant call:a', 'user result:a and?', 'assistant Soon.'],
    ],
    [
      'are made up for a call that has none',
      [said('user', text('go')), said('assistant', call('a')), said('user', text('stop'))],
      ['user go', 'assistant call:a', 'user result:a stop'],
    ],
    [
      'without a call are told as text',
      [said('user', result('gone', 'found it'), text('go'))],
      ['user [Tool result: found it] go'],
    ],
    [
      'of a repeated id go to their own call',
      [
        said('user', text('go')),
        said('assistant', call('a')),
        said('user', result('a', '1')),
        said('assistant', call('a')),
        said('user', result('a', '2')),
      ],
      ['user go', 'assistant call:a', 'user result:a', 'assistant call:a_2', 'user result:a_2'],
    ],
  ])('case 23: tool results %s', (_, turns, expected) => {
    expect(outline(turns)).toEqual(expected);
  });

  test('case 23: a call that nobody answered gets a result that says so', () => {
    const { messages } = write(hub({ turns: [said('user', text('go')), said('assistant', call('a'))] }));
    expect((messages as JsonObject[])[2]).toMatchObject({
      content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ text: '[no result recorded]' }] }],
    });
  });

  test("case 13: system text in the middle is told among the user's words to older models", () => {
    const turns = [said('user', text('a')), said('system', text('Be brief.')), said('assistant', text('b'))];
    expect(outline(turns)).toEqual([
      'user a <system-reminder>\nBe brief.\n</system-reminder>',
      'assistant b',
    ]);
  });

  test('the last words of an assistant do not end in whitespace', () => {
    expect(outline([said('user', text('a')), said('assistant', text('1, 2, \n'))])).toEqual([
      'user a',
      'assistant 1, 2,',
    ]);
  });

  test('models that refuse to go on from words of their own are asked to', () => {
    const turns = [said('user', text('a')), said('assistant', text('1, 2,'))];
    expect(outline(turns, 'claude-opus-4-6')).toEqual([
      'user a',
      'assistant 1, 2,',
      'user [Go on from here.]',
    ]);
  });

  test('case 58: thinking without the signature of a Claude is left out and named', () => {
    const request = hub({
      turns: [
        said('user', text('a')),
        said('assistant', { kind: 'thinking', text: 'Hm.' }, text('b')),
        said('user', text('c')),
      ],
    });
    expect(JSON.stringify(write(request))).not.toContain('Hm.');
    expect(dropped(request)).toEqual(['messages.1.thinking']);
  });

  test.each([
    ['toolu_01A', /^toolu_01A$/],
    ['call.1:2|x', /^call_1_2_x_[0-9a-f]{8}$/],
    ['東', /^__[0-9a-f]{8}$/],
  ])('case 36: the call id %s is one that Anthropic takes, the same in call and result', (id, pattern) => {
    const body = write(
      hub({ turns: [said('user', text('a')), said('assistant', call(id)), said('user', result(id, 'x'))] }),
    );
    const [, assistant, answer] = body.messages as { content: { id: string; tool_use_id: string }[] }[];
    expect(assistant?.content[0]?.id).toMatch(pattern);
    expect(answer?.content[0]?.tool_use_id).toBe(assistant?.content[0]?.id);
  });

  test('arguments that are no object still reach the model', () => {
    const broken: Part = { kind: 'toolCall', id: 'a', name: 'f', argumentsText: '{"path": "a' };
    const [, assistant] = write(hub({ turns: [said('user', text('x')), said('assistant', broken)] }))
      .messages as { content: JsonObject[] }[];
    expect(assistant?.content[0]).toMatchObject({ input: { arguments: '{"path": "a' } });
  });
});

describe('thinking that is asked for', () => {
  test.each<[string, Request['reasoning'], string, JsonObject]>([
    [
      'an effort for a model that adapts',
      { mode: 'adaptive', effort: 'high' },
      NEWER,
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' }, max_tokens: 8_192 },
    ],
    [
      'a budget for a model that adapts',
      { mode: 'budget', budgetTokens: 4_000 },
      'claude-sonnet-5-20270101',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } },
    ],
    [
      'minimal effort for a model that adapts',
      { mode: 'adaptive', effort: 'minimal' },
      'anthropic/claude-opus-4.6',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
    ],
    [
      'an effort for an older model, whose maximum grows by it',
      { mode: 'adaptive', effort: 'high' },
      OLDER,
      { thinking: { type: 'enabled', budget_tokens: 24_576 }, max_tokens: 32_768 },
    ],
    [
      'a budget below the least',
      { mode: 'budget', budgetTokens: 100 },
      'claude-3-7-sonnet-20250219',
      { thinking: { type: 'enabled', budget_tokens: 1_024 }, max_tokens: 8_192 },
    ],
    [
      'an effort for another model that speaks this dialect',
      { mode: 'adaptive', effort: 'low' },
      'glm-5',
      { thinking: { type: 'enabled', budget_tokens: 4_096 }, max_tokens: 8_192 },
    ],
    ['none', { mode: 'off', effort: 'none' }, OLDER, { thinking: { type: 'disabled' }, max_tokens: 8_192 }],
  ])('%s', (_, reasoning, model, expected) => {
    expect(write(hub(reasoning && { reasoning }), model)).toMatchObject(expected);
  });

  test('a budget as large as the maximum leaves the answer its room', () => {
    const body = write(hub({ outputTokensMax: 2_000, reasoning: { mode: 'budget', budgetTokens: 2_000 } }));
    expect(body).toMatchObject({ thinking: { budget_tokens: 2_000 }, max_tokens: 4_000 });
  });

  test('case 20: a model that adapts is never sent a budget', () => {
    const request = hub({ reasoning: { mode: 'budget', budgetTokens: 9_999_999 } });
    expect(JSON.stringify(write(request, NEWER))).not.toContain('budget_tokens');
  });

  test.each<[string, Partial<Request>]>([
    [
      'forces a tool',
      {
        tools: [{ kind: 'function', name: 'f', schema: {} }],
        toolChoice: { kind: 'any' },
      },
    ],
    [
      'goes on from a call that another model made',
      {
        turns: [said('user', text('a')), said('assistant', call('c')), said('user', result('c', 'x'))],
      },
    ],
  ])('case 39: an older model does not think where the request %s', (_, more) => {
    const request = hub({ ...more, reasoning: { mode: 'budget', budgetTokens: 2_000 } });
    expect(write(request).thinking).toBeUndefined();
    expect(dropped(request)).toContain('reasoning_effort');
    expect(write(request, NEWER).thinking).toEqual({ type: 'adaptive' });
  });
});

describe('sampling and limits', () => {
  const sampling = { temperature: 0.5, topP: 0.9, topK: 40 };

  test.each([
    ['claude-3-5-sonnet-20241022', { temperature: 0.5, top_p: 0.9, top_k: 40 }, []],
    ['claude-opus-4-20250514', { temperature: 0.5, top_p: 0.9, top_k: 40 }, []],
    ['claude-sonnet-4-5', { temperature: 0.5, top_k: 40 }, ['top_p']],
    ['claude-opus-4-6', { temperature: 0.5, top_k: 40 }, ['top_p']],
    ['claude-opus-4-7', {}, ['temperature', 'top_k', 'top_p']],
    ['claude-haiku-5', {}, ['temperature', 'top_k', 'top_p']],
    ['anthropic/claude-sonnet-5.1', {}, ['temperature', 'top_k', 'top_p']],
    ['glm-5', { temperature: 0.5, top_p: 0.9, top_k: 40 }, []],
  ])('case 20: %s is sent %j', (model, expected, names) => {
    const request = hub(sampling);
    const { temperature, top_p, top_k } = write(request, model);
    expect(JSON.parse(JSON.stringify({ temperature, top_p, top_k }))).toEqual(expected);
    expect(dropped(request, model)).toEqual(names);
  });

  test('a model that thinks by a budget samples as it likes', () => {
    const request = hub({ temperature: 0.5, reasoning: { mode: 'budget', budgetTokens: 2_000 } });
    expect(write(request).temperature).toBeUndefined();
    expect(dropped(request)).toEqual(['temperature']);
  });

  test('a temperature above 1 is 1, and named', () => {
    expect(write(hub({ temperature: 1.7 })).temperature).toBe(1);
    expect(dropped(hub({ temperature: 1.7 }))).toEqual(['temperature']);
  });

  test('a maximum that nobody named is one that every model takes', () => {
    expect(write(hub()).max_tokens).toBe(8_192);
    expect(write(hub({ outputTokensMax: 77 })).max_tokens).toBe(77);
  });

  test('stop sequences of nothing but whitespace are left out and named', () => {
    const request = hub({ stop: ['\n', 'END'] });
    expect(write(request).stop_sequences).toEqual(['END']);
    expect(dropped(request)).toEqual(['stop']);
  });

  test('case 46: several answers at once are refused, because this dialect gives one', () => {
    const request = openaiChat.readRequest(chat({ n: 2 }));
    expect(() => write(request)).toThrow(expect.objectContaining({ name: 'InvalidRequest', field: 'n' }));
  });

  test('case 46: what this dialect has no word for is named', () => {
    const request = openaiChat.readRequest(
      chat({ seed: 1, presence_penalty: 1, frequency_penalty: 1, logit_bias: {}, logprobs: true }),
    );
    expect(dropped(request)).toEqual([
      'frequency_penalty',
      'logit_bias',
      'logprobs',
      'presence_penalty',
      'seed',
    ]);
  });
});

describe('tools that are written', () => {
  const schemaOf = (schema: JsonObject): JsonValue | undefined =>
    (write(hub({ tools: [{ kind: 'function', name: 'f', schema }] })).tools as JsonObject[])[0]?.input_schema;
  const string = { type: 'string' };
  const number = { type: 'number' };

  test.each<[string, JsonObject, JsonObject]>([
    ['without a type', {}, { type: 'object' }],
    ['of a list of types', { type: ['object', 'null'] }, { type: 'object' }],
    [
      'of either of two forms',
      {
        type: 'object',
        anyOf: [
          { properties: { a: string }, required: ['a'] },
          { properties: { b: number }, required: ['b'] },
        ],
      },
      { type: 'object', properties: { a: string, b: number } },
    ],
    [
      'of exactly one of two forms, with a property of its own',
      { properties: { c: string }, required: ['c'], oneOf: [{ properties: { a: string } }, true] },
      { type: 'object', properties: { a: string, c: string }, required: ['c'] },
    ],
    [
      'of two forms at once',
      {
        allOf: [
          { properties: { a: string }, required: ['a'] },
          { properties: { b: number }, required: ['b'] },
        ],
      },
      { type: 'object', properties: { a: string, b: number }, required: ['a', 'b'] },
    ],
    [
      'with a union further down, which is left alone',
      { type: 'object', properties: { a: { anyOf: [string, number] } } },
      { type: 'object', properties: { a: { anyOf: [string, number] } } },
    ],
  ])('a schema %s', (_, schema, expected) => {
    expect(schemaOf(schema)).toEqual(expected);
  });

  test('case 37: a schema that draft 2020-12 knows is sent untouched', () => {
    const { tools } = fixture('claude-code');
    expect(write(anthropicMessages.readRequest(fixture('claude-code'))).tools).toEqual(tools);
  });

  test.each<[string, Partial<Request>, JsonValue | undefined]>([
    ['any', { toolChoice: { kind: 'any' } }, { type: 'any' }],
    ['none', { toolChoice: { kind: 'none' }, isParallelToolCalls: false }, { type: 'none' }],
    ['one by name', { toolChoice: { kind: 'tool', name: 'f' } }, { type: 'tool', name: 'f' }],
    ['one at a time', { isParallelToolCalls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    ['not said', {}, undefined],
  ])('case 39: the choice of tools: %s', (_, more, expected) => {
    const tools = [{ kind: 'function' as const, name: 'f', schema: {} }];
    expect(write(hub({ tools, ...more })).tool_choice).toEqual(expected);
  });

  test('a tool that only another dialect knows is left out and named, and so is a choice that forces it', () => {
    const request = openaiChat.readRequest(chat({ tools: [{ type: 'mcp' }], tool_choice: 'required' }));
    expect(write(request).tools).toBeUndefined();
    expect(write(request).tool_choice).toBeUndefined();
    expect(dropped(request)).toEqual(['tools.mcp']);
  });

  test('case 40: the schema of an output is closed, as Anthropic asks', () => {
    const schema = {
      type: 'object',
      properties: { list: { type: 'array', items: { type: 'object', properties: { a: string } } } },
    };
    expect(write(hub({ output: { kind: 'schema', schema } })).output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: {
            list: {
              type: 'array',
              items: { type: 'object', properties: { a: string }, additionalProperties: false },
            },
          },
          additionalProperties: false,
        },
      },
    });
  });
});
