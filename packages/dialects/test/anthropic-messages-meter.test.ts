import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { Frame, StreamMeter } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import type { JsonValue } from '../src/json/value.ts';
import { eventsOf, framesOf } from './streams.ts';

const folder = new URL('../fixtures/anthropic-messages/', import.meta.url);
const streams = readdirSync(folder).filter((name) => name.endsWith('.sse'));
const bytesOf = (name: string): Buffer => readFileSync(new URL(name, folder));
const request = anthropicMessages.readRequest({
  model: 'm',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'x' }],
  stream: true,
});

function watch(frames: readonly Frame[]): StreamMeter {
  const meter = anthropicMessages.streamMeter(request);
  for (const frame of frames) expect(meter.observe(frame)).toBe(true);
  return meter;
}
const watchFixture = (name: string): StreamMeter => watch(framesOf([bytesOf(name)]).map(parseFrame));

describe('a stream that passes through', () => {
  test.each(streams)('%s is metered as it would be read', (name) => {
    const meter = watchFixture(name);
    const events = eventsOf(anthropicMessages, [bytesOf(name)]);
    const usage = events.findLast((event) => event.type === 'usage')?.usage;
    expect(meter.usage).toEqual(usage);
    expect(meter.isFinished).toBe(events.at(-1)?.type === 'finish');
    const error = events.find((event) => event.type === 'error')?.error;
    expect(meter.error).toEqual(name.startsWith('error-') ? error : undefined);
  });

  test.each([
    ['text.stream.sse', 'Paris.'],
    ['tools.stream.sse', 'I ask for both.{"city": "Paris"}{"city": "Oslo", "days": 2}'],
    ['thinking.stream.sse', '7 times 13 is 91.No, 91 = 7 × 13.'],
    ['unicode-split-over-deltas.stream.sse', '東🚀京 👩‍💻 naïve{"text": "\\ud83d\\ude80 東"}'],
    ['input-whole-in-block-start.stream.sse', '{"path":"a.txt","text":"東🚀"}'],
    // What the provider searches for is generated and paid for too.
    ['web-search.stream.sse', 'I\'ll look.{"query": "node 24 release"}On 6 May 2025.'],
    ['crlf-lines-without-names.stream.sse', 'Hi there'],
    ['error-without-blank-line.stream.sse', 'Once'],
    ['cut-between-events.stream.sse', 'Once upon'],
    ['cut-in-a-frame.stream.sse', 'Once upon'],
    ['overlapping-blocks.stream.sse', '{"a":1}{"b":2}Both.'],
  ])('%s delivered the characters of %j', (name, delivered) => {
    expect(watchFixture(name).outputCharacters).toBe(delivered.length);
  });

  test('is not misled by what the model says', () => {
    const text =
      '","text":"more","usage":{"output_tokens":9},"stop_reason":"end_turn"}\n{"type":"error","error":{"message":"x"}} "thinking":"';
    const body: JsonValue = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } };
    for (const event of ['content_block_delta', '']) {
      const meter = watch([{ event, data: JSON.stringify(body) }]);
      expect([meter.usage, meter.error, meter.isFinished]).toEqual([undefined, undefined, false]);
      expect(meter.outputCharacters).toBe(text.length);
    }
  });

  test.each<[string, string]>([
    ['its type last', '{"message":{"type":"message","usage":{"input_tokens":5}},"type":"message_start"}'],
    ['spaces', '{ "type" : "message_start", "message": { "usage": { "input_tokens": 5 } } }'],
    ['several lines', '{\n  "type": "message_start",\n  "message": { "usage": { "input_tokens": 5 } }\n}'],
  ])('an event with %s is understood, named and not', (_, data) => {
    for (const event of ['message_start', '']) {
      expect(watch([{ event, data }]).usage).toMatchObject({ input: 5 });
    }
  });

  test('a delta with its type last is measured, named and not', () => {
    const data = '{"index":0,"delta":{"text":"Hi","type":"text_delta"},"type":"content_block_delta"}';
    for (const event of ['content_block_delta', '']) {
      expect(watch([{ event, data }]).outputCharacters).toBe(2);
    }
  });

  test('comments, unknown events and the mark of another dialect do no harm', () => {
    const meter = watch([
      { event: '', data: '' },
      { event: 'something_new', data: '{"type":"something_new","code":1}' },
      { event: '', data: '[DONE]' },
      { event: 'content_block_start', data: '[]' },
    ]);
    expect([meter.usage, meter.error, meter.isFinished, meter.outputCharacters]).toEqual([
      undefined,
      undefined,
      false,
      0,
    ]);
  });

  test('a stream that only lacks message_stop is finished', () => {
    expect(watchFixture('without-message-stop.stream.sse').isFinished).toBe(true);
  });
});
