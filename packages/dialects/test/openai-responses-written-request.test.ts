import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { InvalidRequest, type WrittenRequest } from '../src/dialect.ts';
import { gemini } from '../src/gemini/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import { fold } from '../src/model/fold.ts';
import type { Request } from '../src/model/request.ts';
import { openSeals, sealEvent } from '../src/model/seal.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import { asked, readStream, requestFixture } from './responses-fixtures.ts';

const user = { role: 'user', content: 'hi' };
const chat = (messages: JsonValue, more: JsonObject = {}): Request =>
  openaiChat.readRequest({ model: 'm', messages, ...more });
const messages = (list: JsonValue, more: JsonObject = {}): Request =>
  anthropicMessages.readRequest({ model: 'm', max_tokens: 100, messages: list, ...more });
const write = (request: Request, model = 'gpt-5.5'): WrittenRequest =>
  openaiResponses.writeRequest(request, model);
const itemsOf = ({ body }: WrittenRequest): readonly JsonObject[] => body.input as readonly JsonObject[];
const toolsOf = ({ body }: WrittenRequest): readonly JsonObject[] => body.tools as readonly JsonObject[];
const schema = (properties: readonly string[], more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties: Object.fromEntries(properties.map((name) => [name, { type: 'string' }])),
  ...more,
});

describe('case 28: with nothing kept at the provider', () => {
  test('a request says so, unless its client wants otherwise, and asks for its thoughts back', () => {
    expect(write(chat([user])).body).toMatchObject({
      store: false,
      include: ['reasoning.encrypted_content'],
    });
    expect(write(requestFixture('server-state')).body.store).toBe(true);
    expect(write(requestFixture('provider-tools')).body.include).toEqual([
      'reasoning.encrypted_content',
      'web_search_call.action.sources',
    ]);
    expect(write(chat([user]), 'gpt-4o').body).not.toHaveProperty('include');
  });

  test('case 28: items go without ids, but for thoughts whose encrypted content is bound to theirs', () => {
    const items = itemsOf(write(requestFixture('codex-additional-tools')));
    expect(items.flatMap(({ id }) => (id === undefined ? [] : [id]))).toEqual(['rs_0f0f01']);
    expect(items.find(({ type }) => type === 'reasoning')).toEqual({
      type: 'reasoning',
      id: 'rs_0f0f01',
      summary: [],
      encrypted_content: 'gAAAAABpIk5vQ2x1ZWxlc3M1c2VjcmV0LXRob3VnaHRz',
    });
  });

  test('case 28: so do items that only OpenAI knows, but for a reference, which is nothing else', () => {
    const foreign = itemsOf(write(requestFixture('provider-tools'))).filter(({ type }) => type !== 'message');
    expect(foreign.map(({ type, id }) => [type, id])).toEqual([
      ['web_search_call', undefined],
      ['mcp_list_tools', undefined],
      ['item_reference', 'msg_1'],
    ]);
  });

  test('case 28: a thought without encrypted content is left out and named', () => {
    const written = write(
      asked([user, { type: 'reasoning', summary: [{ type: 'summary_text', text: 'So.' }] }]),
    );
    expect(itemsOf(written).map(({ type }) => type)).toEqual(['message']);
    expect(written.dropped).toEqual(['thinking']);
  });

  test('a thought that nothing follows is left out: it would be refused', () => {
    const alone = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'abc' };
    const written = write(asked([user, alone, user]));
    expect(itemsOf(written).map(({ type }) => type)).toEqual(['message', 'message']);
    expect(written.dropped).toEqual(['thinking']);
  });

  test.each([anthropicMessages, gemini, openaiResponses])(
    'case 28: encrypted content comes back whole through a client of $name, and only to who made it',
    (client) => {
      const origin = 'openai/gpt-5.5';
      const sealed = readStream('reasoning').map((event) => sealEvent(event, origin));
      const reply = fold(sealed);
      const context = {
        requestId: 'r',
        model: 'm',
        createdAtMs: 0,
        isStreamUsageWanted: true,
        isEncryptedReasoningWanted: true,
      };
      const shown = client.writeReply(reply, context);
      const returned = client.readRequest(echo(client.name, shown), { model: 'm', isStreaming: false });
      const item = (request: Request): JsonObject | undefined =>
        itemsOf(write(request)).find(({ type }) => type === 'reasoning');
      expect(item(openSeals(returned, origin, client === openaiResponses))).toMatchObject({
        id: 'rs_10',
        encrypted_content: 'gAAAAABpIk5vQ2x1ZWxlc3M1c2VjcmV0LXRob3VnaHRz',
      });
      expect(
        item(openSeals(returned, 'openai-of-others/gpt-5.5', client === openaiResponses)),
      ).toBeUndefined();
    },
  );
});

/** The request in which a client sends an answer back. */
function echo(client: string, shown: JsonObject): JsonValue {
  const ask = { role: 'user', content: 'hi' };
  if (client === 'openai-responses') {
    return { model: 'm', input: [ask, ...(shown.output as readonly JsonObject[]), ask] };
  }
  if (client === 'anthropic-messages') {
    const said = { role: 'assistant', content: shown.content };
    return { model: 'm', max_tokens: 9, messages: [ask, said, ask] } as JsonValue;
  }
  const [candidate] = shown.candidates as readonly { readonly content: JsonObject }[];
  const content = { role: 'user', parts: [{ text: 'hi' }] };
  return { contents: [content, candidate?.content ?? {}, content] };
}

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
      tool('unsaid', schema(['a'], closed)),
      tool('strict', schema(['a'], closed), true),
      tool('loose', schema(['a']), true),
    ];
    const written = write(chat([user], { tools }));
    expect(toolsOf(written).map(({ name, strict }) => [name, strict])).toEqual([
      ['unsaid', false],
      ['strict', true],
      ['loose', false],
    ]);
    expect(toolsOf(written)[2]?.parameters).toEqual(schema(['a']));
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

describe('the rest of a request', () => {
  test("case 14: Claude Code's billing line is taken out of the instructions", () => {
    const system = [
      { type: 'text', text: 'x-anthropic-billing-header: a' },
      { type: 'text', text: 'Be brief.' },
    ];
    const written = write(messages([user], { system }));
    expect(written.body.instructions).toBe('Be brief.');
    expect(written.dropped).toEqual(['system.x-anthropic-billing-header']);
  });

  test('instructions without a word are none, and alone they are the input', () => {
    expect(write(chat([{ role: 'system', content: '' }, user])).body).not.toHaveProperty('instructions');
    const alone = write(chat([{ role: 'system', content: 'Say hello.' }]));
    expect(alone.body).not.toHaveProperty('instructions');
    expect(itemsOf(alone)).toEqual([
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Say hello.' }] },
    ]);
  });

  test('files that were given to another provider are told of, and those given to OpenAI are named', () => {
    const document = (fileId: string): JsonObject => ({
      type: 'document',
      source: { type: 'file', file_id: fileId },
    });
    const image = (fileId: string): JsonObject => ({
      type: 'image',
      source: { type: 'file', file_id: fileId },
    });
    const content = [document('file_01'), image('file_02'), document('file-a'), image('file-b')];
    const written = write(messages([{ role: 'user', content }]));
    expect(itemsOf(written)[0]?.content).toEqual([
      { type: 'input_text', text: '[A document was attached that cannot be shown here.]' },
      { type: 'input_text', text: '[An image was attached that cannot be shown here.]' },
      { type: 'input_file', file_id: 'file-a' },
      { type: 'input_image', file_id: 'file-b' },
    ]);
    expect(written.dropped).toEqual(['messages.0.document', 'messages.0.image']);
  });

  test('case 22: system text in the middle keeps its place, in the role that the model knows', () => {
    const spoken = [user, { role: 'system', content: 'Now in French.' }, user];
    expect(itemsOf(write(chat(spoken))).map(({ role }) => role)).toEqual(['user', 'developer', 'user']);
    expect(itemsOf(write(chat(spoken), 'qwen3-max')).map(({ role }) => role)).toEqual([
      'user',
      'system',
      'user',
    ]);
  });

  test('case 46: what this dialect has no word for is named, and several answers are refused', () => {
    const more = {
      stop: ['x'],
      top_k: 5,
      seed: 1,
      presence_penalty: 1,
      frequency_penalty: 1,
      logit_bias: { a: 1 },
    };
    const written = write(chat([user], { ...more, temperature: 0.5 }));
    expect(written.dropped).toEqual([
      'frequency_penalty',
      'logit_bias',
      'presence_penalty',
      'seed',
      'stop',
      'temperature',
      'top_k',
    ]);
    for (const name of written.dropped) expect(written.body).not.toHaveProperty(name);
    expect(() => write(chat([user], { n: 2 }))).toThrow(InvalidRequest);
  });

  test('case 21: sampling goes to models that take it, and the most tokens are enough for OpenAI', () => {
    const request = chat([user], { temperature: 0.5, top_p: 0.9, max_tokens: 1 });
    expect(write(request, 'grok-4.3').body).toMatchObject({ temperature: 0.5, top_p: 0.9 });
    expect(write(request).body).toMatchObject({ max_output_tokens: 16 });
    expect(write(request).dropped).toEqual(['temperature', 'top_p']);
  });

  test.each([
    [{ type: 'enabled', budget_tokens: 1_024 }, 'gpt-5.5', { effort: 'low', summary: 'auto' }],
    [{ type: 'enabled', budget_tokens: 8_000 }, 'gpt-5.5', { effort: 'medium', summary: 'auto' }],
    [{ type: 'enabled', budget_tokens: 31_999 }, 'gpt-5.5', { effort: 'high', summary: 'auto' }],
    [{ type: 'disabled' }, 'gpt-5.5', { effort: 'none' }],
    [{ type: 'disabled' }, 'gpt-5', { effort: 'minimal' }],
    [{ type: 'disabled' }, 'o3', undefined],
    [{ type: 'enabled', budget_tokens: 8_000 }, 'gpt-4o', undefined],
  ])('the thoughts %j of %s are asked for as %j', (thinking, model, reasoning) => {
    expect(write(messages([user], { max_tokens: 32_000, thinking }), model).body.reasoning).toEqual(
      reasoning,
    );
  });

  test('case 40: a form of the answer is one of this dialect', () => {
    const format = {
      type: 'json_schema',
      json_schema: { name: 'answer', schema: schema(['a']), strict: true },
    };
    const written = write(chat([user], { response_format: format }));
    expect(written.body.text).toEqual({
      format: { type: 'json_schema', name: 'answer', schema: schema(['a']), strict: false },
    });
    expect(written.dropped).toEqual(['response_format.strict']);
  });

  test('case 18: marks of what to cache are taken out, and named', () => {
    const mark = { cache_control: { type: 'ephemeral' } };
    const marked = { role: 'user', content: [{ type: 'text', text: 'hi', ...mark }] };
    const written = write(messages([marked], { system: [{ type: 'text', text: 'x', ...mark }] }));
    expect(JSON.stringify(written.body)).not.toContain('cache_control');
    expect(written.dropped).toEqual(['cache_control']);
  });

  test('case 45: fields that nobody knows come back to this dialect, and are named in others', () => {
    const request = requestFixture('unknown-fields');
    expect(write(request).body).toMatchObject({ max_tool_calls: 3, moderation: { mode: 'x' } });
    for (const other of [openaiChat, anthropicMessages, gemini]) {
      const { body, dropped } = other.writeRequest(request, 'model');
      expect(body).not.toHaveProperty('max_tool_calls');
      expect(dropped).toEqual(expect.arrayContaining(['max_tool_calls', 'moderation']));
    }
  });

  test('case 27: what is OpenAI alone is left out for others, and named', () => {
    const { body, dropped } = openaiChat.writeRequest(requestFixture('codex'), 'glm-5');
    expect(JSON.stringify(body)).not.toMatch(/client_metadata|verbosity|encrypted_content|internal_chat/);
    expect(dropped).toEqual(expect.arrayContaining(['client_metadata', 'verbosity']));
  });
});

describe('the bytes of a client', () => {
  const edits = (request: Request, model = 'gpt-5.5'): unknown =>
    openaiResponses.passThroughEdits(request, model);

  test('go through with the name of the model', () => {
    expect(edits(requestFixture('codex'))).toEqual({ model: 'gpt-5.5' });
    expect(edits(requestFixture('codex-additional-tools'))).toEqual({ model: 'gpt-5.5' });
    expect(edits(requestFixture('codex-compaction'))).toEqual({ model: 'gpt-5.5' });
    expect(edits(requestFixture('compaction-of-another'))).toEqual({ model: 'gpt-5.5' });
    expect(edits(requestFixture('server-state'))).toEqual({ model: 'gpt-5.5' });
  });

  test('case 30: are written anew when they hold an envelope of ours', () => {
    expect(edits(requestFixture('reasoning-of-another-model'))).toBeUndefined();
    expect(edits(requestFixture('codex-after-compaction'))).toBeUndefined();
    expect(JSON.stringify(write(requestFixture('codex-after-compaction')).body)).not.toContain('aisw1c.');
  });

  test("are written anew for other models when they hold what only OpenAI's know", () => {
    expect(edits(requestFixture('opencode'), 'grok-4.3')).toEqual({ model: 'grok-4.3' });
    for (const name of ['codex', 'codex-unknown-model', 'codex-compaction']) {
      expect(edits(requestFixture(name), 'grok-4.3')).toBeUndefined();
    }
    expect(edits(asked([user, { type: 'compaction_trigger' }]), 'grok-4.3')).toBeUndefined();
  });

  test('case 98: what is written of a conversation begins as it did a turn before', () => {
    const { turns, ...rest } = requestFixture('codex');
    const text = (count: number): string =>
      JSON.stringify(itemsOf(write({ ...rest, turns: turns.slice(0, count) }))).slice(0, -1);
    expect(text(6).startsWith(text(4))).toBe(true);
    expect(text(4).startsWith(text(2))).toBe(true);
  });
});
