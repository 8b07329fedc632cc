import { describe, expect, test } from 'vitest';
import { InvalidRequest } from '../src/dialect.ts';
import { gemini } from '../src/gemini/index.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import type { Request, Tool } from '../src/model/request.ts';
import {
  call,
  dropped,
  hub,
  NEWER,
  OLDER,
  OLDEST,
  result,
  said,
  text,
  tool,
  write,
} from './gemini-requests.ts';

describe('tools', () => {
  const schema: JsonObject = {
    $schema: 'x',
    type: 'object',
    properties: { a: { const: 'x' }, b: { type: 'integer', exclusiveMinimum: 0 } },
    required: ['a'],
    additionalProperties: false,
  };

  test('are given their JSON Schema, and models before 2.5 the subset', () => {
    const request = hub({ tools: [tool('f', schema), tool('g')] });
    expect(write(request, OLDER).tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            parametersJsonSchema: {
              type: 'object',
              properties: { a: { enum: ['x'] }, b: { type: 'integer', exclusiveMinimum: 0 } },
              required: ['a'],
              additionalProperties: false,
            },
          },
          { name: 'g', parametersJsonSchema: { type: 'object', properties: {} } },
        ],
      },
    ]);
    expect(write(request, OLDEST).tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            parameters: {
              type: 'OBJECT',
              properties: { a: { type: 'STRING', enum: ['x'] }, b: { type: 'INTEGER', minimum: 1 } },
              required: ['a'],
            },
          },
          { name: 'g' },
        ],
      },
    ]);
  });

  test.each<[string, Request['toolChoice'], JsonObject]>([
    ['auto', { kind: 'auto' }, { mode: 'AUTO' }],
    ['none', { kind: 'none' }, { mode: 'NONE' }],
    ['any', { kind: 'any' }, { mode: 'ANY' }],
    ['one', { kind: 'tool', name: 'f' }, { mode: 'ANY', allowedFunctionNames: ['f'] }],
  ])('a choice of %s', (_, toolChoice, functionCallingConfig) => {
    const request = { ...hub({ tools: [tool('f')] }), ...(toolChoice && { toolChoice }) };
    expect(write(request).toolConfig).toEqual({ functionCallingConfig });
    expect('toolConfig' in write({ ...request, tools: [] })).toBe(false);
  });

  test('case 35: names that are taken nowhere here are mapped, with their calls and the choice, and back', () => {
    const names = ['9lives', 'a b', 'x'.repeat(71), 'dots.and:colons-', 'ümlaut'];
    const request = hub({
      tools: names.map((name) => tool(name)),
      toolChoice: { kind: 'tool', name: '9lives' },
      turns: [said('user', text('go')), said('assistant', call('a', 'a b')), said('user', result('a', 'x'))],
    });
    const { body, restore } = gemini.writeRequest(request, OLDER);
    const [{ functionDeclarations }] = body.tools as [{ functionDeclarations: { name: string }[] }];
    const written = functionDeclarations.map(({ name }) => name);
    expect(new Set(written).size).toBe(names.length);
    for (const name of written) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/);
    expect(written[3]).toBe('dots.and:colons-');
    expect(JSON.stringify(body.toolConfig)).toContain(`["${written[0]}"]`);
    expect(JSON.stringify(body.contents)).toContain(`"name":"${written[1]}"`);
    const back = restore?.();
    const called = written.flatMap(
      (name, index) => back?.({ type: 'partStart', index, part: { kind: 'toolCall', id: 'x', name } }) ?? [],
    );
    expect(
      called.map((event) => (event.type === 'partStart' && 'name' in event.part ? event.part.name : '')),
    ).toEqual(names);
  });

  test('a search of the web is asked of the provider where no function stands beside it', () => {
    const search: Tool = { kind: 'webSearch', dialect: 'anthropic-messages', value: {}, usesMax: 8 };
    expect(write(hub({ tools: [search] })).tools).toEqual([{ googleSearch: {} }]);
    expect(dropped(hub({ tools: [search] }))).toEqual(['tools.webSearch.max_uses']);
    const both = hub({ tools: [search, tool('f')] });
    expect(JSON.stringify(write(both).tools)).not.toContain('googleSearch');
    expect(dropped(both)).toEqual(['tools.webSearch']);
  });

  test('of other providers are named', () => {
    const foreign: Tool = { kind: 'foreign', dialect: 'openai-responses', type: 'computer', value: {} };
    expect(dropped(hub({ tools: [foreign] }))).toEqual(['tools.computer']);
  });
});

describe('the form of an answer', () => {
  const schema: JsonObject = { type: 'object', properties: { a: { const: 1 } }, additionalProperties: false };
  test.each<[string, string, Request['output'], JsonObject]>([
    ['text', NEWER, { kind: 'text' }, { responseMimeType: 'text/plain' }],
    ['JSON', NEWER, { kind: 'json' }, { responseMimeType: 'application/json' }],
    [
      'a schema',
      OLDER,
      { kind: 'schema', schema, name: 'n', isStrict: true },
      {
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object', properties: { a: { enum: [1] } }, additionalProperties: false },
      },
    ],
    [
      'a schema for models before 2.5',
      OLDEST,
      { kind: 'schema', schema },
      {
        responseMimeType: 'application/json',
        responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', enum: ['1'] } } },
      },
    ],
  ])('case 40: %s', (_, model, output, expected) => {
    const request = { ...hub(), ...(output && { output }) };
    expect(write(request, model).generationConfig).toEqual(expected);
    expect(dropped(request, model)).toEqual([]);
  });

  test('case 40: beside functions it is told in words to models before 3, and the answer is bare', () => {
    const request = hub({ tools: [tool('f')], output: { kind: 'schema', schema } });
    expect(write(request, NEWER).generationConfig).toMatchObject({ responseMimeType: 'application/json' });
    const { body, dropped: names, restore } = gemini.writeRequest(request, OLDER);
    expect('generationConfig' in body).toBe(false);
    expect(JSON.stringify(body.systemInstruction)).toContain('additionalProperties');
    expect(names.join()).toContain('response_format');
    const back = restore?.();
    const events: Event[] = [
      { type: 'partStart', index: 0, part: { kind: 'text' } },
      { type: 'textDelta', index: 0, text: '```json\n{"a":' },
      { type: 'textDelta', index: 0, text: '1}\n```' },
      { type: 'partStop', index: 0 },
    ];
    const answered = events.flatMap((event) => back?.(event) ?? []);
    expect(answered.flatMap((event) => (event.type === 'textDelta' ? [event.text] : [])).join('')).toBe(
      '{"a":1}',
    );
  });
});

describe('how a model is to think', () => {
  test.each<[string, string, Request['reasoning'], JsonObject | undefined, string[]]>([
    [
      'an effort by its level',
      NEWER,
      { mode: 'adaptive', effort: 'medium' },
      { thinkingLevel: 'MEDIUM', includeThoughts: true },
      [],
    ],
    [
      'the highest level for all above',
      NEWER,
      { mode: 'adaptive', effort: 'max' },
      { thinkingLevel: 'HIGH', includeThoughts: true },
      [],
    ],
    [
      'a level that is missing by the next',
      'gemini-3-pro-preview',
      { mode: 'adaptive', effort: 'medium' },
      { thinkingLevel: 'HIGH', includeThoughts: true },
      [],
    ],
    [
      'the least of a model without the least',
      'gemini-3.1-pro',
      { mode: 'adaptive', effort: 'minimal' },
      { thinkingLevel: 'LOW', includeThoughts: true },
      [],
    ],
    [
      'a budget by its level',
      NEWER,
      { mode: 'budget', budgetTokens: 1_024 },
      { thinkingLevel: 'LOW', includeThoughts: true },
      [],
    ],
    ['its own measure', NEWER, { mode: 'adaptive' }, { includeThoughts: true }, []],
    [
      'thoughts that nobody wants to see',
      NEWER,
      { mode: 'adaptive', display: 'omitted' },
      { includeThoughts: false },
      [],
    ],
    [
      'thoughts shown in another way',
      NEWER,
      { mode: 'adaptive', display: 'updates' },
      { includeThoughts: true },
      ['thinking.display'],
    ],
    [
      'not at all, as little as can be',
      NEWER,
      { mode: 'off' },
      { thinkingLevel: 'MINIMAL', includeThoughts: false },
      ['thinking'],
    ],
    [
      'a budget',
      OLDER,
      { mode: 'budget', budgetTokens: 9_000 },
      { thinkingBudget: 9_000, includeThoughts: true },
      [],
    ],
    [
      'a budget over the most',
      'gemini-2.5-flash',
      { mode: 'budget', budgetTokens: 99_000 },
      { thinkingBudget: 24_576, includeThoughts: true },
      [],
    ],
    [
      'a budget below the least',
      OLDER,
      { mode: 'budget', budgetTokens: 1 },
      { thinkingBudget: 128, includeThoughts: true },
      [],
    ],
    [
      'an effort by its budget',
      OLDER,
      { mode: 'adaptive', effort: 'low' },
      { thinkingBudget: 4_096, includeThoughts: true },
      [],
    ],
    [
      'its own measure, of a budget',
      OLDER,
      { mode: 'adaptive' },
      { thinkingBudget: -1, includeThoughts: true },
      [],
    ],
    ['not at all, where that can be', 'gemini-2.5-flash', { mode: 'off' }, { thinkingBudget: 0 }, []],
    [
      'not at all, where it cannot',
      OLDER,
      { mode: 'off' },
      { thinkingBudget: 128, includeThoughts: false },
      ['thinking'],
    ],
    [
      'a name without a version by a budget, which all take',
      'gemini-flash-latest',
      { mode: 'adaptive', effort: 'high' },
      { thinkingBudget: 24_576, includeThoughts: true },
      [],
    ],
    [
      'an effort of a model that does not think',
      OLDEST,
      { mode: 'adaptive', effort: 'high' },
      undefined,
      ['reasoning_effort'],
    ],
    [
      'a budget of a model that does not think',
      'gemma-3-27b-it',
      { mode: 'budget', budgetTokens: 9 },
      undefined,
      ['thinking'],
    ],
    ['nothing of a model that does not think', OLDEST, { mode: 'off' }, undefined, []],
  ])('%s', (_, model, reasoning, thinkingConfig, names) => {
    const request = { ...hub(), ...(reasoning && { reasoning }) };
    const config = write(request, model).generationConfig as JsonObject | undefined;
    expect(config?.thinkingConfig).toEqual(thinkingConfig);
    expect(dropped(request, model)).toEqual(names);
  });
});

test('settings of the answer are written under their names, and what has none is named', () => {
  const request = hub({
    temperature: 3,
    topP: 0.5,
    topK: 7,
    seed: 1,
    presencePenalty: 0.1,
    frequencyPenalty: 0.2,
    stop: ['a', '', 'b', 'c', 'd', 'e', 'f'],
    outputTokensMax: 0,
    user: 'me',
    verbosity: 'low',
    cacheKey: 'k',
    isParallelToolCalls: false,
    serviceTier: 'flex',
    extra: { 'openai-chat': { logit_bias: {} } },
  });
  expect(gemini.writeRequest(request, NEWER)).toEqual({
    body: {
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
      generationConfig: {
        temperature: 2,
        topP: 0.5,
        topK: 7,
        seed: 1,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        stopSequences: ['a', 'b', 'c', 'd', 'e'],
        maxOutputTokens: 1,
      },
      serviceTier: 'flex',
    },
    dropped: [
      'logit_bias',
      'parallel_tool_calls',
      'prompt_cache_key',
      'stop',
      'temperature',
      'user',
      'verbosity',
    ],
  });
});

test('case 46: several answers are refused and never one of them', () => {
  expect(() => write(hub({ answerCount: 2 }))).toThrow(InvalidRequest);
});

test.each([
  ['auto', undefined, []],
  ['default', undefined, []],
  ['flex', 'flex', []],
  ['priority', 'priority', []],
  ['scale', undefined, ['service_tier']],
])('the class of service %s', (serviceTier, written, names) => {
  const request = hub({ serviceTier });
  expect([write(request).serviceTier, dropped(request)]).toEqual([written, names]);
});
