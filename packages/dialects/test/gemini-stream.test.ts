import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ReplyContext } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import { gemini } from '../src/gemini/index.ts';
import { listOf, objectOf } from '../src/json/narrow.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event, FinishReason } from '../src/model/event.ts';
import { fold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import { eventsOf, framesOf } from './streams.ts';

const folder = new URL('../fixtures/gemini/', import.meta.url);
const streams = readdirSync(folder)
  .filter((name) => name.endsWith('.stream.sse'))
  .map((name) => name.slice(0, -'.stream.sse'.length));
const bytesOf = (name: string): Buffer => readFileSync(new URL(`${name}.stream.sse`, folder));
const read = (name: string): Event[] => eventsOf(gemini, [bytesOf(name)]);

const context: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_999,
  isStreamUsageWanted: true,
};
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
    const bytes = bytesOf(name);
    const whole = read(name);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(eventsOf(gemini, [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    }
    expect(
      eventsOf(
        gemini,
        [...bytes].map((byte) => Buffer.of(byte)),
      ),
    ).toEqual(whole);
    expect(JSON.stringify(whole)).not.toContain('\ufffd');
  });

  test.each(streams)('%s has one part open at a time and one end', (name) => {
    let open: number | undefined;
    let next = 0;
    const events = read(name);
    for (const event of events) {
      if (event.type === 'partStart') {
        expect([open, event.index]).toEqual([undefined, next]);
        open = next;
        next += 1;
      } else if (event.type === 'partStop') {
        expect(event.index).toBe(open);
        open = undefined;
      } else if ('index' in event) expect(event.index).toBe(open);
    }
    const ends = events.filter((event) => event.type === 'finish' || event.type === 'error');
    expect(ends).toEqual([events.at(-1)]);
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

function written(events: readonly Event[]): { text: string; chunks: JsonObject[] } {
  const writer = gemini.streamWriter(context);
  const all = events.map((event) => writer.write(event)).join('');
  const chunks = framesOf([Buffer.from(all)]).map(
    (frame) => JSON.parse(parseFrame(frame).data) as JsonObject,
  );
  return { text: all, chunks };
}
const start: Event = { type: 'start', id: 'r1', model: 'm' };
const finish = (reason: FinishReason = 'stop'): Event => ({ type: 'finish', reason });
const said = (index: number, ...texts: string[]): Event[] => [
  { type: 'partStart', index, part: { kind: 'text' } },
  ...texts.map((text): Event => ({ type: 'textDelta', index, text })),
  { type: 'partStop', index },
];
const called = (index: number, ...pieces: string[]): Event[] => [
  { type: 'partStart', index, part: { kind: 'toolCall', id: `id_${index}`, name: 'f' } },
  ...pieces.map((text): Event => ({ type: 'argumentsDelta', index, text })),
  { type: 'partStop', index },
];
const thinking = (index: number, text: string, signature?: string): Event[] => [
  { type: 'partStart', index, part: { kind: 'thinking' } },
  { type: 'thinkingDelta', index, text },
  ...(signature === undefined ? [] : [{ type: 'signature' as const, index, signature }]),
  { type: 'partStop', index },
];
const lastCandidate = (chunks: readonly JsonObject[]): JsonObject | undefined =>
  objectOf(listOf(chunks.at(-1)?.candidates)[0]);
const partsIn = (chunks: readonly JsonObject[]): JsonObject[] =>
  chunks.flatMap(
    (body) => (body.candidates as { content: { parts: JsonObject[] } }[])[0]?.content.parts ?? [],
  );

describe('case 62: a stream that is written', () => {
  test.each(streams)('is bare data and nothing else when it is made of %s', (name) => {
    const { text, chunks } = written(read(name));
    for (const frame of text.split('\n\n').slice(0, -1)) expect(frame).toMatch(/^data: \{.*\}$/);
    expect(text.endsWith('\n\n')).toBe(true);
    expect(text).not.toMatch(/\[DONE\]|^event:|^:/m);
    expect(lastCandidate(chunks)?.finishReason ?? chunks.at(-1)?.error).toBeTruthy();
  });

  test('its last chunk has the reason and the counts, and each names the answer and the alias', () => {
    const usage = { input: 3, output: 5, cacheRead: 2, cacheWrite: 1, reasoning: 4 };
    const { chunks } = written([start, { type: 'usage', usage }, ...said(0, 'a', 'b'), finish()]);
    expect(chunks).toHaveLength(3);
    for (const { modelVersion, responseId } of chunks) {
      expect([modelVersion, responseId]).toEqual(['alias', 'r1']);
    }
    expect(chunks.map(({ usageMetadata }) => usageMetadata !== undefined)).toEqual([false, false, true]);
    expect(chunks[2]).toEqual({
      candidates: [{ content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
      usageMetadata: {
        promptTokenCount: 6,
        cachedContentTokenCount: 2,
        candidatesTokenCount: 1,
        thoughtsTokenCount: 4,
        totalTokenCount: 11,
      },
      modelVersion: 'alias',
      responseId: 'r1',
    });
  });

  test('case 50: each call is shown once and whole, however its arguments came', () => {
    const text = '{"city":"Köln","at":[1,2]}';
    for (const pieces of [[text], [...text], ['', text.slice(0, 9), text.slice(9)]]) {
      const { chunks } = written([start, ...called(0, ...pieces), finish('tool')]);
      expect(partsIn(chunks).filter((part) => 'functionCall' in part)).toEqual([
        { functionCall: { id: 'id_0', name: 'f', args: { city: 'Köln', at: [1, 2] } } },
      ]);
    }
  });

  test('case 50: a call without arguments has an empty object, and one of 100 kilobytes all of it', () => {
    const long = JSON.stringify({ text: '🚀'.repeat(25_000) });
    const { chunks } = written([
      start,
      ...called(0),
      ...called(1, ...(long.match(/.{1,999}/gsu) ?? [])),
      finish('tool'),
    ]);
    const args = partsIn(chunks).flatMap((part) =>
      'functionCall' in part ? [(part.functionCall as JsonObject).args] : [],
    );
    expect(args).toEqual([{}, JSON.parse(long)]);
  });

  test('case 51: calls in parallel follow one another', () => {
    const { chunks } = written([start, ...called(0, '{"a":1}'), ...called(1, '{"b":2}'), finish('tool')]);
    expect(partsIn(chunks).slice(0, 2)).toEqual([
      { functionCall: { id: 'id_0', name: 'f', args: { a: 1 } } },
      { functionCall: { id: 'id_1', name: 'f', args: { b: 2 } } },
    ]);
  });

  test.each(['{"a":', '[1]', 'null', '"x"'])(
    'a call of %s is not shown and ends the answer as malformed',
    (broken) => {
      const { chunks } = written([start, ...called(0, broken), finish('tool')]);
      expect(JSON.stringify(chunks)).not.toContain('functionCall');
      const candidate = lastCandidate(chunks);
      expect(candidate?.finishReason).toBe('MALFORMED_FUNCTION_CALL');
      expect(eventsOfChunks(...chunks).at(-1)?.type).toBe('error');
    },
  );

  test('case 67: a call that the maximum cut is not shown, and the reason is the maximum', () => {
    const { chunks } = written([start, ...said(0, 'a'), ...called(1, '{"a":'), finish('length')]);
    const candidate = lastCandidate(chunks);
    expect(candidate?.finishReason).toBe('MAX_TOKENS');
    expect(partsIn(chunks).map((part) => part.text)).toEqual(['a', '']);
  });

  test('a signature stands on the part that follows the thought, or on an empty one', () => {
    const parts = (...events: Event[]): JsonObject[] => partsIn(written([start, ...events, finish()]).chunks);
    expect(parts(...thinking(0, 'Hm.', 's'), ...called(1, '{}'))).toEqual([
      { text: 'Hm.', thought: true },
      { functionCall: { id: 'id_1', name: 'f', args: {} }, thoughtSignature: 's' },
      { text: '' },
    ]);
    expect(parts(...thinking(0, '', 's'), ...said(1, 'a', 'b'))).toEqual([
      { text: 'a', thoughtSignature: 's' },
      { text: 'b' },
      { text: '' },
    ]);
    expect(parts(...said(0, 'a'), ...thinking(1, '', 's'))).toEqual([
      { text: 'a' },
      { text: '', thoughtSignature: 's' },
    ]);
    expect(parts(...thinking(0, 'a', 's'), ...thinking(1, 'b'))).toEqual([
      { text: 'a', thought: true },
      { text: '', thoughtSignature: 's' },
      { text: 'b', thought: true },
      { text: '' },
    ]);
  });

  test.each<[FinishReason, string]>([
    ['stop', 'STOP'],
    ['stopSequence', 'STOP'],
    ['tool', 'STOP'],
    ['pause', 'STOP'],
    ['length', 'MAX_TOKENS'],
    ['contextFull', 'MAX_TOKENS'],
    ['refusal', 'SAFETY'],
  ])('%s is told as %s', (reason, word) => {
    const candidate = lastCandidate(written([start, finish(reason)]).chunks);
    expect(candidate?.finishReason).toBe(word);
  });

  test('case 66: a silent gap is filled with an empty object, which says nothing', () => {
    expect(gemini.keepAlive).toBe('data: {}\n\n');
    expect(written([{ type: 'ping' }]).text).toBe('data: {}\n\n');
    expect(eventsOf(gemini, [Buffer.from('data: {}\n\n'.repeat(3)), bytesOf('text')])).toEqual(read('text'));
  });

  test('case 77: it ends in one error of the published form, and nothing follows', () => {
    const error: Event = {
      type: 'error',
      error: { code: 'overloaded', message: 'Busy.', retryAfterMs: 2_000 },
    };
    const { chunks } = written([start, ...said(0, 'a'), error, finish(), ...said(1, 'b')]);
    expect(chunks).toHaveLength(2);
    expect(chunks[1]?.error).toMatchObject({ code: 503, message: 'Busy.', status: 'UNAVAILABLE' });
  });

  test('its end needs no mark', () => {
    expect(gemini.streamEnd).toBe('');
  });
});
