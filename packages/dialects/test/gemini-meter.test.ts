import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Frame, StreamMeter } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import { gemini } from '../src/gemini/index.ts';
import type { JsonObject } from '../src/json/value.ts';
import { eventsOf, framesOf } from './streams.ts';

const folder = new URL('../fixtures/gemini/', import.meta.url);
const streams = readdirSync(folder).filter((name) => name.endsWith('.sse'));
const bytesOf = (name: string): Buffer => readFileSync(new URL(name, folder));

function watch(frames: readonly Frame[], generationConfig: JsonObject = {}): StreamMeter {
  const body = { contents: [{ parts: [{ text: 'x' }] }], generationConfig };
  const meter = gemini.streamMeter(gemini.readRequest(body, { model: 'm', isStreaming: true }));
  for (const frame of frames) expect(meter.observe(frame)).toBe(true);
  return meter;
}
const watchFixture = (name: string): StreamMeter => watch(framesOf([bytesOf(name)]).map(parseFrame));

describe('a stream that passes through', () => {
  test.each(streams)('%s is metered as it would be read', (name) => {
    const meter = watchFixture(name);
    const events = eventsOf(gemini, [bytesOf(name)]);
    expect(meter.usage).toEqual(events.findLast((event) => event.type === 'usage')?.usage);
    // A call that the provider could not read ends its stream in the published way.
    const isWhole = events.at(-1)?.type === 'finish' || name.startsWith('malformed');
    expect(meter.isFinished).toBe(isWhole);
    const error = events.find((event) => event.type === 'error')?.error;
    const isSent = name.startsWith('error-') || name.startsWith('json-tail');
    expect(meter.error).toEqual(isSent ? error : undefined);
  });

  test.each([
    ['text.stream.sse', 'Hello there.'],
    ['thinking.stream.sse', '**Plan**\nI list.First this.'],
    ['tools.stream.sse', 'I read both.{"file_path":"a.ts"}{"file_path":"b.ts"}'],
    ['unicode-split-over-chunks.stream.sse', 'go 🚀!'],
    ['error-without-blank-line.stream.sse', 'Hello'],
    ['json-tail-over-lines.stream.sse', 'Hello'],
    ['cut-in-a-chunk.stream.sse', 'Hello'],
    // All candidates are generated and paid for.
    ['several-candidates.stream.sse', 'OneTwo!.'],
  ])('%s delivered the characters of %j', (name, delivered) => {
    expect(watchFixture(name).outputCharacters).toBe(delivered.length);
  });

  test('of several answers has ended when each has', () => {
    const end = (index: number): Frame => ({
      event: '',
      data: JSON.stringify({ candidates: [{ index, finishReason: 'STOP' }] }),
    });
    expect(watch([end(0)], { candidateCount: 2 }).isFinished).toBe(false);
    expect(watch([end(0), end(1)], { candidateCount: 2 }).isFinished).toBe(true);
  });

  test('is not misled by what the model says', () => {
    const text = '"}],"usageMetadata":{"promptTokenCount":9},"finishReason":"STOP","error":{"message":"x"}';
    const data = JSON.stringify({ candidates: [{ content: { parts: [{ text }] } }] });
    const meter = watch([{ event: '', data }]);
    expect([meter.usage, meter.error, meter.isFinished]).toEqual([undefined, undefined, false]);
    expect(meter.outputCharacters).toBe(text.length);
  });

  test.each(['', 'x', '5', 'null', '[]', '{"candidates":5}', '{"candidates":[null,{"content":[]}]}', '\n\n'])(
    'frame %j is no harm',
    (data) => {
      const meter = watch([{ event: '', data }]);
      expect([meter.usage, meter.error, meter.isFinished, meter.outputCharacters]).toEqual([
        undefined,
        undefined,
        false,
        0,
      ]);
    },
  );
});
