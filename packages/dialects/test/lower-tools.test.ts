import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Event } from '../src/model/event.ts';
import { fold, unfold } from '../src/model/fold.ts';
import { lowerTools, type ToolForms } from '../src/model/lower-tools.ts';
import type { ForeignPart, Request, Tool, ToolCallPart } from '../src/model/request.ts';

const chat: ToolForms = {
  hasNamespaces: false,
  hasCustom: false,
  hasToolSearch: false,
  nameCharactersMax: 64,
  namePattern: /^[A-Za-z0-9_-]+$/,
};
/** Gemini's names begin with a letter or an underscore. */
const gemini: ToolForms = { ...chat, namePattern: /^[A-Za-z_][A-Za-z0-9_.:-]*$/ };
const responses: ToolForms = { ...chat, hasNamespaces: true, hasCustom: true, hasToolSearch: true };

function requestWith(more: Partial<Request>): Request {
  return {
    model: 'm',
    system: [],
    turns: [],
    tools: [],
    stop: [],
    answerCount: 1,
    isStreaming: true,
    isStreamUsageWanted: true,
    extra: {},
    ...more,
  };
}

const schema = { type: 'object', properties: {} };

function called(tool: Tool, at: number): ToolCallPart {
  const call = { kind: 'toolCall' as const, id: `call_${at}`, argumentsText: '{"q":1}' };
  switch (tool.kind) {
    case 'function':
      return { ...call, name: tool.name, ...(tool.namespace && { namespace: tool.namespace }) };
    case 'custom':
      return {
        ...call,
        name: tool.name,
        form: 'custom',
        ...(tool.namespace && { namespace: tool.namespace }),
        argumentsText: '*** Begin "Patch"\n+ 1\n',
      };
    default:
      return { ...call, name: 'tool_search', form: 'toolSearch' };
  }
}

function namesIn(tools: readonly Tool[]): string[] {
  return tools.flatMap((tool) => ('name' in tool ? [tool.name] : []));
}

function callsIn({ turns }: Request): ToolCallPart[] {
  return turns.flatMap((turn) => turn.parts.filter((part) => part.kind === 'toolCall'));
}

/** An answer that makes these calls, in pieces of three characters, as the client sees it. */
function answered(calls: readonly ToolCallPart[], restore: (event: Event) => readonly Event[]): unknown {
  const reply = { id: 'r', model: 'm', parts: calls, finish: 'tool' as const };
  const events = unfold(reply).flatMap((event): Event[] =>
    event.type === 'argumentsDelta'
      ? (event.text.match(/[\s\S]{1,3}/g) ?? []).map((text) => ({ ...event, text }))
      : [event],
  );
  return fold(events.flatMap((event) => restore(event))).parts;
}

const anyName = fc.oneof(
  fc.stringMatching(/^[a-z_]{1,8}$/),
  fc.stringMatching(/^[a-c]__[a-c]$/),
  fc.stringMatching(/^[a-b.:/ 0-9]{1,4}$/),
  fc.string({ minLength: 1, maxLength: 90, unit: 'grapheme' }),
  fc.constant('tool_search'),
);
const namespace = fc.option(fc.constantFrom('a', 'b.c', 'files'), { nil: undefined });
const anyTool: fc.Arbitrary<Tool> = fc.oneof(
  fc.record({
    kind: fc.constant('function' as const),
    name: anyName,
    namespace,
    schema: fc.constant(schema),
  }),
  fc.record({ kind: fc.constant('custom' as const), name: anyName, namespace }),
  fc.constant({ kind: 'toolSearch' as const, schema }),
) as fc.Arbitrary<Tool>;
const anyTools = fc.uniqueArray(anyTool, {
  maxLength: 12,
  selector: (tool) => ('name' in tool ? `${'namespace' in tool ? tool.namespace : ''} ${tool.name}` : ''),
});

describe.each([
  ['without namespaces', chat],
  ['whose names begin with a letter', gemini],
  ['that knows all forms', responses],
])('a target %s', (_name, forms) => {
  test('case 35: takes every name, and no two tools have one', () => {
    fc.assert(
      fc.property(anyTools, fc.nat(12), (tools, listed) => {
        const turns = [{ role: 'assistant' as const, parts: tools.map(called) }];
        const { request } = lowerTools(requestWith({ tools: tools.slice(0, listed), turns }), forms);
        const calls = callsIn(request);
        for (const { name } of calls) {
          expect(name.length).toBeLessThanOrEqual(forms.nameCharactersMax);
          expect(name).toMatch(forms.namePattern);
        }
        const keys = calls.map((call) => `${call.namespace} ${call.form === 'toolSearch' ? '' : call.name}`);
        expect(new Set(keys).size).toBe(tools.length);
        const own = namesIn(request.tools);
        expect(calls.map((call) => call.name)).toEqual(expect.arrayContaining(own));
      }),
      { numRuns: 400 },
    );
  });

  test('case 25: its calls come back in the form, the name and the namespace that they were declared with', () => {
    fc.assert(
      fc.property(anyTools, fc.nat(12), (tools, listed) => {
        const calls = tools.map(called);
        const turns = [{ role: 'assistant' as const, parts: calls }];
        const asked = requestWith({ tools: tools.slice(0, listed), turns });
        const { request, restore } = lowerTools(asked, forms);
        if (restore === undefined) expect(callsIn(request)).toEqual(calls);
        else expect(answered(callsIn(request), restore())).toEqual(calls);
      }),
      { numRuns: 400 },
    );
  });

  test('calls a tool alike in every later turn', () => {
    fc.assert(
      fc.property(anyTools, anyTools, (tools, others) => {
        const first = lowerTools(requestWith({ tools }), forms).request;
        const turns = [{ role: 'assistant' as const, parts: others.map(called) }];
        const later = lowerTools(requestWith({ tools, turns }), forms).request;
        expect(later.tools).toEqual(first.tools);
      }),
    );
  });
});

test('a request whose tools the target knows is the same request', () => {
  const tools: Tool[] = [{ kind: 'function', name: 'read', schema }];
  const turns = [{ role: 'assistant' as const, parts: tools.map(called) }];
  const request = requestWith({ tools, turns, toolChoice: { kind: 'tool', name: 'read' } });
  expect(lowerTools(request, chat)).toEqual({ request });
  expect(lowerTools(request, chat).request).toBe(request);
});

test('case 35: names that are too long, have dots or begin with a digit are mapped', () => {
  const long = 'x'.repeat(71);
  const tools = [long, 'files.read', '7zip', 'files_read'].map(
    (name): Tool => ({ kind: 'function', name, schema }),
  );
  const names = namesIn(lowerTools(requestWith({ tools }), gemini).request.tools);
  expect(names[0]).toMatch(/^x{55}_[0-9a-f]{8}$/);
  expect(names.slice(1)).toEqual(['files.read', '_7zip', 'files_read']);
  const chatNames = namesIn(lowerTools(requestWith({ tools }), chat).request.tools);
  expect(chatNames.slice(2)).toEqual(['7zip', 'files_read']);
  expect(chatNames[1]).toMatch(/^files_read_[0-9a-f]{8}$/);
});

describe('tools of Responses for a target that has functions only', () => {
  const tools: Tool[] = [
    { kind: 'function', name: 'spawn', namespace: 'agents', schema },
    {
      kind: 'custom',
      name: 'apply_patch',
      description: 'Edits files.',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
    },
    { kind: 'toolSearch', description: 'Finds tools.', schema },
    { kind: 'webSearch', dialect: 'openai-responses', value: { type: 'web_search' } },
  ];
  const lowered = lowerTools(
    requestWith({ tools, toolChoice: { kind: 'tool', name: 'spawn', namespace: 'agents' } }),
    chat,
  );

  test('case 25: become functions, with the grammar told', () => {
    const [spawn, patch, search, web] = lowered.request.tools;
    expect(spawn).toEqual({ kind: 'function', name: 'agents__spawn', schema });
    expect(patch).toMatchObject({
      kind: 'function',
      name: 'apply_patch',
      description: expect.stringMatching(/^Edits files\.\n\n[\s\S]*lark grammar:\nstart: "x"$/),
      schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
    });
    expect(search).toEqual({ kind: 'function', name: 'tool_search', description: 'Finds tools.', schema });
    expect(web).toBe(tools[3]);
    expect(lowered.request.toolChoice).toEqual({ kind: 'tool', name: 'agents__spawn' });
  });

  test.each([
    ['the text inside', '{"input":"*** a\\n\\"b\\""}', '*** a\n"b"'],
    ['a text that is no JSON as it is', '*** a', '*** a'],
    ['JSON of another form as it is', '{"patch":"a"}', '{"patch":"a"}'],
    ['nothing for no arguments', '{}', ''],
  ])('case 25: the call of a custom tool is given %s', (_what, argumentsText, expected) => {
    const call: ToolCallPart = { kind: 'toolCall', id: 'c', name: 'apply_patch', argumentsText };
    expect(answered([call], lowered.restore?.() ?? ((event) => [event]))).toEqual([
      { ...call, form: 'custom', argumentsText: expected },
    ]);
  });

  test('a name that nobody declared stays', () => {
    const call: ToolCallPart = { kind: 'toolCall', id: 'c', name: 'unknown', argumentsText: '{}' };
    expect(answered([call], lowered.restore?.() ?? ((event) => [event]))).toEqual([call]);
  });

  test('what was gathered of a call is told before an error', () => {
    const restore = lowered.restore?.();
    const error: Event = { type: 'error', error: { code: 'upstream', message: 'cut' } };
    const events: Event[] = [
      { type: 'partStart', index: 0, part: { kind: 'toolCall', id: 'c', name: 'apply_patch' } },
      { type: 'argumentsDelta', index: 0, text: '{"input":"ab' },
      error,
    ];
    expect(events.flatMap((event) => [...(restore?.(event) ?? [])]).slice(1)).toEqual([
      { type: 'argumentsDelta', index: 0, text: '{"input":"ab' },
      error,
    ]);
  });
});

test('case 35: a result that says which tools were found calls them as the list does', () => {
  const refer = (name: string): ForeignPart => ({
    kind: 'foreign',
    dialect: 'anthropic-messages',
    type: 'tool_reference',
    value: { type: 'tool_reference', tool_name: name },
  });
  const found = ['files.read', 'files_write', 'unknown'].map(refer);
  const request = requestWith({
    tools: ['files.read', 'files_write'].map((name) => ({ kind: 'function', name, schema })),
    turns: [{ role: 'user', parts: [{ kind: 'toolResult', callId: 'c', parts: found, isError: false }] }],
  });
  const parts = ['files_read', 'files_write', 'unknown'].map(refer);
  expect(lowerTools(request, chat).request.turns).toMatchObject([{ parts: [{ parts }] }]);
  expect(lowerTools(request, gemini).request).toBe(request);
});

test('a tool that is listed twice is listed once', () => {
  const tool: Tool = { kind: 'function', name: 'read', schema };
  expect(lowerTools(requestWith({ tools: [tool, { ...tool }] }), chat).request.tools).toEqual([tool]);
});
