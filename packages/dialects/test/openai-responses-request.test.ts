import { describe, expect, test } from 'vitest';
import { InvalidRequest } from '../src/dialect.ts';
import type { JsonValue } from '../src/json/value.ts';
import type { Part, Request, Tool, Turn } from '../src/model/request.ts';
import { openaiResponses, statefulField } from '../src/openai-responses/index.ts';
import { asked, jsonOf, requestFixture } from './responses-fixtures.ts';

const user = { role: 'user', content: 'hi' };
const partsOf = (request: Request): readonly Part[] => request.turns.flatMap(({ parts }) => parts);
const named = (tools: readonly Tool[]): readonly string[] =>
  tools.map((tool) => {
    if (tool.kind === 'foreign') return `foreign ${tool.type}`;
    if (!('name' in tool)) return tool.kind;
    return `${tool.kind} ${tool.namespace === undefined ? '' : `${tool.namespace}.`}${tool.name}`;
  });
function refused(body: JsonValue): string {
  try {
    openaiResponses.readRequest(body);
  } catch (error) {
    if (error instanceof InvalidRequest) return error.field;
    throw error;
  }
  throw new Error('The body was taken.');
}

describe('the conversation of a request', () => {
  test('is a text, or items of any form that clients leave the type out of', () => {
    expect(asked('Say hello.').turns).toEqual([
      { role: 'user', parts: [{ kind: 'text', text: 'Say hello.' }] },
    ]);
    const { system, turns } = requestFixture('instructions-and-messages-without-type');
    expect(system.map(({ text }) => text)).toEqual(['Answer in one word.', 'Be kind.']);
    expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  test('has one turn of the assistant for what the model made in one go, and one for the results', () => {
    const { turns } = requestFixture('parallel-calls');
    const shape = (turn: Turn): string => `${turn.role}: ${turn.parts.map(({ kind }) => kind).join(' ')}`;
    expect(turns.map(shape)).toEqual([
      'user: text',
      'assistant: thinking toolCall toolCall',
      'user: toolResult toolResult',
      'assistant: text',
      'user: text',
    ]);
  });

  test('keeps system text that comes later in its place', () => {
    const { system, turns } = requestFixture('system-in-the-middle');
    expect(system).toHaveLength(1);
    expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'system', 'user', 'system']);
  });

  test('has images and files in every published form, and keeps what the hub does not know', () => {
    const [turn, answer] = requestFixture('files-and-images').turns;
    expect(turn?.parts.map((part) => ('source' in part ? part.source.kind : part.kind))).toEqual([
      'text',
      'base64',
      'url',
      'file',
      'url',
      'file',
      'foreign',
    ]);
    expect(answer?.parts).toEqual([
      { kind: 'text', text: 'I read them.' },
      { kind: 'text', text: 'But I say nothing of the last.' },
    ]);
  });

  test('keeps items of kinds that only OpenAI knows where they stood', () => {
    const { turns } = requestFixture('provider-tools');
    const foreign = turns.flatMap(({ role, parts }) =>
      parts.flatMap((part) => (part.kind === 'foreign' ? [`${role} ${part.type}`] : [])),
    );
    expect(foreign).toEqual(['user web_search_call', 'assistant mcp_list_tools', 'assistant item_reference']);
    const first = asked([{ type: 'configuration_update' }, { role: 'developer', content: 'x' }, user]).turns;
    expect(first.map(({ role }) => role)).toEqual(['system', 'system', 'user']);
  });
});

describe("the tools of Codex's requests", () => {
  test('case 25: custom tools, namespaces, searches and the tools that they found are all tools', () => {
    expect(named(requestFixture('codex').tools)).toEqual([
      'function exec_command',
      'function update_plan',
      'function view_image',
      'custom apply_patch',
      'toolSearch',
      'webSearch',
    ]);
    expect(named(requestFixture('codex-additional-tools').tools)).toEqual([
      'custom functions.exec',
      'function functions.wait',
      'function clock.now',
      'function collaboration.spawn_agent',
    ]);
    const searched = requestFixture('codex-tool-search');
    expect(named(searched.tools).at(-1)).toBe('function mcp__calendar.list_events');
    const result = partsOf(searched).find((part) => part.kind === 'toolResult');
    expect(result?.parts).toEqual([{ kind: 'text', text: 'Tools loaded: mcp__calendar__list_events' }]);
  });

  test('case 25: calls keep the form and the namespace that their tool was declared with', () => {
    const calls = partsOf(requestFixture('codex-additional-tools')).filter(
      (part) => part.kind === 'toolCall',
    );
    expect(calls).toMatchObject([
      { id: 'call_C1', name: 'exec', namespace: 'functions', form: 'custom' },
      { id: 'call_C2', name: 'spawn_agent', namespace: 'collaboration' },
    ]);
    expect(calls[0]?.argumentsText).toBe('const r = await tools.exec_command({cmd: "ls"});\ntext(r.output);');
    const [search] = partsOf(requestFixture('codex-tool-search')).filter((part) => part.kind === 'toolCall');
    expect(search).toMatchObject({ form: 'toolSearch', argumentsText: '{"query":"calendar","limit":2}' });
  });

  test('case 26: results are texts or lists with images, of functions and of custom tools', () => {
    const results = partsOf(requestFixture('codex-images-from-tools')).filter(
      (part) => part.kind === 'toolResult',
    );
    expect(results.map(({ parts }) => parts.map(({ kind }) => kind))).toEqual([
      ['text', 'image'],
      ['text', 'image'],
    ]);
    expect(results[0]?.parts[1]).toMatchObject({ detail: 'original' });
    expect(results[1]?.callId).toBe('call_E2');
  });

  test('those that a provider runs itself are told from those that the client runs', () => {
    expect(named(requestFixture('provider-tools').tools)).toEqual([
      'webSearch',
      'webSearch',
      'foreign mcp',
      'foreign file_search',
      'foreign code_interpreter',
      'foreign image_generation',
      'foreign local_shell',
      'foreign tool_search',
      'function f',
    ]);
    const hosted = {
      type: 'tool_search_call',
      id: 'tsc_1',
      call_id: null,
      execution: 'server',
      arguments: {},
    };
    expect(partsOf(asked([user, hosted])).at(-1)).toMatchObject({
      kind: 'foreign',
      type: 'tool_search_call',
    });
  });

  test('a choice is read in every form, and what it does not allow is not shown', () => {
    expect(requestFixture('tool-choice-custom').toolChoice).toEqual({ kind: 'tool', name: 'patch' });
    expect(requestFixture('tool-choice-in-namespace').toolChoice).toEqual({
      kind: 'tool',
      name: 'open',
      namespace: 'box',
    });
    const allowed = requestFixture('tool-choice-allowed');
    expect(allowed.toolChoice).toEqual({ kind: 'any' });
    expect(named(allowed.tools)).toEqual(['function read', 'custom patch']);
    expect(asked('x', { tool_choice: { type: 'image_generation' } }).toolChoice).toEqual({ kind: 'any' });
  });
});

describe('what Codex and OpenCode send beside', () => {
  test('case 27: items without ids, with ids of the client, and with fields that nobody knows are read alike', () => {
    const bare = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' };
    const full = {
      ...bare,
      id: 'fc_019aa6f0-41b7',
      status: 'completed',
      internal_chat_message_metadata_passthrough: { turn_id: '1' },
    };
    expect(asked([user, bare]).turns).toEqual(asked([{ ...user, id: 'msg_1', x: 1 }, full]).turns);
    const { extra } = requestFixture('codex');
    expect(Object.keys(extra['openai-responses'] ?? {})).toEqual(['client_metadata']);
  });

  test('case 27: reasoning without encrypted content is its words, or nothing', () => {
    const thoughts = partsOf(requestFixture('codex')).filter((part) => part.kind === 'thinking');
    expect(thoughts).toEqual([
      {
        kind: 'thinking',
        text: '**Looking at the file**',
        signature: 'rs_0a1b2c:gAAAAABpIk5vQ2x1ZWxlc3M1c2VjcmV0LXRob3VnaHRz',
      },
    ]);
    const spoken = { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'So.' }] };
    expect(partsOf(asked([user, { ...spoken, encrypted_content: null }]))[1]).toEqual({
      kind: 'thinking',
      text: 'So.',
    });
  });

  test('an envelope of ours is kept as it is, without the id of its item', () => {
    const thoughts = partsOf(requestFixture('reasoning-of-another-model')).filter(
      (part) => part.kind === 'thinking',
    );
    expect(thoughts.map(({ signature }) => signature)).toEqual([
      'aisw1.s.0123456789abcdef.EqQBCgIYAg==',
      'aisw1.r.0123456789abcdef.EmwKAhgB',
    ]);
  });

  test('settings are those of the hub', () => {
    expect(requestFixture('codex')).toMatchObject({
      verbosity: 'low',
      cacheKey: '019aa6f0-3a5c-7d02-b0d1-5d5e0f6c1a11',
      isEncryptedReasoningWanted: true,
      isParallelToolCalls: true,
      isStreaming: true,
      isStreamUsageWanted: true,
      reasoning: { mode: 'adaptive', effort: 'medium', display: 'summarized' },
      toolChoice: { kind: 'auto' },
    });
    expect(requestFixture('codex-image-and-output-schema')).toMatchObject({
      output: { kind: 'schema', name: 'codex_output_schema', isStrict: true },
      serviceTier: 'flex',
    });
    expect(requestFixture('opencode')).toMatchObject({ cacheKey: 'ses_5f0a', outputTokensMax: 32_000 });
    expect(asked('x', { reasoning: { effort: 'none' } }).reasoning).toEqual({ mode: 'off', effort: 'none' });
  });

  test("case 31: Cursor's bodies have tools of both of OpenAI's forms and options of the other dialect", () => {
    const request = requestFixture('cursor');
    expect(named(request.tools)).toEqual(['function Shell', 'function Read', 'custom ApplyPatch']);
    expect(request.system[0]?.text).toMatch(/^You are an AI coding assistant/);
    expect(request.extra['openai-responses']).toEqual({
      truncation: 'disabled',
      metadata: { cursorConversationId: 'c-1' },
      prompt_cache_retention: '24h',
    });
  });
});

describe('a conversation that is made shorter', () => {
  test('case 30: a trigger asks for a summary as the last turn', () => {
    const { isCompaction, turns } = requestFixture('codex-compaction');
    expect(isCompaction).toBe(true);
    expect(turns.at(-1)?.role).toBe('user');
    expect(JSON.stringify(turns.at(-1))).toMatch(/Summarize this conversation/);
    expect(requestFixture('codex').isCompaction).toBeUndefined();
  });

  test("case 30: a summary of ours is read as words, and another's is kept for who made it", () => {
    const texts = partsOf(requestFixture('codex-after-compaction')).map((part) =>
      part.kind === 'text' ? part.text : part.kind,
    );
    expect(texts[2]).toMatch(
      /summarized as follows:\n\nTwo of five tests are fixed: .* Prüfe c\.py als Nächstes\.$/,
    );
    const kept = partsOf(requestFixture('compaction-of-another')).find((part) => part.kind === 'foreign');
    expect(kept).toMatchObject({ type: 'compaction', dialect: 'openai-responses' });
  });
});

describe('what only a provider that remembers can do', () => {
  test.each([
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ conversation: { id: 'conv_1' } }, 'conversation'],
    [{ background: true }, 'background'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
    [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input.item_reference'],
  ])('case 29: %j is known by its field', (more, field) => {
    expect(statefulField(asked('x', more))).toBe(field);
  });

  test('case 29: is not asked by fields that are empty, false, or mean nothing elsewhere', () => {
    const more = { previous_response_id: null, conversation: null, background: false, store: true };
    expect(statefulField(asked('x', more))).toBeUndefined();
    expect(statefulField(requestFixture('codex'))).toBeUndefined();
  });
});

test.each([
  [null, ''],
  [[], ''],
  [{ input: 'x' }, 'model'],
  [{ model: 'm' }, 'input'],
  [{ model: 'm', input: [] }, 'input'],
  [{ model: 'm', input: 7 }, 'input'],
  [{ model: 'm', input: ['x'] }, 'input.0'],
  [{ model: 'm', input: [{ role: 'critic', content: 'x' }] }, 'input.0.role'],
  [{ model: 'm', input: [{ type: 'message' }] }, 'input.0.role'],
  [{ model: 'm', input: [user, { type: 'function_call', call_id: 'c' }] }, 'input.1.name'],
  [{ model: 'm', input: [user, { type: 'function_call', name: 'f' }] }, 'input.1.call_id'],
  [{ model: 'm', input: [user, { type: 'function_call_output', output: '' }] }, 'input.1.call_id'],
  [
    { model: 'm', input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] },
    'input.0.content.0.image_url',
  ],
  [{ model: 'm', input: 'x', tools: [{ type: 'namespace', tools: [] }] }, 'tools.0.name'],
  [{ model: 'm', input: 'x', tools: [{ type: 'function' }] }, 'tools.0.name'],
  [{ model: 'm', input: 'x', tool_choice: 'some' }, 'tool_choice'],
  [{ model: 'm', input: 'x', text: { format: { type: 'xml' } } }, 'text.format.type'],
  [{ model: 'm', input: 'x', text: { format: { type: 'json_schema' } } }, 'text.format.schema'],
  [{ model: 'm', input: 'x', max_output_tokens: 0 }, 'max_output_tokens'],
  [{ model: 'm', input: 'x', stream: 'yes' }, 'stream'],
])('%j is refused by its field %s', (body, field) => {
  expect(refused(body as JsonValue)).toBe(field);
});

test('no request that a client sends is refused', () => {
  for (const name of ['unknown-fields', 'sampling', 'unicode', 'server-state', 'json-object-output']) {
    expect(() => openaiResponses.readRequest(jsonOf(`${name}.request.json`))).not.toThrow();
  }
});
