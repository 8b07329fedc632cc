import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { ReplyContext } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import { fold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import { eventsOf, expectOrder, expectSameHoweverCut, framesOf } from './streams.ts';

const folder = new URL('../fixtures/anthropic-messages/', import.meta.url);
const streams = readdirSync(folder)
  .filter((name) => name.endsWith('.stream.sse'))
  .map((name) => name.slice(0, -'.stream.sse'.length));
const bytesOf = (name: string): Buffer => readFileSync(new URL(`${name}.stream.sse`, folder));
const read = (name: string): Event[] => eventsOf(anthropicMessages, [bytesOf(name)]);

const context: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_999,
  isStreamUsageWanted: true,
};

const SIGNATURE = 'EqQBCkYIBxgCKkBd0Y2m1rXw8Jc7Zt3hQk5vLs9PfNwXyTbA==';

function eventsOfBodies(bodies: readonly JsonObject[]): Event[] {
  const text = bodies.map((body) => `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`).join('');
  return eventsOf(anthropicMessages, [Buffer.from(text)]);
}

const start = (index: number, content_block: JsonObject): JsonObject => ({
  type: 'content_block_start',
  index,
  content_block,
});
const delta = (index: number, more: JsonObject): JsonObject => ({
  type: 'content_block_delta',
  index,
  delta: more,
});
const end = (word: string): JsonObject => ({ type: 'message_delta', delta: { stop_reason: word } });
const callBlock = { type: 'tool_use', id: 'a', name: 'f', input: {} };

describe('a stream that is read', () => {
  test.each(streams)('case 47: %s gives the same events whichever byte it is cut at', (name) => {
    expectSameHoweverCut(anthropicMessages, bytesOf(name));
  });

  test.each(streams)('%s has one part open at a time and one end', (name) => {
    expectOrder(read(name));
  });

  const calls = (...pairs: [string, string, string][]): Partial<Reply> => ({
    parts: pairs.map(([id, name, argumentsText]) => ({ kind: 'toolCall', id, name, argumentsText })),
    finish: 'tool',
  });
  const said = (text: string): Partial<Reply> => ({ parts: [{ kind: 'text', text }] });

  test.each<[string, Partial<Reply>]>([
    ['text', { ...said('Paris.'), id: 'msg_01Xq4vT7bW2rNcK9', finish: 'stop' }],
    [
      'tools',
      {
        parts: [
          { kind: 'text', text: 'I ask for both.' },
          { kind: 'toolCall', id: 'toolu_01P', name: 'get_weather', argumentsText: '{"city": "Paris"}' },
          {
            kind: 'toolCall',
            id: 'toolu_01O',
            name: 'get_weather',
            argumentsText: '{"city": "Oslo", "days": 2}',
          },
        ],
        finish: 'tool',
      },
    ],
    ['call-without-arguments', calls(['toolu_01N', 'now', '{}'])],
    ['input-whole-in-block-start', calls(['toolu_01W', 'write_file', '{"path":"a.txt","text":"東🚀"}'])],
    [
      'max-tokens-in-a-call',
      {
        finish: 'length',
        parts: [
          {
            kind: 'toolCall',
            id: 'toolu_01M',
            name: 'write_file',
            argumentsText: '{"path": "a.txt", "text": "Once up',
          },
        ],
      },
    ],
    [
      'thinking',
      {
        parts: [
          { kind: 'thinking', text: '7 times 13 is 91.', signature: SIGNATURE },
          { kind: 'redactedThinking', data: 'EmwKAhgBEgy3va3pzix' },
          { kind: 'text', text: 'No, 91 = 7 × 13.' },
        ],
        usage: { input: 25, output: 40, cacheRead: 0, cacheWrite: 0, cacheWriteOneHour: 0, reasoning: 28 },
      },
    ],
    [
      'thinking-between-calls',
      {
        parts: [
          { kind: 'thinking', text: '', signature: SIGNATURE },
          { kind: 'toolCall', id: 'toolu_01A', name: 'one', argumentsText: '{}' },
          { kind: 'thinking', text: 'Then two.', signature: SIGNATURE },
          { kind: 'toolCall', id: 'toolu_01B', name: 'two', argumentsText: '{}' },
          { kind: 'text', text: 'Both run.' },
        ],
        finish: 'tool',
      },
    ],
    [
      'web-search',
      {
        parts: [
          { kind: 'text', text: "I'll look." },
          { kind: 'text', text: 'On 6 May 2025.' },
        ],
        finish: 'stop',
      },
    ],
    ['stop-sequence', { ...said('1, 2, 3, 4, '), finish: 'stopSequence', stopSequence: '5' }],
    ['refusal', { ...said('I can'), finish: 'refusal' }],
    ['without-message-stop', { ...said('Whole.'), finish: 'stop' }],
    ['done-instead-of-message-stop', { ...said('Whole.'), finish: 'stop' }],
    ['stray-done', { ...said('Hi.'), finish: 'stop' }],
    ['crlf-lines-without-names', { ...said('Hi there'), finish: 'stop' }],
    [
      'overlapping-blocks',
      {
        parts: [
          { kind: 'toolCall', id: 'toolu_01A', name: 'first', argumentsText: '{"a":1}' },
          { kind: 'toolCall', id: 'toolu_01B', name: 'second', argumentsText: '{"b":2}' },
          { kind: 'text', text: 'Both.' },
        ],
      },
    ],
    [
      'blocks-without-stop',
      {
        parts: [
          { kind: 'text', text: 'One.' },
          { kind: 'toolCall', id: 'toolu_01C', name: 'now', argumentsText: '{}' },
        ],
      },
    ],
    ['cached', { usage: { input: 4, output: 3, cacheRead: 1200, cacheWrite: 700, cacheWriteOneHour: 200 } }],
    ['usage-only-at-the-end', { usage: { input: 50, output: 3, cacheRead: 10, cacheWrite: 0 } }],
  ])('%s is understood', (name, expected) => {
    expect(fold(read(name))).toMatchObject(expected);
  });

  test('a stream without counts has no usage, and not one of zeros', () => {
    expect(fold(read('without-usage')).usage).toBeUndefined();
  });

  test('case 47: a character cut in two escapes is whole again, in text and in arguments', () => {
    const [text, call] = fold(read('unicode-split-over-deltas')).parts;
    expect(text).toEqual({ kind: 'text', text: '東🚀京 👩‍💻 naïve' });
    const input = call?.kind === 'toolCall' ? JSON.parse(call.argumentsText) : undefined;
    expect(input).toEqual({ text: '🚀 東' });
  });

  test('case 53: calls without an id or with the same one get ids of their own, the same each time', () => {
    const ids = fold(read('call-ids-missing-or-repeated')).parts.map((part) =>
      part.kind === 'toolCall' ? part.id : '',
    );
    expect(ids).toEqual([expect.stringMatching(/^toolu_[0-9a-f]{16}$/), 'toolu_same', 'toolu_same_2']);
    expect(read('call-ids-missing-or-repeated')).toEqual(read('call-ids-missing-or-repeated'));
  });

  test('case 51: the first of two overlapping calls streams while the second waits', () => {
    const pieces = read('overlapping-blocks').flatMap((event) =>
      event.type === 'argumentsDelta' ? [event.text] : [],
    );
    expect(pieces).toEqual(['{"a":', '1}', '{"b":', '2}']);
  });

  test.each([
    ['error-in-the-middle', 'overloaded', 'Overloaded'],
    ['error-first', 'rateLimited', 'This request would exceed your rate limit.'],
    ['error-without-blank-line', 'unavailable', 'Internal server error'],
    ['cut-between-events', 'upstream', 'The provider ended its answer before it was complete.'],
    [
      'cut-in-a-frame',
      'upstream',
      'The provider broke off in the middle of an event, or sent one that is not JSON.',
    ],
  ])('%s ends in the error %s', (name, code, message) => {
    expect(read(name).at(-1)).toEqual({ type: 'error', error: { code, message } });
  });

  test('a stream without a frame is an error', () => {
    expect(eventsOf(anthropicMessages, [])).toMatchObject([{ type: 'error', error: { code: 'upstream' } }]);
  });

  test('nothing is read after an error', () => {
    const events = eventsOfBodies([
      { type: 'error', error: { type: 'api_error', message: 'no' } },
      start(0, { type: 'text', text: 'more' }),
      { type: 'message_stop' },
    ]);
    expect(events.map((event) => event.type)).toEqual(['error']);
  });

  test('a delta for a block that never began, and events and blocks nobody knows, do no harm', () => {
    const events = eventsOfBodies([
      delta(7, { type: 'text_delta', text: 'lost' }),
      { type: 'something_new', index: 0 },
      start(0, { type: 'container_upload', file_id: 'x' }),
      delta(0, { type: 'new_delta', text: 'x' }),
      start(1, { type: 'text', text: '' }),
      delta(1, { type: 'text_delta', text: 'Hi.' }),
      end('end_turn'),
      { type: 'message_stop' },
    ]);
    expect(fold(events)).toMatchObject({ parts: [{ kind: 'text', text: 'Hi.' }], finish: 'stop' });
  });

  test.each([
    ['end_turn', false, 'stop'],
    ['end_turn', true, 'tool'],
    ['tool_use', true, 'tool'],
    ['tool_use', false, 'stop'],
    ['stop_sequence', false, 'stopSequence'],
    ['max_tokens', false, 'length'],
    ['max_tokens', true, 'length'],
    ['refusal', false, 'refusal'],
    ['pause_turn', false, 'pause'],
    ['model_context_window_exceeded', false, 'contextFull'],
    ['something_new', false, 'stop'],
    ['something_new', true, 'tool'],
  ])('case 55: the stop reason %j, calls made: %j, means %s', (word, hasCall, reason) => {
    const block = hasCall ? callBlock : { type: 'text', text: 'x' };
    const events = eventsOfBodies([start(0, block), end(word), { type: 'message_stop' }]);
    expect(fold(events).finish).toBe(reason);
  });

  test('a later count of the cache without its parts leaves no part larger than the whole', () => {
    const events = eventsOfBodies([
      {
        type: 'message_start',
        message: {
          usage: {
            input_tokens: 1,
            cache_creation_input_tokens: 9,
            cache_creation: { ephemeral_1h_input_tokens: 9 },
            output_tokens: 9,
            output_tokens_details: { thinking_tokens: 5 },
          },
        },
      },
      start(0, { type: 'text', text: 'x' }),
      { ...end('end_turn'), usage: { cache_creation_input_tokens: 4, output_tokens: 2 } },
    ]);
    expect(fold(events).usage).toEqual({
      input: 1,
      output: 2,
      cacheRead: 0,
      cacheWrite: 4,
      cacheWriteOneHour: 4,
      reasoning: 2,
    });
  });
});

describe('a stream that is written', () => {
  const write = (events: readonly Event[]): { name: string; body: JsonObject }[] => {
    const writer = anthropicMessages.streamWriter(context);
    const text = events.map((event) => writer.write(event)).join('');
    return framesOf([Buffer.from(text)]).map((bytes) => {
      const { event, data } = parseFrame(bytes);
      return { name: event, body: JSON.parse(data) as JsonObject };
    });
  };
  const started: Event = { type: 'start', id: 'msg_1', model: 'm' };
  const call: Event = { type: 'partStart', index: 0, part: { kind: 'toolCall', id: 'a', name: 'f' } };
  const finish: Event = { type: 'finish', reason: 'tool' };

  test('case 49: names every event by its type, in the published order', () => {
    const frames = write(read('tools'));
    for (const { name, body } of frames) expect(name).toBe(body.type);
    const names = frames.map(({ name }) => name);
    expect(names[0]).toBe('message_start');
    expect(names.slice(-2)).toEqual(['message_delta', 'message_stop']);
    for (const name of ['message_start', 'message_delta', 'message_stop']) {
      expect(names.filter((other) => other === name)).toHaveLength(1);
    }
  });

  test('says the alias that was asked for, and our id where the provider named none', () => {
    const [first] = write([{ type: 'start', id: '', model: 'gpt-5.5' }, finish]);
    expect(first?.body.message).toMatchObject({ id: 'msg_req_1', model: 'alias', role: 'assistant' });
  });

  test("case 50: a tool's input comes as deltas and never in the start", () => {
    const frames = write(read('input-whole-in-block-start'));
    expect(frames[1]?.body.content_block).toMatchObject({ input: {} });
    expect(frames[2]?.body.delta).toEqual({
      type: 'input_json_delta',
      partial_json: '{"path":"a.txt","text":"東🚀"}',
    });
  });

  test('case 50: a call without arguments has the input {}', () => {
    const frames = write([started, call, { type: 'partStop', index: 0 }, finish]);
    expect(frames[2]?.body.delta).toEqual({ type: 'input_json_delta', partial_json: '{}' });
  });

  test('the counts of the prompt stand in the first event where they are known, and whole in the last', () => {
    const frames = write(read('cached'));
    expect(frames[0]?.body.message).toMatchObject({
      usage: {
        input_tokens: 4,
        cache_creation_input_tokens: 700,
        cache_read_input_tokens: 1200,
        output_tokens: 1,
        cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 200 },
      },
    });
    expect(frames.at(-2)?.body.usage).toMatchObject({
      input_tokens: 4,
      cache_read_input_tokens: 1200,
      output_tokens: 3,
    });
  });

  test('case 57: a signature comes back as it was', () => {
    expect(fold(read('thinking')).parts[0]).toMatchObject({ signature: SIGNATURE });
    expect(write(read('thinking')).map(({ body }) => body.delta)).toContainEqual({
      type: 'signature_delta',
      signature: SIGNATURE,
    });
  });

  test('case 77: an error ends the stream without message_stop, and nothing follows it', () => {
    const error: Event = { type: 'error', error: { code: 'overloaded', message: 'Busy.' } };
    const frames = write([started, call, error, finish]);
    expect(frames.at(-1)).toEqual({
      name: 'error',
      body: {
        type: 'error',
        error: { type: 'overloaded_error', message: 'Busy.' },
        request_id: 'req_1',
      },
    });
  });

  test('case 66: a ping comes after message_start and as one', () => {
    const frames = write([started, { type: 'ping' }, finish]);
    expect(frames.map(({ name }) => name).slice(0, 2)).toEqual(['message_start', 'ping']);
    expect(anthropicMessages.keepAlive).toBe('event: ping\ndata: {"type":"ping"}\n\n');
    expect(anthropicMessages.streamEnd).toBe('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  });
});
