import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { StreamMeter } from '../src/dialect.ts';
import { parseFrame, SseSplitter } from '../src/frames/sse.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const folder = new URL('../fixtures/openai-chat/', import.meta.url);
const streams = readdirSync(folder).filter((name) => name.endsWith('.sse'));

function watch(
  name: string,
  more: JsonObject = {},
): { meter: StreamMeter; events: Event[]; withheld: string[] } {
  const request = openaiChat.readRequest({
    model: 'm',
    messages: [{ role: 'user', content: 'x' }],
    stream: true,
    ...more,
  });
  const meter = openaiChat.streamMeter(request);
  const reader = openaiChat.streamReader();
  const splitter = new SseSplitter({ frameBytesMax: 1 << 20 });
  const frames = splitter.push(readFileSync(new URL(name, folder)));
  const last = splitter.end();
  if (last !== undefined) frames.push(last);
  const events: Event[] = [];
  const withheld: string[] = [];
  for (const frame of frames.map(parseFrame)) {
    events.push(...reader.read(frame));
    if (!meter.observe(frame)) withheld.push(frame.data);
  }
  events.push(...reader.end());
  return { meter, events, withheld };
}

describe('a stream that passes through', () => {
  test.each(streams)('%s is metered as it would be read', (name) => {
    const { meter, events } = watch(name);
    const last = events.findLast((event) => event.type === 'usage');
    expect(meter.usage).toEqual(last?.usage);
    const isWhole = events.at(-1)?.type === 'finish';
    if (isWhole) expect(meter.isFinished).toBe(true);
    const error = events.find((event) => event.type === 'error')?.error;
    if (name.startsWith('error-')) expect(meter.error).toEqual(error);
  });

  test.each([
    ['text.stream.sse', 6],
    ['unicode-split-over-deltas.stream.sse', '東🚀京 👩‍💻 naïve'.length],
    ['tools.stream.sse', '{"city":"Paris"}{"city":"Oslo","days":2}'.length],
    ['reasoning.stream.sse', '7 times 13 is 91.No, 91 = 7 × 13.'.length],
    ['reasoning-field-of-vllm.stream.sse', 'Seven times thirteen.\n\nNo.'.length],
    ['refusal.stream.sse', "I can't help with that.".length],
    ['calls-repeat-name-and-index.stream.sse', '{"q":"x"}{}'.length],
    ['cut-in-a-frame.stream.sse', 'Once upon'.length],
  ])('%s delivered %i characters', (name, characters) => {
    expect(watch(name).meter.outputCharacters).toBe(characters);
  });

  test('case 64: withholds the chunk that only tells usage when the client did not ask for it', () => {
    expect(watch('text.stream.sse').withheld).toHaveLength(1);
    expect(watch('usage-on-empty-delta.stream.sse').withheld).toHaveLength(1);
    expect(watch('text.stream.sse', { stream_options: { include_usage: true } }).withheld).toEqual([]);
  });

  test('withholds nothing that says more than usage', () => {
    for (const name of ['usage-on-finish-chunk.stream.sse', 'usage-in-choice.stream.sse']) {
      expect(watch(name).withheld).toEqual([]);
    }
    const [only, ...others] = watch('usage-cumulative.stream.sse').withheld;
    expect([JSON.parse(only ?? '{}').choices, others]).toEqual([[], []]);
  });

  test('is not finished before every answer that was asked for is', () => {
    const request = openaiChat.readRequest({ model: 'm', messages: [{ role: 'user', content: 'x' }], n: 2 });
    const meter = openaiChat.streamMeter(request);
    const finish = { event: '', data: '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}' };
    meter.observe(finish);
    expect(meter.isFinished).toBe(false);
    meter.observe(finish);
    expect(meter.isFinished).toBe(true);
  });

  test('is not misled by what the model says', () => {
    const request = openaiChat.readRequest({ model: 'm', messages: [{ role: 'user', content: 'x' }] });
    const meter = openaiChat.streamMeter(request);
    const content =
      '"usage":{"prompt_tokens":1e9},"error":{"message":"x"},"finish_reason":"stop","content":"more"';
    const data = JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    expect(meter.observe({ event: '', data })).toBe(true);
    expect([meter.usage, meter.error, meter.isFinished]).toEqual([undefined, undefined, false]);
    expect(meter.outputCharacters).toBe(content.length);
  });
});
