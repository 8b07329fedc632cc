import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { ReplyContext } from '../src/dialect.ts';
import { gemini } from '../src/gemini/index.ts';
import { listOf, objectOf } from '../src/json/narrow.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event, FinishReason } from '../src/model/event.ts';
import { fold, unfold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import type { ToolCallPart } from '../src/model/request.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import { asked, readStream, writtenEvents } from './responses-fixtures.ts';

const context: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_000,
  isStreamUsageWanted: true,
};
const encrypted = { ...context, isEncryptedReasoningWanted: true };
const print = (events: readonly Event[], more: ReplyContext = context): string => {
  const writer = openaiResponses.streamWriter(more);
  return events.map((event) => writer.write(event)).join('');
};
const written = (events: readonly Event[], more: ReplyContext = context) =>
  writtenEvents(print(events, more));
const answer = (parts: Reply['parts'], more: Partial<Reply> = {}): Reply => ({
  id: 'msg_of_another',
  model: 'm',
  parts,
  finish: parts.some(({ kind }) => kind === 'toolCall') ? 'tool' : 'stop',
  usage: { input: 10, output: 7, cacheRead: 5, cacheWrite: 2, reasoning: 3 },
  ...more,
});
const every: Reply = answer([
  { kind: 'thinking', text: 'So.', signature: 'sealed' },
  { kind: 'text', text: 'I call.' },
  { kind: 'toolCall', id: 'call_1', name: 'f', argumentsText: '{"a":1}' },
  {
    kind: 'toolCall',
    id: 'call_2',
    name: 'exec',
    namespace: 'functions',
    form: 'custom',
    argumentsText: 'x',
  },
  { kind: 'toolCall', id: 'call_3', name: 'tool_search', form: 'toolSearch', argumentsText: '{"query":"q"}' },
  { kind: 'redactedThinking', data: 'hidden' },
  { kind: 'text', text: 'Done.' },
]);

describe('case 61: a stream that is written', () => {
  test('case 61: has the published events in their order, with numbers that rise by one', () => {
    const events = written(unfold(every), encrypted);
    expect(events.map(({ body }) => body.sequence_number)).toEqual(events.map((_, at) => at));
    for (const { name, body } of events) expect(body.type).toBe(name);
    expect(events.map(({ name }) => name.replace('response.', ''))).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'output_item.added',
      'custom_tool_call_input.delta',
      'custom_tool_call_input.done',
      'output_item.done',
      'output_item.added',
      'output_item.done',
      'output_item.added',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ]);
  });

  test('case 61: ends each item with all of it, under an id of its kind that its pieces name', () => {
    const events = written(unfold(every), encrypted);
    const done = events.filter(({ name }) => name === 'response.output_item.done');
    expect(done.map(({ body }) => body.output_index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const items = done.map(({ body }) => objectOf(body.item) ?? {});
    expect(items).toMatchObject([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'So.' }], encrypted_content: 'sealed' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I call.' }] },
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}', status: 'completed' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'exec', namespace: 'functions', input: 'x' },
      { type: 'tool_search_call', call_id: 'call_3', execution: 'client', arguments: { query: 'q' } },
      { type: 'reasoning', summary: [], encrypted_content: 'hidden' },
      { type: 'message' },
    ]);
    expect(items.map(({ id }) => String(id).split('_')[0])).toEqual([
      'rs',
      'msg',
      'fc',
      'ctc',
      'tsc',
      'rs',
      'msg',
    ]);
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    for (const { body } of events) {
      if (body.item_id === undefined) continue;
      expect(body.item_id).toBe(items[Number(body.output_index)]?.id);
    }
  });

  test('case 61: has the output of a whole reply, and counts that are whole numbers with both details', () => {
    const whole = openaiResponses.writeReply(every, encrypted);
    const last = written(unfold(every), encrypted).at(-1);
    expect(last?.body.response).toEqual(whole);
    expect(whole).toMatchObject({ id: 'resp_1', object: 'response', status: 'completed', model: 'alias' });
    expect(whole.usage).toEqual({
      input_tokens: 17,
      input_tokens_details: { cached_tokens: 5, cache_write_tokens: 2 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 24,
    });
    const { usage: _, ...uncounted } = every;
    expect(written(unfold(uncounted)).at(-1)?.body.response).toMatchObject({
      usage: { input_tokens: 0, input_tokens_details: { cached_tokens: 0 }, total_tokens: 0 },
    });
  });

  test.each(['openai-chat', 'anthropic-messages', 'gemini'] as const)(
    'case 61: is alike streamed and whole for an answer of %s',
    (name) => {
      const source = { 'openai-chat': openaiChat, 'anthropic-messages': anthropicMessages, gemini }[name];
      const call = { kind: 'toolCall' as const, id: 'c', name: 'f', argumentsText: '' };
      const reply = fold(
        source.readReply(source.writeReply(answer([{ kind: 'text', text: 'Hi.' }, call]), context)),
      );
      const last = written(unfold(reply)).at(-1);
      expect(last?.body.response).toEqual(openaiResponses.writeReply(reply, context));
      expect(JSON.stringify(last?.body)).toContain('"arguments":"{}"');
    },
  );

  test('case 60: shows what is hidden in thoughts only when it was asked for', () => {
    const shown = (more: ReplyContext): readonly JsonObject[] =>
      listOf(openaiResponses.writeReply(every, more).output).map((item) => objectOf(item) ?? {});
    expect(JSON.stringify(shown(context))).not.toMatch(/sealed|hidden|encrypted_content/);
    expect(shown(context).filter(({ type }) => type === 'reasoning')).toEqual([
      { id: expect.any(String), type: 'reasoning', summary: [{ type: 'summary_text', text: 'So.' }] },
    ]);
    expect(shown(encrypted).filter(({ type }) => type === 'reasoning')).toHaveLength(2);
    for (const item of shown(encrypted))
      if (item.type === 'reasoning') expect(item.summary).toBeInstanceOf(Array);
    expect(asked('x', { include: ['reasoning.encrypted_content'] }).isEncryptedReasoningWanted).toBe(true);
    expect(asked('x').isEncryptedReasoningWanted).toBeUndefined();
  });

  test('case 54: keeps texts, thoughts and calls in their order', () => {
    const types = written(readStream('text-around-call'))
      .filter(({ name }) => name === 'response.output_item.done')
      .map(({ body }) => objectOf(body.item)?.type);
    expect(types).toEqual(['message', 'function_call', 'message']);
  });

  test.each<[FinishReason, string, JsonObject | null]>([
    ['stop', 'completed', null],
    ['stopSequence', 'completed', null],
    ['tool', 'completed', null],
    ['pause', 'completed', null],
    ['length', 'incomplete', { reason: 'max_output_tokens' }],
    ['contextFull', 'incomplete', { reason: 'max_output_tokens' }],
    ['refusal', 'incomplete', { reason: 'content_filter' }],
  ])('an answer that ended with %s is %s', (finish, status, details) => {
    const last = written(unfold(answer([{ kind: 'text', text: 'Hi' }], { finish }))).at(-1);
    expect(last?.name).toBe(`response.${status}`);
    expect(last?.body.response).toMatchObject({ status, incomplete_details: details });
  });

  test.each([
    ['function', '{"a":"b', undefined],
    ['custom', '*** Begin Patch', 'custom'],
  ] as const)(
    'case 67: half a call of a %s is told as far as it came, and never as done',
    (_kind, argumentsText, form) => {
      const call: ToolCallPart = {
        kind: 'toolCall',
        id: 'c',
        name: 'f',
        argumentsText,
        ...(form && { form }),
      };
      const events = written(unfold(answer([call], { finish: 'length' })));
      expect(events.find(({ name }) => name.endsWith('.delta'))?.body.delta).toBe(argumentsText);
      expect(events.filter(({ name }) => name.endsWith('.done'))).toEqual([]);
      expect(events.at(-1)?.body.response).toMatchObject({ status: 'incomplete', output: [] });
    },
  );

  test('a whole call before the limit is done', () => {
    const whole = answer([{ kind: 'toolCall', id: 'c', name: 'f', argumentsText: '{"a":"b"}' }], {
      finish: 'length',
    });
    expect(written(unfold(whole)).at(-1)?.body.response).toMatchObject({
      status: 'incomplete',
      output: [{ type: 'function_call', arguments: '{"a":"b"}' }],
    });
  });

  test('closes what nobody closed', () => {
    const events = written([
      { type: 'partStart', index: 0, part: { kind: 'text' } },
      { type: 'textDelta', index: 0, text: 'Hi' },
      { type: 'finish', reason: 'stop' },
    ]);
    expect(events.map(({ name }) => name).slice(-2)).toEqual([
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events[0]?.name).toBe('response.created');
  });

  test('case 50: has an empty object for a call that is given nothing', () => {
    const part = { kind: 'toolCall' as const, id: 'c', name: 'f' };
    const last = written([
      { type: 'partStart', index: 0, part },
      { type: 'partStop', index: 0 },
      { type: 'finish', reason: 'tool' },
    ]).at(-1);
    expect(last?.body.response).toMatchObject({ output: [{ type: 'function_call', arguments: '{}' }] });
  });

  test('case 66: is kept alive by a comment', () => {
    expect(openaiResponses.keepAlive).toBe(': keep-alive\n\n');
    expect(print([{ type: 'ping' }])).toBe(': keep-alive\n\n');
    expect(openaiResponses.streamEnd).toBe('');
  });
});

describe('case 30: a summary that replaces a conversation', () => {
  const compaction = { ...context, isCompaction: true };
  const summary = answer([
    { kind: 'thinking', text: 'What matters?' },
    { kind: 'text', text: 'Two of five tests are fixed. Prüfe c.py.' },
  ]);

  test('case 30: is exactly one item, streamed and whole, that is read back as what it says', () => {
    const events = written(unfold(summary), compaction);
    expect(events.map(({ name }) => name)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.output_item.done',
      'response.completed',
    ]);
    const whole = openaiResponses.writeReply(summary, compaction);
    expect(events.at(-1)?.body.response).toEqual(whole);
    const [item, ...others] = listOf(whole.output).map((one) => objectOf(one) ?? {});
    expect(others).toEqual([]);
    expect(item).toMatchObject({
      type: 'compaction',
      encrypted_content: expect.stringMatching(/^aisw1c\.[\w-]+$/),
    });
    const [turn] = asked([item ?? {}, { role: 'user', content: 'Go on.' }]).turns;
    expect(turn).toMatchObject({
      role: 'user',
      parts: [{ text: expect.stringMatching(/Two of five tests are fixed\. Prüfe c\.py\.$/) }],
    });
  });

  test('case 30: that the limit ended is better than none, and one that says nothing is a failure', () => {
    expect(written(unfold({ ...summary, finish: 'length' }), compaction).at(-1)?.name).toBe(
      'response.completed',
    );
    const silent = answer([{ kind: 'toolCall', id: 'c', name: 'f', argumentsText: '{}' }]);
    expect(written(unfold(silent), compaction).at(-1)).toMatchObject({
      name: 'response.failed',
      body: { response: { status: 'failed', error: { code: 'server_error' } } },
    });
    expect(openaiResponses.writeReply(silent, compaction)).toMatchObject({ status: 'failed', output: [] });
  });
});
