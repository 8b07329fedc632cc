import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { InvalidReply, type ReplyContext } from '../src/dialect.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { FinishReason } from '../src/model/event.ts';
import { fold, unfold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';

const folder = new URL('../fixtures/anthropic-messages/', import.meta.url);
const fixture = (name: string): JsonObject =>
  JSON.parse(readFileSync(new URL(`${name}.reply.json`, folder), 'utf8')) as JsonObject;
const whole = readdirSync(folder)
  .filter((name) => name.endsWith('.reply.json') && !name.startsWith('error-'))
  .map((name) => name.slice(0, -'.reply.json'.length));
const read = (body: JsonValue): Reply => fold(anthropicMessages.readReply(body));

const context: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_999,
  isStreamUsageWanted: false,
};
const reply: Reply = { id: '', model: 'm', parts: [], finish: 'stop' };
const write = (more: Partial<Reply>): JsonObject =>
  anthropicMessages.writeReply({ ...reply, ...more }, context);

describe('a reply that is read', () => {
  test.each<[string, Partial<Reply>]>([
    ['text', { parts: [{ kind: 'text', text: 'Paris.' }], finish: 'stop' }],
    [
      'tools',
      {
        parts: [
          { kind: 'text', text: 'I ask for both.' },
          { kind: 'toolCall', id: 'toolu_01P', name: 'get_weather', argumentsText: '{"city":"Paris"}' },
          {
            kind: 'toolCall',
            id: 'toolu_01O',
            name: 'get_weather',
            argumentsText: '{"city":"Oslo","days":2}',
          },
          { kind: 'toolCall', id: 'toolu_01N', name: 'now', argumentsText: '{}' },
        ],
        finish: 'tool',
      },
    ],
    ['stop-sequence', { finish: 'stopSequence', stopSequence: '5' }],
    ['max-tokens', { finish: 'length' }],
    ['refusal', { finish: 'refusal', parts: [] }],
    ['context-full', { finish: 'contextFull' }],
    ['pause', { finish: 'pause', parts: [] }],
    ['tool-use-said-without-a-call', { finish: 'stop' }],
    ['end-turn-with-a-call', { finish: 'tool' }],
    ['cached', { usage: { input: 4, output: 3, cacheRead: 1200, cacheWrite: 700, cacheWriteOneHour: 200 } }],
  ])('%s is understood', (name, expected) => {
    expect(read(fixture(name))).toMatchObject(expected);
  });

  test('case 57: thinking keeps its signature, and what was redacted stays so', () => {
    expect(read(fixture('thinking')).parts.slice(0, 2)).toEqual([
      { kind: 'thinking', text: '7 times 13 is 91.', signature: expect.stringMatching(/^EqQB/) },
      { kind: 'redactedThinking', data: 'EmwKAhgBEgy3va3pzix' },
    ]);
  });

  test('case 70: what the provider searched itself leaves its text', () => {
    expect(read(fixture('web-search')).parts).toEqual([
      { kind: 'text', text: "I'll look." },
      { kind: 'text', text: 'On 6 May 2025.' },
    ]);
  });

  test('an error with status 200 is an error', () => {
    expect(anthropicMessages.readReply(fixture('error-with-status-200'))).toEqual([
      { type: 'error', error: { code: 'overloaded', message: 'Overloaded' } },
    ]);
  });

  test.each<[string, JsonValue]>([
    ['nothing', null],
    ['a list', []],
    ['an object of something else', { choices: [] }],
    ['content that is text', { content: 'x' }],
  ])('%s is no reply', (_, body) => {
    expect(() => anthropicMessages.readReply(body)).toThrow(InvalidReply);
  });

  test('usage is read from a body that is not read otherwise', () => {
    expect(anthropicMessages.readUsage(fixture('cached'))).toMatchObject({
      input: 4,
      cacheWriteOneHour: 200,
    });
    expect(anthropicMessages.readUsage({ usage: null })).toBeUndefined();
    expect(anthropicMessages.readUsage([])).toBeUndefined();
  });

  test('no count is below 0 or broken', () => {
    const usage = { input_tokens: -5, output_tokens: 2.7, cache_read_input_tokens: 'many' };
    expect(anthropicMessages.readUsage({ usage })).toEqual({
      input: 0,
      output: 2,
      cacheRead: 0,
      cacheWrite: 0,
    });
  });
});

describe('a reply that is written', () => {
  test.each(whole)('%s is read again as it was', (name) => {
    const first = read(fixture(name));
    const again = read(anthropicMessages.writeReply(first, { ...context, model: first.model }));
    expect(again).toEqual(first);
  });

  test('has the published form, our id and the alias', () => {
    expect(write({ parts: [{ kind: 'text', text: 'Hi.' }] })).toEqual({
      id: 'msg_req_1',
      type: 'message',
      role: 'assistant',
      model: 'alias',
      content: [{ type: 'text', text: 'Hi.' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 0,
      },
    });
  });

  test.each<[FinishReason, string]>([
    ['stop', 'end_turn'],
    ['stopSequence', 'stop_sequence'],
    ['length', 'max_tokens'],
    ['tool', 'tool_use'],
    ['refusal', 'refusal'],
    ['pause', 'pause_turn'],
    ['contextFull', 'model_context_window_exceeded'],
  ])('the end %s is told as %s', (finish, word) => {
    expect(write({ finish }).stop_reason).toBe(word);
  });

  test('names the stop sequence that was hit', () => {
    expect(write({ finish: 'stopSequence', stopSequence: '5' }).stop_sequence).toBe('5');
  });

  test('holds no empty text, which would be refused when the client sends it back', () => {
    expect(write({ parts: [{ kind: 'text', text: '' }] }).content).toEqual([]);
  });

  test('case 67: shows arguments that were cut off as they came', () => {
    const parts: Reply['parts'] = [{ kind: 'toolCall', id: 'a', name: 'f', argumentsText: '{"a": "b' }];
    expect(write({ parts }).content).toMatchObject([{ input: { arguments: '{"a": "b' } }]);
  });
});

test('a thought without words is no last block, which Claude Code would take for the answer', () => {
  const reply: Reply = {
    id: 'msg_1',
    model: 'm',
    parts: [
      { kind: 'thinking', text: '', signature: 'first' },
      { kind: 'text', text: 'Here.' },
      { kind: 'thinking', text: '', signature: 'last' },
    ],
    finish: 'stop',
  };
  const writer = anthropicMessages.streamWriter(context);
  const streamed = unfold(reply)
    .map((event) => writer.write(event))
    .join('');
  expect(streamed).toContain('"signature":"first"');
  expect(streamed).not.toContain('last');
  const { content } = anthropicMessages.writeReply(reply, context) as { content: { type: string }[] };
  expect(content.map(({ type }) => type)).toEqual(['thinking', 'text']);
});
