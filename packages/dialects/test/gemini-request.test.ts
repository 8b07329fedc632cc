import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InvalidRequest, type RequestAddress } from '../src/dialect.ts';
import { gemini } from '../src/gemini/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Part, Request } from '../src/model/request.ts';

const folder = new URL('../fixtures/gemini/', import.meta.url);
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith('.request.json'))
  .map((name) => name.slice(0, -'.request.json'.length));
const fixture = (name: string): JsonObject =>
  JSON.parse(readFileSync(new URL(`${name}.request.json`, folder), 'utf8')) as JsonObject;

const ADDRESS: RequestAddress = { model: 'gemini-3.8-flash', isStreaming: false };
const read = (body: JsonValue): Request => gemini.readRequest(body, ADDRESS);
const ask = (more: JsonObject = {}): JsonObject => ({ contents: [{ parts: [{ text: 'hi' }] }], ...more });
const config = (more: JsonObject): JsonObject => ask({ generationConfig: more });
const parts = (...given: JsonValue[]): JsonObject => ask({ contents: [{ role: 'user', parts: given }] });
const calling = (more: JsonObject): JsonObject => ask({ toolConfig: { functionCallingConfig: more } });
const text = (value: string): Part => ({ kind: 'text', text: value });

describe('a request that no provider would take is refused, and the field is named', () => {
  test.each<[string, JsonValue, string]>([
    ['a list', [], ''],
    ['no contents', {}, 'contents'],
    ['no content in contents', ask({ contents: [] }), 'contents'],
    ['2,001 contents', ask({ contents: Array(2_001).fill({ parts: [] }) }), 'contents'],
    ['a content that is a number', ask({ contents: [5] }), 'contents.0'],
    ['a role nobody knows', ask({ contents: [{ role: 'system', parts: [] }] }), 'contents.0.role'],
    ['parts that are a number', ask({ contents: [{ parts: 5 }] }), 'contents.0.parts'],
    ['a part that is a number', parts(5), 'contents.0.parts.0'],
    ['a call without a name', parts({ functionCall: { args: {} } }), 'contents.0.parts.0.functionCall.name'],
    [
      'arguments that are text',
      parts({ functionCall: { name: 'f', args: '{}' } }),
      'contents.0.parts.0.functionCall.args',
    ],
    [
      'data without a media type',
      parts({ inlineData: { data: 'AA' } }),
      'contents.0.parts.0.inlineData.mimeType',
    ],
    [
      'an image that is none',
      parts({ inlineData: { mimeType: 'image/png', data: 'AAAA' } }),
      'contents.0.parts.0.inlineData',
    ],
    ['a system prompt that is a number', ask({ systemInstruction: 5 }), 'systemInstruction'],
    ['settings that are a list', ask({ generationConfig: [] }), 'generationConfig'],
    ['a temperature that is text', config({ temperature: 'hot' }), 'generationConfig.temperature'],
    ['a maximum of 0', config({ maxOutputTokens: 0 }), 'generationConfig.maxOutputTokens'],
    ['a stop sequence that is empty', config({ stopSequences: [''] }), 'generationConfig.stopSequences.0'],
    ['tools that are text', ask({ tools: 'x' }), 'tools'],
    [
      'a function without a name',
      ask({ tools: [{ functionDeclarations: [{}] }] }),
      'tools.0.functionDeclarations.0.name',
    ],
    ['a mode nobody knows', calling({ mode: 'SOME' }), 'toolConfig.functionCallingConfig.mode'],
  ])('%s', (_, body, field) => {
    expect(() => read(body)).toThrow(InvalidRequest);
    try {
      read(body);
    } catch (error) {
      expect((error as InvalidRequest).field).toBe(field);
      expect((error as InvalidRequest).message).not.toBe('');
    }
  });

  test('a body without the path that names its model', () => {
    expect(() => gemini.readRequest(ask())).toThrow(/path must name the model/);
  });
});

test('model and streaming are those of the path', () => {
  const { model, isStreaming } = gemini.readRequest(ask({ model: 'models/other' }), {
    model: 'alias',
    isStreaming: true,
  });
  expect({ model, isStreaming }).toEqual({ model: 'alias', isStreaming: true });
});

describe('case 32: what Gemini CLI and the SDKs send is read', () => {
  test.each(fixtures)('%s is read, and written for the same dialect without an error', (name) => {
    const request = { ...read(fixture(name)), answerCount: 1 };
    expect(() => gemini.writeRequest(request, 'gemini-2.0-flash')).not.toThrow();
    expect(() => gemini.writeRequest(request, 'gemini-3.8-flash')).not.toThrow();
  });

  test('two contents of the user in a row, and a system prompt under the role of a user', () => {
    const { system, turns } = read(fixture('gemini-cli'));
    expect(system).toEqual([text('You are an interactive CLI agent.')]);
    expect(turns).toEqual([
      { role: 'user', parts: [text('This is the Gemini CLI. Today is 2026-11-22.')] },
      { role: 'user', parts: [text('List the files.')] },
    ]);
  });

  test('schemas in capitals become JSON Schema', () => {
    expect(read(fixture('gemini-cli-router')).output).toEqual({
      kind: 'schema',
      schema: {
        type: 'object',
        properties: {
          reasoning: { type: 'string', description: 'Why.' },
          complexity: { type: 'integer', minimum: 1, maximum: 100 },
        },
        required: ['reasoning', 'complexity'],
      },
    });
  });

  test('names in snake_case at every depth, and lists of one as the thing itself', () => {
    const { system, turns, tools, toolChoice, reasoning, ...rest } = read(fixture('snake-case'));
    expect(system).toEqual([text('You are a cat.')]);
    expect(turns[0]?.parts.map((part) => part.kind)).toEqual(['text', 'image']);
    expect(toolChoice).toEqual({ kind: 'tool', name: 'look_up' });
    expect(reasoning).toEqual({ mode: 'off' });
    expect(rest).toMatchObject({ outputTokensMax: 100, stop: ['END'], topK: 3 });
    expect(Object.keys(rest.extra.gemini ?? {})).toEqual(['safetySettings']);
    expect(tools[0]).toMatchObject({
      name: 'look_up',
      schema: {
        type: 'object',
        properties: {
          tags: { type: 'array', items: { type: 'string' }, minItems: 1 },
          kind: { anyOf: [{ type: 'string', enum: ['a', 'b'] }, { type: 'integer' }] },
        },
      },
    });
  });

  test('names inside arguments, results and schemas of properties are left alone', () => {
    const request = read(
      ask({
        contents: [
          { role: 'model', parts: [{ function_call: { name: 'f', args: { file_path: 1, any_of: [] } } }] },
          { parts: [{ function_response: { name: 'f', response: { exit_code: 0 } } }] },
        ],
        tools: [
          {
            functionDeclarations: [
              { name: 'f', parameters: { properties: { min_items: { type: 'STRING' } } } },
            ],
          },
        ],
      }),
    );
    expect(request.turns[0]?.parts[0]).toMatchObject({ argumentsText: '{"file_path":1,"any_of":[]}' });
    expect(request.turns[1]?.parts[0]).toMatchObject({ parts: [text('{"exit_code":0}')] });
    expect(request.tools[0]).toMatchObject({ schema: { properties: { min_items: { type: 'string' } } } });
  });

  test('a content may be text, have no role, or the older role of a function', () => {
    const { turns } = read(
      ask({ contents: ['a', { parts: { text: 'b' } }, { role: 'function', parts: [] }] }),
    );
    expect(turns.map(({ role }) => role)).toEqual(['user', 'user', 'user']);
    expect(turns.flatMap((turn) => turn.parts)).toEqual([text('a'), text('b')]);
  });
});

describe("what is asked of a model's thinking", () => {
  test.each<[string, JsonObject, Request['reasoning']]>([
    ['a budget', { thinkingBudget: 8192, includeThoughts: true }, { mode: 'budget', budgetTokens: 8192 }],
    ['none', { thinkingBudget: 0 }, { mode: 'off' }],
    ['its own measure', { thinkingBudget: -1 }, { mode: 'adaptive' }],
    ['a level', { thinkingLevel: 'HIGH' }, { mode: 'adaptive', effort: 'high' }],
    ['thoughts that are shown', { includeThoughts: true }, { mode: 'adaptive' }],
    ['thoughts that are not', { includeThoughts: false }, { mode: 'adaptive', display: 'omitted' }],
    ['no level', { thinkingLevel: 'THINKING_LEVEL_UNSPECIFIED' }, { mode: 'adaptive' }],
  ])('%s', (_, thinkingConfig, reasoning) => {
    expect(read(config({ thinkingConfig })).reasoning).toEqual(reasoning);
  });
});

describe('the form of an answer', () => {
  test.each<[string, JsonObject, Request['output']]>([
    ['text', { responseMimeType: 'text/plain' }, { kind: 'text' }],
    ['JSON', { responseMimeType: 'application/json' }, { kind: 'json' }],
    [
      'a schema without a media type',
      { responseSchema: { type: 'STRING' } },
      { kind: 'schema', schema: { type: 'string' } },
    ],
    [
      'the older name of a schema',
      { _responseJsonSchema: { type: 'string' } },
      { kind: 'schema', schema: { type: 'string' } },
    ],
    ['a word of a list, which is of this dialect alone', { responseMimeType: 'text/x.enum' }, undefined],
  ])('%s', (_, given, output) => {
    expect(read(config(given)).output).toEqual(output);
  });

  test('a word of a list goes to the same dialect as it came', () => {
    const given = { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a'] } };
    const { body } = gemini.writeRequest(read(config(given)), 'gemini-3.8-flash');
    expect(body.generationConfig).toEqual(given);
  });
});

describe('which tools may be called', () => {
  test.each<[string, JsonObject, Request['toolChoice'], boolean]>([
    ['AUTO', { mode: 'AUTO' }, { kind: 'auto' }, false],
    ['none', { mode: 'none' }, { kind: 'none' }, false],
    ['ANY', { mode: 'ANY' }, { kind: 'any' }, false],
    ['one', { mode: 'ANY', allowedFunctionNames: ['f'] }, { kind: 'tool', name: 'f' }, false],
    ['several', { mode: 'ANY', allowedFunctionNames: ['f', 'g'] }, { kind: 'any' }, true],
    ['VALIDATED', { mode: 'VALIDATED' }, { kind: 'auto' }, true],
    ['nothing', {}, undefined, false],
  ])('%s', (_, given, toolChoice, isKeptAsItCame) => {
    const request = read(calling(given));
    expect(request.toolChoice).toEqual(toolChoice);
    expect('toolConfig' in (request.extra.gemini ?? {})).toBe(isKeptAsItCame);
  });
});

test.each<[string, readonly string[]]>([
  ['ANY', ['f', 'h']],
  ['VALIDATED', ['h']],
])('where %s leaves %j, no other function is told to a provider that knows no such choice', (mode, left) => {
  const functionDeclarations = ['f', 'g', 'h'].map((name) => ({ name, parameters: { type: 'OBJECT' } }));
  const { toolConfig } = calling({ mode, allowedFunctionNames: left });
  const request = read(ask({ tools: [{ functionDeclarations }, { googleSearch: {} }], toolConfig }));
  expect(request.tools).toMatchObject([...left.map((name) => ({ name })), { kind: 'webSearch' }]);
});

test('tools of the provider are kept, a search of the web as one that others have too', () => {
  const { tools } = read(fixture('provider-tools'));
  expect(tools).toEqual([
    { kind: 'webSearch', dialect: 'gemini', value: { googleSearch: {} } },
    { kind: 'foreign', dialect: 'gemini', type: 'codeExecution', value: { codeExecution: {} } },
    { kind: 'foreign', dialect: 'gemini', type: 'urlContext', value: { urlContext: {} } },
  ]);
  expect(read(fixture('search-with-settings')).tools).toMatchObject([{ blockedDomains: ['example.com'] }]);
  const older = { googleSearchRetrieval: { dynamicRetrievalConfig: {} } };
  expect(read(ask({ tools: [older] })).tools).toEqual([
    { kind: 'webSearch', dialect: 'gemini', value: older },
  ]);
});

test('case 45: fields that nobody knows go to the same dialect and are named as dropped elsewhere', () => {
  const request = read(fixture('unknown-fields'));
  expect(gemini.writeRequest(request, 'gemini-3.8-flash')).toEqual({
    dropped: [],
    body: fixture('unknown-fields'),
  });
});

test('the class of service is called as others call it', () => {
  expect(read(ask({ serviceTier: 'STANDARD' })).serviceTier).toBe('default');
  expect(read(ask({ service_tier: 'flex' })).serviceTier).toBe('flex');
});
