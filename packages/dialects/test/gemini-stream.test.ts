import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { gemini } from '../src/gemini/index.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event, FinishReason } from '../src/model/event.ts';
import { fold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import { eventsOf, expectOrder, expectSameHoweverCut } from './streams.ts';

const folder = new URL('../fixtures/gemini/', import.meta.url);
const streams = readdirSync(folder)
  .filter((name) => name.endsWith('.stream.sse'))
  .map((name) => name.slice(0, -'.stream.sse'.length));
const bytesOf = (name: string): Buffer => readFileSync(new URL(`${name}.stream.sse`, folder));
const read = (name: string): Event[] => eventsOf(gemini, [bytesOf(name)]);

const SIGNATURE = 'CiQBjz1rX0d1bW15U2lnbmF0dXJlT2ZBVGhvdWdodA==';

const chunk = (parts: readonly JsonObject[], finishReason?: string, more: JsonObject = {}): JsonObject => ({
  candidates: [
    { content: { parts, role: 'model' }, ...(finishReason !== undefined && { finishReason }), index: 0 },
  ],
  ...more,
});
const eventsOfChunks = (...chunks: readonly JsonObject[]): Event[] =>
  eventsOf(gemini, [Buffer.from(chunks.map((body) => `data: ${JSON.stringify(body)}\n\n`).join(''))]);
const partsOf = (events: readonly Event[]): Reply['parts'] => fold(events).parts;

describe('a stream that is read', () => {
  test.each(streams)('case 47: %s gives the same events whichever byte it is cut at', (name) => {
    expectSameHoweverCut(gemini, bytesOf(name));
  });

  test.each(streams)('%s has one part open at a time and one end', (name) => {
    expectOrder(read(name));
  });

  const text = (value: string): Reply['parts'][number] => ({ kind: 'text', text: value });
  const thought = (value: string, signature?: string): Reply['parts'][number] => ({
    kind: 'thinking',
    text: value,
    ...(signature !== undefined && { signature }),
  });
  const call = (id: string, name: string, argumentsText: string): Reply['parts'][number] => ({
    kind: 'toolCall',
    id,
    name,
    argumentsText,
  });
  const minted: unknown = expect.stringMatching(/^call_[0-9a-f]{16}$/);

  test.each<[string, Reply['parts'] | unknown[], FinishReason]>([
    ['text', [text('Hello there.')], 'stop'],
    ['unicode', [text('走れ 🚀👩‍👩‍👧 ümlaut')], 'stop'],
    ['unicode-split-over-chunks', [text('go 🚀!')], 'stop'],
    ['crlf-lines', [text('ab')], 'stop'],
    ['thinking', [thought('**Plan**\nI list.'), text('First this.'), thought('', SIGNATURE)], 'stop'],
    [
      'tools',
      [
        thought('I read both.', SIGNATURE),
        { ...call('', 'read_file', '{"file_path":"a.ts"}'), id: minted },
        { ...call('', 'read_file', '{"file_path":"b.ts"}'), id: minted },
      ],
      'tool',
    ],
    [
      'parallel-calls-in-one-chunk',
      [thought('', SIGNATURE), call('fc_1', 'a', '{}'), call('fc_1_2', 'b', '{"text":"走れ 🚀 \\"x\\"\\n"}')],
      'tool',
    ],
    [
      'text-around-call',
      [text('Before.'), { ...call('', 'a', '{"x":1}'), id: minted }, text('After.')],
      'tool',
    ],
    ['signature-in-the-middle-of-text', [text('One '), thought('', SIGNATURE), text('two three.')], 'stop'],
    ['max-tokens', [text('Once upon')], 'length'],
    ['safety-in-the-middle', [text('I would')], 'refusal'],
    ['prompt-blocked', [], 'refusal'],
    ['grounded', [text('It rained.')], 'stop'],
    ['code-execution', [text('It is 1.')], 'stop'],
    ['several-candidates', [text('One.')], 'stop'],
    ['keep-alives-and-done', [text('ab')], 'stop'],
    ['usage-after-finish', [text('a')], 'stop'],
    ['without-usage', [text('a')], 'stop'],
  ])('%s', (name, parts, finish) => {
    const reply = fold(read(name));
    expect([reply.parts, reply.finish]).toEqual([parts, finish]);
  });

  test('case 53: calls without an id or with one id get ids of their own, the same each time', () => {
    const ids = (name: string): string[] =>
      partsOf(read(name)).flatMap((part) => (part.kind === 'toolCall' ? [part.id] : []));
    expect(new Set(ids('tools')).size).toBe(2);
    expect(ids('tools')).toEqual(ids('tools'));
    expect(ids('parallel-calls-in-one-chunk')).toEqual(['fc_1', 'fc_1_2']);
  });

  test('case 59: each signature keeps a thought of its own, however the thoughts were cut', () => {
    const events = eventsOfChunks(
      chunk([{ text: 'a', thought: true }]),
      chunk([{ text: 'b', thought: true, thoughtSignature: 's1' }]),
      chunk([{ text: 'c', thought: true }]),
      chunk([{ functionCall: { name: 'f' }, thoughtSignature: 's2' }]),
      chunk([{ text: '', thoughtSignature: 's3' }], 'STOP'),
    );
    expect(partsOf(events)).toEqual([
      thought('ab', 's1'),
      thought('c', 's2'),
      { ...call('', 'f', '{}'), id: minted },
      thought('', 's3'),
    ]);
  });

  test('case 65: counts are those of the last chunk, thoughts and tools of the provider in them', () => {
    expect(fold(read('thinking')).usage).toEqual({
      input: 50,
      output: 29,
      cacheRead: 0,
      cacheWrite: 0,
      reasoning: 20,
    });
    expect(fold(read('usage-after-finish')).usage).toEqual({
      input: 3,
      output: 1,
      cacheRead: 0,
      cacheWrite: 0,
    });
    expect(fold(read('without-usage')).usage).toBeUndefined();
  });

  test('what the hub cannot hold is named once', () => {
    const names = (name: string): string[] =>
      read(name).flatMap((event) => (event.type === 'dropped' ? [event.name] : []));
    expect(names('grounded')).toEqual(['groundingMetadata']);
    expect(names('code-execution')).toEqual(['parts.executableCode', 'parts.codeExecutionResult']);
    expect(names('text')).toEqual([]);
  });

  test.each<[string, string]>([
    ['SAFETY', 'refusal'],
    ['PROHIBITED_CONTENT', 'refusal'],
    ['BLOCKLIST', 'refusal'],
    ['SPII', 'refusal'],
    ['RECITATION', 'refusal'],
    ['OTHER', 'refusal'],
    ['MAX_TOKENS', 'length'],
    ['CONTINUATION', 'pause'],
    ['SOMETHING_NEW', 'stop'],
    ['STOP', 'stop'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['UNEXPECTED_TOOL_CALL', 'error'],
    ['TOO_MANY_TOOL_CALLS', 'error'],
    ['MALFORMED_RESPONSE', 'error'],
  ])('case 68: %s is told as %s', (word, end) => {
    const last = eventsOfChunks(chunk([{ text: 'a' }], word)).at(-1);
    expect(last?.type === 'finish' ? last.reason : last?.type).toBe(end);
  });

  test('case 68: a prompt that is blocked is a refusal and never an empty success', () => {
    expect(read('prompt-blocked').at(-1)).toEqual({ type: 'finish', reason: 'refusal' });
    expect(eventsOfChunks({ promptFeedback: { blockReason: 'OTHER' } }).map(({ type }) => type)).toEqual([
      'start',
      'finish',
    ]);
  });

  test('case 55: a stop with calls is a call', () => {
    const calls = chunk([{ functionCall: { name: 'f' } }], 'STOP');
    expect(eventsOfChunks(calls).at(-1)).toEqual({ type: 'finish', reason: 'tool' });
    expect(eventsOfChunks(chunk([{ functionCall: { args: {} } }], 'STOP')).slice(1)).toEqual([
      { type: 'dropped', name: 'parts.functionCall' },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  test.each<[string, Event]>([
    [
      'cut-between-chunks',
      {
        type: 'error',
        error: { code: 'upstream', message: 'The provider ended its answer before it was complete.' },
      },
    ],
    [
      'cut-in-a-chunk',
      {
        type: 'error',
        error: {
          code: 'upstream',
          message: 'The provider broke off in the middle of a chunk, or sent one that is not JSON.',
        },
      },
    ],
    [
      'error-in-the-middle',
      { type: 'error', error: { code: 'overloaded', message: 'The service is currently unavailable.' } },
    ],
    [
      'error-first',
      {
        type: 'error',
        error: {
          code: 'rateLimited',
          message: 'Resource has been exhausted (e.g. check quota).',
          retryAfterMs: 17_000,
        },
      },
    ],
    [
      'error-as-list',
      { type: 'error', error: { code: 'unavailable', message: 'An internal error has occurred.' } },
    ],
    [
      'json-tail',
      {
        type: 'error',
        error: { code: 'overloaded', message: 'The model is overloaded. Please try again later.' },
      },
    ],
    [
      'json-tail-over-lines',
      { type: 'error', error: { code: 'overloaded', message: 'The model is overloaded.' } },
    ],
    [
      'error-without-blank-line',
      { type: 'error', error: { code: 'overloaded', message: 'The model is overloaded.' } },
    ],
    [
      'malformed-call',
      {
        type: 'error',
        error: {
          code: 'unavailable',
          message: 'The provider broke off its answer: MALFORMED_FUNCTION_CALL. Malformed function call: x(',
        },
      },
    ],
  ])('case 77: %s ends in its error', (name, error) => {
    expect(read(name).at(-1)).toEqual(error);
  });

  test('case 77: an error below a chunk runs over as many lines as it likes', () => {
    const error = JSON.stringify({ error: { code: 503, message: 'Busy.', status: 'UNAVAILABLE' } }, null, 2);
    const text = `data: ${JSON.stringify(chunk([{ text: 'a' }]))}\n${error}\n`;
    const events = eventsOf(gemini, [Buffer.from(text)]);
    expect(events.some((event) => event.type === 'textDelta')).toBe(true);
    expect(events.at(-1)).toEqual({ type: 'error', error: { code: 'overloaded', message: 'Busy.' } });
  });

  test.each<[string, (data: string) => string]>([
    ['line ends of two characters', (data) => `data: ${data}\r\n\r\n`],
    ['line ends of the older kind', (data) => `data: ${data}\r\r`],
    ['comments', (data) => `: hello\ndata: ${data}\n\n: bye\n\n`],
    ['names', (data) => `event: message\nid: 1\ndata: ${data}\n\n`],
    ['no space', (data) => `data:${data}\n\n`],
    ['data over several lines', (data) => `data: ${data.replace(',"index"', '\ndata: ,"index"')}\n\n`],
    ['a mark of byte order', (data) => `\ufeffdata: ${data}\n\n`],
  ])('case 48: %s around the data change nothing', (_, frame) => {
    const [first, last] = [chunk([{ text: 'a' }]), chunk([{ text: 'b' }], 'STOP')];
    const bytes = Buffer.from(
      frame(JSON.stringify(first)) + frame(JSON.stringify(last)).replace('\ufeff', ''),
    );
    expect(partsOf(eventsOf(gemini, [bytes]))).toEqual([text('ab')]);
  });

  test('case 48: a chunk of half a megabyte, and no blank line after the last', () => {
    const long = 'x'.repeat(500_000);
    const bytes = Buffer.from(`data: ${JSON.stringify(chunk([{ text: long }], 'STOP'))}`);
    expect(partsOf(eventsOf(gemini, [bytes]))).toEqual([text(long)]);
  });
});
