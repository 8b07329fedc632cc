import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ReplyContext } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import { gemini } from '../src/gemini/index.ts';
import { listOf, objectOf } from '../src/json/narrow.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event, FinishReason } from '../src/model/event.ts';
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

const eventsOfChunks = (...chunks: readonly JsonObject[]): Event[] =>
  eventsOf(gemini, [Buffer.from(chunks.map((body) => `data: ${JSON.stringify(body)}\n\n`).join(''))]);

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

  test('a thought that is hidden whole and in no envelope is no signature', () => {
    const hidden: Event = { type: 'partStart', index: 0, part: { kind: 'redactedThinking', data: 'x' } };
    const { chunks } = written([start, hidden, { type: 'partStop', index: 0 }, ...said(1, 'a'), finish()]);
    expect(partsIn(chunks)).toEqual([{ text: 'a' }, { text: '' }]);
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
    expect(written([{ type: 'ping' }]).text).toBe('');
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
