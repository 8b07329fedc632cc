import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ReplyContext } from '../src/dialect.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import { fold, unfold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { eventsOf, expectOrder, expectSameHoweverCut } from './streams.ts';

const folder = new URL('../fixtures/openai-chat/', import.meta.url);
const names = readdirSync(folder);
const streams = names.filter((name) => name.endsWith('.stream.sse')).map((name) => name.slice(0, -11));
const replies = names.filter((name) => name.endsWith('.reply.json')).map((name) => name.slice(0, -11));

const context: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_999,
  isStreamUsageWanted: true,
};

function bytesOf(name: string): Buffer {
  return readFileSync(new URL(`${name}.stream.sse`, folder));
}

const read = (chunks: readonly Uint8Array[]): Event[] => eventsOf(openaiChat, chunks);

function chunk(delta: JsonObject, finish: string | null = null): JsonObject {
  return {
    id: 'c',
    object: 'chat.completion.chunk',
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
  };
}

function eventsOfChunks(chunks: readonly (JsonValue | '[DONE]')[]): Event[] {
  const text = chunks.map((item) => `data: ${item === '[DONE]' ? item : JSON.stringify(item)}\n\n`).join('');
  return read([Buffer.from(text)]);
}

const call = (index: number, text: string, more: JsonObject = {}): JsonObject => ({
  tool_calls: [{ index, function: { arguments: text }, ...more }],
});

describe('a stream that is read', () => {
  test.each(streams)('case 47: %s gives the same events whichever byte it is cut at', (name) => {
    const bytes = bytesOf(name);
    expectSameHoweverCut(openaiChat, bytes, bytes.length > 4_000 ? 7 : 1);
  });

  test.each(streams)('%s has one part open at a time and one end', (name) => {
    expectOrder(read([bytesOf(name)]));
  });

  const calls = (...pairs: [string, string, string][]): Partial<Reply> => ({
    parts: pairs.map(([id, name, argumentsText]) => ({ kind: 'toolCall', id, name, argumentsText })),
    finish: 'tool',
  });
  const said = (text: string): Partial<Reply> => ({ parts: [{ kind: 'text', text }] });

  test.each<[string, Partial<Reply>]>([
    ['text', { ...said('Paris.'), finish: 'stop' }],
    [
      'tools',
      calls(
        ['call_Kq2v', 'get_weather', '{"city":"Paris"}'],
        ['call_Zw8x', 'get_weather', '{"city":"Oslo","days":2}'],
      ),
    ],
    ['parallel-calls-interleaved', calls(['call_a', 'first', '{"a":1}'], ['call_b', 'second', '{"b":2}'])],
    ['calls-repeat-name-and-index', calls(['call_x', 'grep', '{"q":"x"}'], ['call_y', 'grep', '{}'])],
    ['call-ids-repeated', calls(['call_0', 'one', '{"a":1}'], ['call_0_2', 'two', '{"b":2}'])],
    ['call-without-arguments', calls(['call_n', 'now', '{}'])],
    ['unicode-split-over-deltas', said('東🚀京 👩‍💻 naïve')],
    ['refusal', { ...said("I can't help with that."), finish: 'refusal' }],
    ['content-filter-results-first', { ...said('Hi'), id: 'chatcmpl-CbT7Qx1vJ4', finish: 'refusal' }],
    ['stop-sequences', { finish: 'stopSequence', stopSequence: '5' }],
    ['finish-without-done', { ...said('Whole'), finish: 'stop' }],
    ['crlf-lines', said('Hi there')],
    ['usage-on-finish-chunk', { usage: { input: 40, output: 4, cacheRead: 10, cacheWrite: 0 } }],
    ['usage-on-empty-delta', { usage: { input: 50, output: 4, cacheRead: 0, cacheWrite: 0 } }],
    ['usage-cumulative', { finish: 'length', usage: { input: 50, output: 2, cacheRead: 0, cacheWrite: 0 } }],
    ['usage-in-choice', { usage: { input: 18, output: 2, cacheRead: 32, cacheWrite: 0 } }],
  ])('%s is understood', (name, expected) => {
    expect(fold(read([bytesOf(name)]))).toMatchObject(expected);
  });

  test.each([
    ['reasoning', '7 times 13 is 91.', 'No, 91 = 7 × 13.'],
    ['reasoning-field-of-vllm', 'Seven times thirteen.', '\n\nNo.'],
    ['think-tag-split', 'The word <b> is plain.', 'It is `<think>` that counts.'],
  ])('case 56: %s keeps thinking apart from the answer', (name, thinking, text) => {
    expect(fold(read([bytesOf(name)])).parts).toEqual([
      { kind: 'thinking', text: thinking },
      { kind: 'text', text },
    ]);
  });

  test('case 53: calls without number or id get ids of their own, the same each time', () => {
    const [first, second] = fold(read([bytesOf('calls-whole-without-index-or-id')])).parts;
    expect(first).toMatchObject({ name: 'list_files', argumentsText: '{"path":"."}' });
    expect(second).toMatchObject({ name: 'list_files', argumentsText: '{"path":"src"}' });
    const ids = [first, second].map((part) => (part?.kind === 'toolCall' ? part.id : ''));
    expect(new Set(ids).size).toBe(2);
    expect(ids.every((id) => /^call_[0-9a-f]{16}$/.test(id))).toBe(true);
  });

  test('case 51: a new id under a number that was used is a new call', () => {
    const named = (id: string): JsonObject => ({ id, function: { name: 'f', arguments: '' } });
    const reply = fold(
      eventsOfChunks([
        chunk(call(0, '', named('a'))),
        chunk(call(0, '{"x":1}')),
        chunk(call(0, '', named('b'))),
        chunk(call(0, '{"x":2}')),
        chunk({}, 'tool_calls'),
      ]),
    );
    expect(reply).toMatchObject(calls(['a', 'f', '{"x":1}'], ['b', 'f', '{"x":2}']));
  });

  test('case 51: the first of two interleaved calls streams while the second waits', () => {
    const events = read([bytesOf('parallel-calls-interleaved')]);
    const pieces = events.filter((event) => event.type === 'argumentsDelta').map((event) => event.text);
    expect(pieces).toEqual(['{"a":', '1}', '{"b":', '2}']);
  });

  test('case 54: a text after a call keeps its place', () => {
    const kinds = fold(read([bytesOf('text-around-call')])).parts.map((part) => part.kind);
    expect(kinds).toEqual(['text', 'toolCall', 'text']);
  });

  test('case 67: a call whose arguments are cut by the limit stays cut and ends as length', () => {
    const reply = fold(
      eventsOfChunks([
        chunk(call(0, '{"path":"a', { id: 'x', function: { name: 'write', arguments: '{"path":"a' } })),
        chunk({}, 'length'),
        '[DONE]',
      ]),
    );
    expect(reply).toMatchObject({ finish: 'length', parts: [{ argumentsText: '{"path":"a' }] });
  });

  test.each([
    [
      'error-in-the-middle',
      'unavailable',
      'The server had an error while processing your request. Sorry about that!',
    ],
    ['error-without-blank-line', 'overloaded', 'The model is overloaded. Please try again later.'],
    [
      'cut-in-a-frame',
      'upstream',
      'The provider broke off in the middle of a chunk, or sent one that is not JSON.',
    ],
    [
      'insufficient-system-resource',
      'unavailable',
      'The provider broke off its answer: insufficient_system_resource.',
    ],
  ])('%s ends in the error %s', (name, code, message) => {
    expect(read([bytesOf(name)]).at(-1)).toEqual({ type: 'error', error: { code, message } });
  });

  test('a stream that stops between chunks ends in an error, and one without a frame too', () => {
    const cut = eventsOfChunks([chunk({ content: 'Once' })]);
    expect(cut.slice(-2)).toMatchObject([
      { type: 'partStop' },
      { type: 'error', error: { code: 'upstream' } },
    ]);
    expect(read([])).toMatchObject([{ type: 'error' }]);
  });

  test('nothing is read after an error', () => {
    const events = eventsOfChunks([{ error: { message: 'no' } }, chunk({ content: 'more' }), '[DONE]']);
    expect(events.map((event) => event.type)).toEqual(['error']);
  });

  test.each([
    ['stop', true, 'tool'],
    ['eos', true, 'tool'],
    ['tool_calls', true, 'tool'],
    ['length', true, 'length'],
    ['tool_calls', false, 'stop'],
    ['function_call', false, 'stop'],
    ['eos', false, 'stop'],
    ['something_new', false, 'stop'],
    ['length', false, 'length'],
    ['sensitive', false, 'refusal'],
    ['content_filter', false, 'refusal'],
    ['model_context_window_exceeded', false, 'contextFull'],
    ['', false, 'stop'],
  ])('case 55: the finish reason %j, calls made: %j, means %s', (word, hasCall, reason) => {
    const delta = hasCall
      ? call(0, '{}', { id: 'x', function: { name: 'f', arguments: '{}' } })
      : { content: 'x' };
    expect(fold(eventsOfChunks([chunk(delta), chunk({}, word), '[DONE]'])).finish).toBe(reason);
  });
});

describe('a whole reply', () => {
  test.each(replies.filter((name) => streams.includes(name) && name !== 'text' && name !== 'tools'))(
    '%s says what its stream says',
    (name) => {
      const body = JSON.parse(readFileSync(new URL(`${name}.reply.json`, folder), 'utf8')) as JsonValue;
      expect(fold(openaiChat.readReply(body))).toEqual(fold(read([bytesOf(name)])));
    },
  );

  test.each(replies)('%s is written so that it reads back as it was', (name) => {
    const body = JSON.parse(readFileSync(new URL(`${name}.reply.json`, folder), 'utf8')) as JsonValue;
    const { stopSequence: _, ...reply } = fold(openaiChat.readReply(body));
    const written = openaiChat.writeReply(reply, context);
    expect(written).toMatchObject({ object: 'chat.completion', created: 1_763_800_000, model: 'alias' });
    const again = fold(openaiChat.readReply(written));
    const lost = reply.finish === 'stopSequence' ? { finish: 'stop' } : {};
    expect(again).toEqual({ ...reply, model: 'alias', ...lost });
    expect(openaiChat.readUsage(written)).toEqual(reply.usage);
  });

  test('that is an error with status 200 gives its error', () => {
    expect(openaiChat.readReply({ base_resp: { status_code: 1002, status_msg: 'rate limit' } })).toEqual([
      { type: 'error', error: { code: 'rateLimited', message: 'rate limit' } },
    ]);
  });

  test.each([[null], ['text'], [{}], [{ choices: [] }], [[]]])('that is none is refused: %j', (body) => {
    expect(() => openaiChat.readReply(body)).toThrow('without choices');
  });
});

describe('a stream that is written', () => {
  const reply: Reply = {
    id: '',
    model: 'upstream-model',
    parts: [
      { kind: 'thinking', text: 'hm', signature: 'sealed' },
      { kind: 'text', text: 'A "quote" and \ud83d' },
      { kind: 'toolCall', id: 'c1', name: 'f', argumentsText: '{"a":1}' },
      { kind: 'toolCall', id: 'c2', name: 'g', argumentsText: '{}' },
    ],
    finish: 'tool',
    usage: { input: 3, output: 4, cacheRead: 2, cacheWrite: 1, reasoning: 1 },
  };

  const write = (events: readonly Event[], asked: ReplyContext = context): string => {
    const writer = openaiChat.streamWriter(asked);
    return events.map((event) => writer.write(event)).join('');
  };

  test('reads back as it was, but for the signature', () => {
    const again = fold(read([Buffer.from(write(unfold(reply)))]));
    const parts = [{ kind: 'thinking', text: 'hm' }, ...reply.parts.slice(1)];
    expect(again).toEqual({ ...reply, id: 'chatcmpl-req_1', model: 'alias', parts });
  });

  test('case 63: names the role first, ends with [DONE], and has the same id, model and moment in all chunks', () => {
    const frames = write(unfold(reply)).trim().split('\n\n');
    expect(frames.at(-1)).toBe('data: [DONE]');
    const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame.slice(6)) as JsonObject);
    expect(chunks[0]?.choices).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null },
    ]);
    for (const each of chunks) {
      expect(each).toMatchObject({ id: 'chatcmpl-req_1', created: 1_763_800_000, model: 'alias' });
      expect(Array.isArray(each.choices)).toBe(true);
    }
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 6, completion_tokens: 4, total_tokens: 10 },
    });
  });

  test('case 64: tells usage only to who asked for it', () => {
    expect(write(unfold(reply), { ...context, isStreamUsageWanted: false })).not.toContain('usage');
  });

  test('case 50: numbers calls among themselves and gives one without arguments an object', () => {
    const text = write([
      { type: 'start', id: 'a', model: '' },
      { type: 'partStart', index: 0, part: { kind: 'text' } },
      { type: 'partStop', index: 0 },
      { type: 'partStart', index: 1, part: { kind: 'toolCall', id: 'c', name: 'now' } },
      { type: 'partStop', index: 1 },
    ]);
    expect(text).toContain('{"index":0,"id":"c","type":"function","function":{"name":"now","arguments":""}}');
    expect(text).toContain('{"index":0,"function":{"arguments":"{}"}}');
  });

  test('case 81: ends in an error object and no [DONE] when the provider gave up', () => {
    const text = write([
      { type: 'start', id: 'a', model: '' },
      { type: 'error', error: { code: 'overloaded', message: 'Too busy.' } },
    ]);
    const last = text.trim().split('\n\n').at(-1);
    expect(JSON.parse(last?.slice(6) ?? '')).toEqual({
      error: { message: 'Too busy.', type: 'server_error', param: null, code: 'server_is_overloaded' },
    });
  });

  test('case 66: is kept alive by a comment', () => {
    expect(write([{ type: 'ping' }])).toBe(': keep-alive\n\n');
  });
});
