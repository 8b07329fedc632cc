import { describe, expect, test } from 'vitest';
import type { StreamMeter } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import type { Event } from '../src/model/event.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import { asked, fixturesOf, readStream, streamBytes } from './responses-fixtures.ts';
import { framesOf } from './streams.ts';

const meterOf = (): StreamMeter => openaiResponses.streamMeter(asked('x', { stream: true }));

function watch(name: string): { readonly meter: StreamMeter; readonly events: readonly Event[] } {
  const meter = meterOf();
  for (const frame of framesOf([streamBytes(name)])) expect(meter.observe(parseFrame(frame))).toBe(true);
  return { meter, events: readStream(name) };
}

const event = (type: string, body: object, isNamed = true): { event: string; data: string } => ({
  event: isNamed ? type : '',
  data: JSON.stringify({ type, ...body }),
});

describe('a stream that passes through', () => {
  test.each(fixturesOf('stream.sse'))('%s is metered as it would be read', (name) => {
    const { meter, events } = watch(name);
    const last = events.at(-1);
    if (last?.type === 'finish') {
      const counts = events.flatMap((one) => (one.type === 'usage' ? [one.usage] : []));
      expect(meter.usage).toEqual(counts.at(-1));
      expect([meter.isFinished, meter.error]).toEqual([true, undefined]);
      const said = events.reduce((sum, one) => sum + ('text' in one ? one.text.length : 0), 0);
      // Between the parts of a summary the reader puts a blank line, and where there is nothing, `{}`.
      if (!['reasoning', 'call-without-arguments'].includes(name)) expect(meter.outputCharacters).toBe(said);
    }
    const isToldByProvider = /failed|error|rate-limited|overflow|tail/.test(name);
    if (isToldByProvider) expect(meter.error).toEqual(last?.type === 'error' ? last.error : undefined);
  });

  test.each([
    ['text', 'Hello there.'.length],
    ['unicode', '日本語 👩‍💻'.length],
    ['surrogates-split-over-deltas', '🚀 lift'.length],
    ['tools', '{"city":"Paris"}{"city":"Rome"}'.length],
    ['arguments-only-at-the-end', '{"city":"Paris"}{"city":"Rome"}'.length],
    ['cut-in-an-event', 'Hel'.length],
  ])('%s delivered %i characters', (name, characters) => {
    expect(watch(name).meter.outputCharacters).toBe(characters);
  });

  test('is measured without names and in any order of fields', () => {
    const meter = meterOf();
    meter.observe(event('response.output_text.delta', { delta: 'Hi' }, false));
    const data =
      '{"content_index":0,"delta":"\\"type\\":\\"x","item_id":"a","type":"response.output_text.delta"}';
    meter.observe({ event: '', data });
    expect(meter.outputCharacters).toBe('Hi'.length + '"type":"x'.length);
  });

  test('is not misled by what the model says', () => {
    const meter = meterOf();
    const delta = '"error":{"message":"x"},"type":"response.completed","usage":{"input_tokens":1e9}';
    expect(meter.observe(event('response.output_text.delta', { delta }))).toBe(true);
    expect(meter.observe(event('response.output_text.delta', { delta }, false))).toBe(true);
    expect([meter.usage, meter.error, meter.isFinished]).toEqual([undefined, undefined, false]);
    expect(meter.outputCharacters).toBe(2 * delta.length);
  });

  test('of a megabyte in one event is measured', () => {
    const meter = meterOf();
    const delta = '"\\é'.repeat(400_000);
    meter.observe(event('response.function_call_arguments.delta', { delta }));
    expect(meter.outputCharacters).toBe(delta.length);
  });
});
