import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Capabilities } from '../src/model/capabilities.ts';
import type { Event } from '../src/model/event.ts';
import { fitRequest } from '../src/model/fit-request.ts';
import { fold, unfold } from '../src/model/fold.ts';
import type { Part, Request, Tool } from '../src/model/request.ts';
import { requestOf } from './arbitrary.ts';

const plain: Request = {
  model: 'm',
  system: [{ kind: 'text', text: 'Be brief.' }],
  turns: [{ role: 'user', parts: [{ kind: 'text', text: 'hi' }] }],
  tools: [],
  stop: [],
  answerCount: 1,
  isStreaming: true,
  isStreamUsageWanted: true,
  extra: {},
};

function userSays(...parts: readonly Part[]): Request {
  return { ...plain, turns: [{ role: 'user', parts }] };
}

function partsOf({ turns }: Request): readonly Part[] {
  return turns.flatMap((turn) => turn.parts);
}

const schema = { type: 'object', properties: { city: { type: 'string' } } };
const read: Tool = { kind: 'function', name: 'read', schema };
const write: Tool = { kind: 'function', name: 'write', schema };
const web: Tool = {
  kind: 'webSearch',
  dialect: 'anthropic-messages',
  value: { type: 'web_search_20250305', name: 'web_search' },
};

describe('a target that can do everything', () => {
  test('is sent the same request', () => {
    const all: Capabilities = {
      images: true,
      documents: true,
      tools: true,
      toolChoice: true,
      parallelToolCalls: true,
      outputSchema: true,
      jsonMode: true,
      reasoning: true,
      sampling: true,
      stop: true,
      systemTurns: true,
      cacheControl: true,
      webSearch: true,
    };
    fc.assert(
      fc.property(fc.oneof(requestOf('openai-chat'), requestOf('anthropic-messages')), (request) => {
        for (const capabilities of [{}, all]) {
          const fitted = fitRequest(request, capabilities);
          expect(fitted.request).toBe(request);
          expect(fitted).toEqual({ request, dropped: [] });
        }
      }),
    );
  });
});

describe('a target that can do nothing', () => {
  const nothing: Capabilities = {
    images: false,
    documents: false,
    tools: false,
    outputSchema: false,
    jsonMode: false,
    reasoning: false,
    sampling: false,
    stop: false,
    systemTurns: false,
    cacheControl: false,
    webSearch: false,
  };

  test('is sent nothing of it, and fitting once is enough', () => {
    fc.assert(
      fc.property(fc.oneof(requestOf('openai-chat'), requestOf('anthropic-messages')), (request) => {
        const { request: fitted } = fitRequest(request, nothing);
        expect(fitted.tools).toEqual([]);
        expect(fitted.turns.every((turn) => turn.role !== 'system')).toBe(true);
        expect(partsOf(fitted).every((part) => part.kind === 'text' || part.kind === 'foreign')).toBe(true);
        expect([fitted.temperature, fitted.topP, fitted.reasoning, fitted.stop]).toEqual([
          undefined,
          undefined,
          undefined,
          [],
        ]);
        expect(JSON.stringify(fitted)).not.toContain('cacheControl');
        expect(fitRequest(fitted, nothing).request).toBe(fitted);
      }),
      { numRuns: 300 },
    );
  });
});

describe('images and documents', () => {
  const image: Part = { kind: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } };
  const pdf: Part = {
    kind: 'document',
    source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0=' },
    title: 'Terms',
  };

  test('become words in their place, and are named', () => {
    const { request, dropped } = fitRequest(userSays(image, pdf), { images: false, documents: false });
    expect(partsOf(request)).toEqual([
      { kind: 'text', text: '[An image was attached here that this model cannot see.]' },
      { kind: 'text', text: '[The document "Terms" was attached here that this model cannot read.]' },
    ]);
    expect(dropped).toEqual(['messages.0.document', 'messages.0.image']);
  });

  test('become words inside the result of a tool', () => {
    const result: Part = { kind: 'toolResult', callId: 'c', parts: [image], isError: false };
    const { request, dropped } = fitRequest(userSays(result), { images: false });
    expect(partsOf(request)).toMatchObject([{ kind: 'toolResult', parts: [{ kind: 'text' }] }]);
    expect(dropped).toEqual(['messages.0.image']);
  });

  test('a document that is text is that text, and nothing is lost', () => {
    const text: Part = { kind: 'document', source: { kind: 'text', text: 'Body' }, title: 'Title' };
    const { request, dropped } = fitRequest(userSays(text), { documents: false });
    expect(partsOf(request)).toEqual([{ kind: 'text', text: 'Title\n\nBody' }]);
    expect(dropped).toEqual([]);
  });
});

describe('tools', () => {
  test('that the target does not know are told with what they gave', () => {
    const turns: Request['turns'] = [
      { role: 'assistant', parts: [{ kind: 'toolCall', id: 'c', name: 'read', argumentsText: '{"a":1}' }] },
      {
        role: 'user',
        parts: [
          { kind: 'toolResult', callId: 'c', parts: [{ kind: 'text', text: 'found' }], isError: false },
        ],
      },
    ];
    const asked = { ...plain, turns, tools: [read], toolChoice: { kind: 'any' as const } };
    const { request, dropped } = fitRequest(asked, { tools: false });
    expect(partsOf(request)).toEqual([
      { kind: 'text', text: '[Called the tool read with {"a":1}]' },
      { kind: 'text', text: '[Tool result: found]' },
    ]);
    expect([request.tools, request.toolChoice, dropped]).toEqual([[], undefined, ['tools']]);
  });

  test.each<[string, Partial<Request>, Partial<Request>, readonly string[]]>([
    [
      'one of several is chosen: it alone is left, and told',
      { tools: [read, write], toolChoice: { kind: 'tool', name: 'write' } },
      {
        tools: [write],
        system: [...plain.system, { kind: 'text', text: 'Call the tool write in this answer.' }],
      },
      ['tool_choice'],
    ],
    [
      'any is to be called: it is told',
      { tools: [read], toolChoice: { kind: 'any' } },
      {
        tools: [read],
        system: [...plain.system, { kind: 'text', text: 'Call at least one of the tools in this answer.' }],
      },
      ['tool_choice'],
    ],
    [
      'none is to be called: none is shown',
      { tools: [read], toolChoice: { kind: 'none' } },
      { tools: [] },
      [],
    ],
    [
      'the model may choose: nothing is lost',
      { tools: [read], toolChoice: { kind: 'auto' } },
      { tools: [read] },
      [],
    ],
  ])('that cannot be forced, where %s', (_what, given, expected, dropped) => {
    const fitted = fitRequest({ ...plain, ...given }, { toolChoice: false });
    expect(fitted).toEqual({ request: { ...plain, ...expected }, dropped });
  });

  test('case 16: a search of the web that the target does not run goes, and with it a choice that forced it', () => {
    const alone = { ...plain, tools: [web], toolChoice: { kind: 'any' as const } };
    expect(fitRequest(alone, { webSearch: false })).toEqual({ request: plain, dropped: ['tools.webSearch'] });
    const named = { ...plain, tools: [read, web], toolChoice: { kind: 'tool' as const, name: 'web_search' } };
    expect(fitRequest(named, { webSearch: false }).request).toEqual({ ...plain, tools: [read] });
  });

  test('calls that cannot be kept apart: the wish for one at a time is named', () => {
    const asked = { ...plain, tools: [read], isParallelToolCalls: false };
    expect(fitRequest(asked, { parallelToolCalls: false })).toEqual({
      request: { ...plain, tools: [read] },
      dropped: ['parallel_tool_calls'],
    });
  });
});

describe('settings', () => {
  test('that the target does not take go, and are named', () => {
    const asked: Request = {
      ...plain,
      temperature: 0.3,
      topP: 0.9,
      topK: 3,
      seed: 7,
      stop: ['END'],
      reasoning: { mode: 'adaptive', effort: 'high' },
    };
    const fitted = fitRequest(asked, { sampling: false, stop: false, reasoning: false });
    expect(fitted).toEqual({
      request: plain,
      dropped: ['reasoning', 'seed', 'stop', 'temperature', 'top_k', 'top_p'],
    });
  });

  test('over the bounds of the target are the bounds', () => {
    const asked: Request = {
      ...plain,
      temperature: 1.4,
      outputTokensMax: 64_000,
      reasoning: { mode: 'budget', budgetTokens: 31_999 },
    };
    const { request, dropped } = fitRequest(asked, { temperatureMax: 1, outputTokensMax: 8_000 });
    expect(request).toMatchObject({
      temperature: 1,
      outputTokensMax: 8_000,
      reasoning: { budgetTokens: 7_999 },
    });
    expect(dropped).toEqual(['max_tokens', 'temperature', 'thinking.budget_tokens']);
    expect(fitRequest(plain, { temperatureMax: 1, outputTokensMax: 8_000 }).request).toBe(plain);
  });

  test('thoughts of earlier turns go where the target has none', () => {
    const asked = {
      ...plain,
      turns: [{ role: 'assistant' as const, parts: [{ kind: 'thinking' as const, text: 'Hm.' }] }],
    };
    expect(fitRequest(asked, { reasoning: false })).toMatchObject({
      request: { turns: [{ role: 'assistant', parts: [] }] },
      dropped: ['thinking'],
    });
  });
});

describe('system text in the middle, for a target that wants it first only', () => {
  const said = (role: 'user' | 'assistant' | 'system', text: string): Request['turns'][number] => ({
    role,
    parts: [{ kind: 'text', text }],
  });
  const reminder = { kind: 'text', text: '<system-reminder>\nBe kind.\n</system-reminder>' };

  test.each<[string, Request['turns'], readonly unknown[]]>([
    [
      'joins the words before it',
      [said('user', 'a'), said('system', 'Be kind.'), said('assistant', 'b')],
      [{ role: 'user', parts: [{ kind: 'text', text: 'a' }, reminder] }, said('assistant', 'b')],
    ],
    [
      'joins the words after it',
      [said('user', 'a'), said('assistant', 'b'), said('system', 'Be kind.'), said('user', 'c')],
      [
        said('user', 'a'),
        said('assistant', 'b'),
        { role: 'user', parts: [reminder, { kind: 'text', text: 'c' }] },
      ],
    ],
    [
      'stands alone at the end',
      [said('assistant', 'b'), said('system', 'Be kind.')],
      [said('assistant', 'b'), { role: 'user', parts: [reminder] }],
    ],
  ])('case 13: %s', (_where, turns, expected) => {
    const fitted = fitRequest({ ...plain, turns }, { systemTurns: false });
    expect(fitted).toEqual({ request: { ...plain, turns: expected }, dropped: [] });
  });
});

describe('an answer of a schema, from a target without schemas', () => {
  const asked: Request = { ...plain, output: { kind: 'schema', schema } };

  test('case 40: is asked for as JSON and in words', () => {
    const { request, dropped } = fitRequest(asked, { outputSchema: false, jsonMode: true });
    expect(request.output).toEqual({ kind: 'json' });
    expect(request.system.at(-1)?.text).toContain(JSON.stringify(schema));
    expect(request.system.at(-1)?.text).toContain('JSON');
    expect(dropped).toEqual(['response_format.schema']);
  });

  test('case 40: is asked for in words alone where JSON is no mode', () => {
    const { request } = fitRequest(asked, { outputSchema: false });
    expect('output' in request).toBe(false);
    expect(request.system.at(-1)?.text).toContain(JSON.stringify(schema));
    const json = fitRequest({ ...plain, output: { kind: 'json' } }, { jsonMode: false });
    expect(json.request.system.at(-1)?.text).toMatch(/^Answer with one JSON object/);
  });

  test.each([
    ['in a fence', '```json\n{"city":"Oslo"}\n```', '{"city":"Oslo"}'],
    ['in a fence without a name, with blanks', '\n ```\n{"city":"Oslo"}\n\n```\n', '{"city":"Oslo"}'],
    ['in a fence with words around it', 'Here it is:\n```json\n[1]\n```\nEnjoy!', '[1]'],
    ['in a fence among words with braces', 'Of {x}:\n```json\n[1]\n```\nFor {y}.', '[1]'],
    ['with words around it', 'Sure! {"city":"a ``` b"} is it.', '{"city":"a ``` b"}'],
    ['bare', '{"city":"```\\n"}', '{"city":"```\\n"}'],
    ['not at all', 'I cannot do that.', 'I cannot do that.'],
    ['cut off', '```json\n{"city":"Os', '```json\n{"city":"Os'],
  ])('case 40: that comes %s is given bare', (_how, text, expected) => {
    const restore = fitRequest(asked, { outputSchema: false }).restore?.();
    const parts: Part[] = [
      { kind: 'thinking', text: '```json' },
      { kind: 'text', text },
    ];
    const events = unfold({ id: 'r', model: 'm', parts: parts as never, finish: 'stop' })
      .flatMap((event): Event[] =>
        event.type === 'textDelta' ? [...event.text].map((piece) => ({ ...event, text: piece })) : [event],
      )
      .flatMap((event) => restore?.(event) ?? []);
    expect(fold(events).parts).toEqual([
      { kind: 'thinking', text: '```json' },
      { kind: 'text', text: expected },
    ]);
  });
});
