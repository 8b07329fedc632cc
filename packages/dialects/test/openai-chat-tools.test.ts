import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { ReplyContext } from '../src/dialect.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import { fold, unfold } from '../src/model/fold.ts';
import type { Request, ToolCallPart } from '../src/model/request.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { eventsOf } from './streams.ts';

const ask = (more: JsonObject = {}): JsonObject => ({
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
});
const read = (more: JsonObject): Request => openaiChat.readRequest(ask(more));

const context: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_000,
  isStreamUsageWanted: false,
};

const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
const patchTool = {
  type: 'custom',
  custom: {
    name: 'apply_patch',
    description: 'Edits.',
    format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } },
  },
};

describe('custom tools that a client of Chat Completions sends', () => {
  test.each([
    ['in the published form', patchTool],
    [
      'case 31: flat, as Cursor sends them,',
      { type: 'custom', name: 'apply_patch', description: 'Edits.', format: grammar },
    ],
  ])('%s are read', (_form, tool) => {
    expect(read({ tools: [tool] }).tools).toEqual([
      { kind: 'custom', name: 'apply_patch', description: 'Edits.', format: grammar },
    ]);
  });

  test('are functions to every provider, with the calls of the conversation', () => {
    const call = { id: 'call_1', type: 'custom', custom: { name: 'apply_patch', input: '*** a\n"b"' } };
    const request = read({
      tools: [patchTool],
      tool_choice: { type: 'custom', custom: { name: 'apply_patch' } },
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'done' },
      ],
    });
    const chat = openaiChat.writeRequest(request, 'glm-5').body;
    expect(chat.tools).toMatchObject([{ type: 'function', function: { name: 'apply_patch' } }]);
    expect(chat.tool_choice).toEqual({ type: 'function', function: { name: 'apply_patch' } });
    expect(chat.messages).toMatchObject([
      {},
      { tool_calls: [{ type: 'function', function: { arguments: '{"input":"*** a\\n\\"b\\""}' } }] },
      { role: 'tool' },
    ]);
    const messages = anthropicMessages.writeRequest(request, 'claude-sonnet-4-5').body;
    expect(messages.tools).toMatchObject([{ name: 'apply_patch', input_schema: { required: ['input'] } }]);
    expect(messages.messages).toMatchObject([
      {},
      { content: [{ type: 'tool_use', input: { input: '*** a\n"b"' } }] },
      {},
    ]);
  });

  test('case 25: get their calls back as custom calls, whole and in a stream', () => {
    const { restore } = openaiChat.writeRequest(read({ tools: [patchTool] }), 'glm-5');
    const call: ToolCallPart = {
      kind: 'toolCall',
      id: 'call_1',
      name: 'apply_patch',
      argumentsText: '{"input":"*** a\\n\\"b\\""}',
    };
    const answered = unfold({ id: 'r', model: 'm', parts: [call], finish: 'tool' });
    const begun = restore?.();
    const events = answered.flatMap((event): readonly Event[] => begun?.(event) ?? []);
    expect(openaiChat.writeReply(fold(events), context)).toMatchObject({
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            tool_calls: [
              { id: 'call_1', type: 'custom', custom: { name: 'apply_patch', input: '*** a\n"b"' } },
            ],
          },
        },
      ],
    });
    const writer = openaiChat.streamWriter(context);
    const stream = Buffer.from(events.map((event) => writer.write(event)).join(''));
    expect(stream.toString()).not.toContain('"function"');
    expect(fold(eventsOf(openaiChat, [stream])).parts).toEqual([
      { ...call, form: 'custom', argumentsText: '*** a\n"b"' },
    ]);
  });
});

test('case 31: flat tools and choices of the Anthropic form are understood', () => {
  const request = read({
    tools: [
      { type: 'function', name: 'f', parameters: { type: 'object' } },
      { name: 'g', input_schema: { type: 'object' } },
    ],
    tool_choice: { type: 'any' },
  });
  expect(request.tools).toMatchObject([{ name: 'f' }, { name: 'g', schema: { type: 'object' } }]);
  expect(request.toolChoice).toEqual({ kind: 'any' });
});

test('only the tools that a choice allows are told to providers that know no such choice', () => {
  const tools = [...['f', 'g'].map((name) => ({ type: 'function', function: { name } })), patchTool];
  const allowed = [
    { type: 'function', function: { name: 'g' } },
    { type: 'custom', custom: { name: 'apply_patch' } },
  ];
  const choice = (mode: string): JsonObject => ({
    type: 'allowed_tools',
    allowed_tools: { mode, tools: allowed },
  });
  const request = read({ tools, tool_choice: choice('required') });
  expect(request).toMatchObject({
    tools: [{ name: 'g' }, { name: 'apply_patch' }],
    toolChoice: { kind: 'any' },
  });
  expect(read({ tools, tool_choice: choice('auto') }).toolChoice).toEqual({ kind: 'auto' });
  const flat = { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] };
  expect(read({ tools, tool_choice: flat }).tools).toMatchObject([{ name: 'f' }]);
  const none = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [] } };
  for (const dialect of [openaiChat, anthropicMessages]) {
    const { body } = dialect.writeRequest(read({ tools, tool_choice: none }), 'm');
    expect([body.tools, body.tool_choice]).toEqual([undefined, undefined]);
  }
});

test('case 35: a name that this dialect does not take is mapped, and its call mapped back', () => {
  const long = `mcp__${'x'.repeat(66)}`;
  const tools = [long, 'files.read', '7zip'].map((name) => ({ name, input_schema: { type: 'object' } }));
  const request = anthropicMessages.readRequest({ ...ask({ tools }), max_tokens: 9 });
  const { body, restore } = openaiChat.writeRequest(request, 'glm-5');
  const names = (body.tools as { function: { name: string } }[]).map((tool) => tool.function.name);
  expect(names).toEqual([expect.stringMatching(/^mcp__x{50}_[0-9a-f]{8}$/), 'files_read', '7zip']);
  const parts = names.map(
    (name, at): ToolCallPart => ({ kind: 'toolCall', id: `c${at}`, name, argumentsText: '{}' }),
  );
  const begun = restore?.();
  const events = unfold({ id: 'r', model: 'm', parts, finish: 'tool' }).flatMap(
    (event) => begun?.(event) ?? [],
  );
  const restored = fold(events).parts.map((part) => (part.kind === 'toolCall' ? part.name : ''));
  expect(restored).toEqual([long, 'files.read', '7zip']);
});

describe('a search of the web', () => {
  test('that the client of this dialect asks for goes to Anthropic as its own', () => {
    const request = read({ web_search_options: { filters: { allowed_domains: ['example.com'] } } });
    expect(anthropicMessages.writeRequest(request, 'claude-sonnet-4-5').body.tools).toMatchObject([
      { type: 'web_search_20250305', name: 'web_search', allowed_domains: ['example.com'] },
    ]);
    expect(openaiChat.writeRequest(request, 'gpt-5.5').body.web_search_options).toEqual({
      filters: { allowed_domains: ['example.com'] },
    });
  });

  test('case 16: of another dialect is left out and named, and so is a choice that forces it', () => {
    const request = anthropicMessages.readRequest({
      ...ask({
        tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 8 }],
        tool_choice: { type: 'tool', name: 'web_search' },
      }),
      max_tokens: 9,
    });
    const { body, dropped } = openaiChat.writeRequest(request, 'glm-5');
    expect([body.tools, body.tool_choice]).toEqual([undefined, undefined]);
    expect(dropped).toEqual(['tools.webSearch']);
  });
});

describe('marks of what to cache', () => {
  const mark = { cache_control: { type: 'ephemeral' } };
  const request = anthropicMessages.readRequest({
    model: 'm',
    max_tokens: 9,
    system: [{ type: 'text', text: 'Long.', ...mark }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'go' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'done', ...mark }] },
    ],
  });

  test('case 18: go to no provider of this dialect, and are named', () => {
    const { body, dropped } = openaiChat.writeRequest(request, 'qwen3.8-max');
    expect(JSON.stringify(body)).not.toContain('cache_control');
    expect(dropped).toEqual(['cache_control']);
  });

  test('case 18: go to Qwen, which says that it takes them', () => {
    const { body, dropped } = openaiChat.writeRequest(request, 'qwen3.8-max', { cacheControl: true });
    expect(body.messages).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'Long.', ...mark }] },
      { role: 'user', content: 'go' },
      expect.objectContaining({ role: 'assistant' }),
      { role: 'tool', tool_call_id: 'c', content: [{ type: 'text', text: 'done', ...mark }] },
    ]);
    expect(dropped).toEqual([]);
  });
});

test("a document that is stored with Anthropic is named and not sent, one of OpenAI's is sent", () => {
  const stored = (file_id: string): JsonObject => ({
    ...ask({
      messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id } }] }],
    }),
    max_tokens: 9,
  });
  const strange = openaiChat.writeRequest(anthropicMessages.readRequest(stored('file_011CP')), 'gpt-5.5');
  expect(JSON.stringify(strange.body)).not.toContain('file_011CP');
  expect(strange.dropped).toEqual(['messages.0.document']);
  const own = read({
    messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-9' } }] }],
  });
  expect(JSON.stringify(openaiChat.writeRequest(own, 'gpt-5.5').body)).toContain('"file_id":"file-9"');
  const toAnthropic = anthropicMessages.writeRequest(own, 'claude-sonnet-4-5');
  expect(JSON.stringify(toAnthropic.body)).not.toContain('file-9');
  expect(toAnthropic.dropped).toEqual(['messages.0.document']);
});

describe('what only our reader understands', () => {
  const nested = { type: 'function', function: { name: 'f', parameters: {} } };
  const block = { type: 'tool_result', tool_use_id: 'c', content: 'a' };

  test.each([
    ['a flat tool', { tools: [{ type: 'function', name: 'f', parameters: {} }] }, false],
    ['a tool of Anthropic', { tools: [{ name: 'f', input_schema: {} }] }, false],
    ['a flat custom tool', { tools: [{ type: 'custom', name: 'f' }] }, false],
    ['a choice of Anthropic', { tools: [nested], tool_choice: { type: 'any' } }, false],
    ['a block of Anthropic', { messages: [{ role: 'user', content: [block] }] }, false],
    ['a tool as published', { tools: [nested] }, true],
    ['a custom tool as published', { tools: [{ type: 'custom', custom: { name: 'f' } }] }, true],
    ['a tool of the provider', { tools: [{ type: 'web_search', web_search: { enable: true } }] }, true],
    [
      'a choice as published',
      { tools: [nested], tool_choice: { type: 'function', function: { name: 'f' } } },
      true,
    ],
    ['a part as published', { messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }] }, true],
  ])('case 31: %s goes through as it came only when a provider reads it', (_, more, isPassed) => {
    const edits = openaiChat.passThroughEdits(openaiChat.readRequest(ask(more)), 't');
    expect(edits).toEqual(isPassed ? { model: 't' } : undefined);
  });
});
