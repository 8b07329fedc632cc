import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { InvalidRequest } from '../src/dialect.ts';
import { gemini } from '../src/gemini/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import { fold } from '../src/model/fold.ts';
import type { Request } from '../src/model/request.ts';
import { openSeals, sealEvent } from '../src/model/seal.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import {
  asked,
  chat,
  itemsOf,
  messages,
  readStream,
  requestFixture,
  schemaOf,
  user,
  write,
} from './responses-fixtures.ts';

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
      json_schema: { name: 'answer', schema: schemaOf(['a']), strict: true },
    };
    const written = write(chat([user], { response_format: format }));
    expect(written.body.text).toEqual({
      format: { type: 'json_schema', name: 'answer', schema: schemaOf(['a']), strict: false },
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
