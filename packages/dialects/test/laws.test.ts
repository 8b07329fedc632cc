// What holds for every reply and every stream of one, in all dialects. A failure prints the seed and the smallest case.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dialect, ReplyContext } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import { dialects } from '../src/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Event, PartStart } from '../src/model/event.ts';
import { fold, unfold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import type { Usage } from '../src/model/usage.ts';
import { replyOf, usageOf } from './arbitrary.ts';
import { eventsOf, framesOf } from './streams.ts';

const both = Object.values(dialects).map((dialect): [string, Dialect] => [dialect.name, dialect]);
const pairs = both.flatMap(([from, source]) =>
  both.map(([to, target]): [string, string, Dialect, Dialect] => [from, to, source, target]),
);

function contextOf(reply: Reply): ReplyContext {
  return {
    requestId: 'req_law',
    model: reply.model,
    createdAtMs: 1_763_800_000_000,
    isStreamUsageWanted: true,
  };
}

function printed(dialect: Dialect, reply: Reply, events: readonly Event[]): Buffer {
  const writer = dialect.streamWriter(contextOf(reply));
  return Buffer.from(events.map((event) => writer.write(event)).join(''));
}

/** The events of a reply with every text cut into pieces of these lengths, in the middle of characters too. */
function inPieces(reply: Reply, lengths: readonly number[]): Event[] {
  let at = 0;
  return unfold(reply).flatMap((event): Event[] => {
    if (!('text' in event)) return [event];
    const pieces: Event[] = [];
    for (let from = 0; from < event.text.length; ) {
      const to = from + (lengths[at++ % lengths.length] ?? 1);
      pieces.push({ ...event, text: event.text.slice(from, to) });
      from = to;
    }
    return pieces;
  });
}
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

/** In chunks of these sizes, over and over. */
function cutUp(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + (sizes[chunks.length % sizes.length] ?? 1);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

function spoken(events: readonly Event[]): string {
  return events.map((event) => ('text' in event ? event.text : '')).join('');
}

function total({ input, output, cacheRead, cacheWrite }: Usage): number {
  return input + output + cacheRead + cacheWrite;
}

describe.each(both)('in %s', (name, dialect) => {
  const reply = replyOf(dialect.name);

  test('case 47: a stream gives the same frames and events however its bytes are cut, at any line ends', () => {
    const sizes = fc.oneof(
      fc.constant([1]),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
    );
    const ending = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(reply, lengths, sizes, ending, (sent, pieces, sizes, ending) => {
        const text = printed(dialect, sent, inPieces(sent, pieces)).toString();
        const bytes = Buffer.from(text.replaceAll('\n', ending));
        const chunks = cutUp(bytes, sizes);
        expect(framesOf(chunks).map(String)).toEqual(framesOf([bytes]).map(String));
        expect(eventsOf(dialect, chunks)).toEqual(eventsOf(dialect, [bytes]));
        expect(fold(eventsOf(dialect, chunks))).toEqual(sent);
      }),
    );
  });

  test('case 72: the fold of a stream is the reply that is read whole', () => {
    fc.assert(
      fc.property(reply, lengths, (sent, pieces) => {
        const whole = JSON.parse(JSON.stringify(dialect.writeReply(sent, contextOf(sent)))) as JsonValue;
        expect(fold(dialect.readReply(whole))).toEqual(sent);
        expect(fold(eventsOf(dialect, [printed(dialect, sent, inPieces(sent, pieces))]))).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });

  test('case 65: usage comes back as it was', () => {
    fc.assert(
      fc.property(reply, usageOf(dialect.name), (sent, usage) => {
        const body = dialect.writeReply({ ...sent, usage }, contextOf(sent));
        expect(dialect.readUsage(body)).toEqual(usage);
      }),
    );
  });

  test('case 65: no count is ever below 0 or broken, nor a part more than its whole', () => {
    const odd = fc.oneof(fc.integer(), fc.double(), fc.constantFrom<unknown>(1.7e308, null, 'many', {}));
    const details = fc.record(
      {
        cached_tokens: odd,
        cache_write_tokens: odd,
        reasoning_tokens: odd,
        thinking_tokens: odd,
        ephemeral_5m_input_tokens: odd,
        ephemeral_1h_input_tokens: odd,
      },
      { requiredKeys: [] },
    );
    const usage = fc.record(
      {
        prompt_tokens: odd,
        completion_tokens: odd,
        total_tokens: odd,
        input_tokens: odd,
        output_tokens: odd,
        cache_read_input_tokens: odd,
        cache_creation_input_tokens: odd,
        cache_creation: details,
        prompt_tokens_details: details,
        completion_tokens_details: details,
        output_tokens_details: details,
        promptTokenCount: odd,
        toolUsePromptTokenCount: odd,
        cachedContentTokenCount: odd,
        candidatesTokenCount: odd,
        thoughtsTokenCount: odd,
        totalTokenCount: odd,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(usage, (body) => {
        const read = dialect.readUsage({ usage: body, usageMetadata: body } as JsonValue);
        if (read === undefined) return;
        for (const count of Object.values(read)) expect(Number.isInteger(count) && count >= 0).toBe(true);
        expect(read.reasoning ?? 0).toBeLessThanOrEqual(read.output);
        expect(read.cacheWriteOneHour ?? 0).toBeLessThanOrEqual(read.cacheWrite);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a meter hears the words and the usage that the events of a stream hold', () => {
    const request = dialect.readRequest(
      {
        model: 'm',
        max_tokens: 1,
        messages: [{ role: 'user', content: 'x' }],
        contents: [{ parts: [{ text: 'x' }] }],
        input: 'x',
        stream: true,
        ...(name === 'openai-chat' && { stream_options: { include_usage: true } }),
      },
      { model: 'm', isStreaming: true },
    );
    fc.assert(
      fc.property(reply, lengths, (sent, pieces) => {
        const bytes = printed(dialect, sent, inPieces(sent, pieces));
        const meter = dialect.streamMeter(request);
        let words = '';
        for (const frame of framesOf([bytes])) {
          expect(meter.observe(parseFrame(frame))).toBe(true);
          words += meter.words;
        }
        expect(words).toBe(spoken(eventsOf(dialect, [bytes])));
        expect(meter.outputCharacters).toBe(words.length);
        expect([meter.usage, meter.isFinished, meter.error]).toEqual([sent.usage, true, undefined]);
      }),
    );
  });
});

describe.each(pairs)('from %s to %s', (_from, _to, source, target) => {
  test('case 65: the sum of all tokens is preserved', () => {
    fc.assert(
      fc.property(replyOf(source.name), (sent) => {
        const read = fold(source.readReply(source.writeReply(sent, contextOf(sent))));
        const written = target.writeReply(read, contextOf(sent));
        const usage = target.readUsage(written);
        expect(usage && total(usage)).toBe(sent.usage && total(sent.usage));
      }),
    );
  });

  test('what both can say is the same after the way through both', () => {
    fc.assert(
      fc.property(replyOf('openai-chat', [source.name, target.name]), lengths, (sent, pieces) => {
        const first = eventsOf(source, [printed(source, sent, inPieces(sent, pieces))]);
        expect(fold(eventsOf(target, [printed(target, sent, first)]))).toEqual(sent);
      }),
    );
  });

  test('a reply says the same in a stream and whole, in the order of its texts and of its calls', () => {
    fc.assert(
      fc.property(replyOf(source.name), lengths, (sent, pieces) => {
        const streamed = fold(eventsOf(target, [printed(target, sent, inPieces(sent, pieces))]));
        const whole = fold(target.readReply(target.writeReply(sent, contextOf(sent))));
        for (const said of [streamed, whole]) {
          expect(textOf(said)).toBe(textOf(sent));
          expect(said.parts.filter((part) => part.kind === 'toolCall')).toEqual(
            sent.parts.filter((part) => part.kind === 'toolCall'),
          );
        }
      }),
    );
  });
});

function textOf(reply: Reply): string {
  return reply.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
}

describe('blocks that Anthropic Messages is sent', () => {
  const dialect = dialects['anthropic-messages'];
  const index = fc.nat(3);
  const stray: fc.Arbitrary<Event> = fc.oneof(
    fc.record({
      type: fc.constant('partStart' as const),
      index,
      part: fc.constantFrom<PartStart>(
        { kind: 'text' },
        { kind: 'thinking' },
        { kind: 'redactedThinking', data: 'x' },
        { kind: 'toolCall', id: 'a', name: 'f' },
      ),
    }),
    fc.record({
      type: fc.constantFrom('textDelta' as const, 'thinkingDelta' as const, 'argumentsDelta' as const),
      index,
      text: fc.string(),
    }),
    fc.record({ type: fc.constant('signature' as const), index, signature: fc.string() }),
    fc.record({ type: fc.constant('partStop' as const), index }),
    fc.constantFrom<Event>({ type: 'ping' }, { type: 'start', id: 'reply_1', model: 'm' }),
  );

  test('case 49: never overlap and count from 0, each closed, however the parts come', () => {
    fc.assert(
      fc.property(
        replyOf('anthropic-messages'),
        fc.array(fc.nat(7)),
        fc.boolean(),
        (sent, order, isWhole) => {
          const bytes = printed(dialect, sent, interleaved(unfold(sent), order, isWhole));
          expect(blocksIn(bytes)).toBe(sent.parts.length);
          // Parts that begin in another order are numbered in that order, and hold the same.
          const read = fold(eventsOf(dialect, [bytes])).parts.map((part) => JSON.stringify(part));
          expect(read.sort()).toEqual(sent.parts.map((part) => JSON.stringify(part)).sort());
        },
      ),
      { numRuns: 300 },
    );
  });

  test('case 49: never overlap and count from 0, each closed, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(replyOf('anthropic-messages'), fc.array(stray, { maxLength: 40 }), (sent, events) => {
        blocksIn(printed(dialect, sent, [...events, { type: 'finish', reason: 'stop' }]));
      }),
      { numRuns: 500 },
    );
  });
});

/** How many blocks a written stream has, in the published order, one after another. */
function blocksIn(bytes: Buffer): number {
  let open: JsonValue | undefined;
  let next = 0;
  const around: string[] = [];
  for (const { event, data } of framesOf([bytes]).map(parseFrame)) {
    const body = JSON.parse(data) as JsonObject;
    expect(body.type).toBe(event);
    if (event === 'content_block_start') {
      expect([open, body.index]).toEqual([undefined, next]);
      open = next++;
    } else if (event === 'content_block_delta') expect(body.index).toBe(open);
    else if (event === 'content_block_stop') {
      expect(body.index).toBe(open);
      open = undefined;
    } else if (event !== 'ping') {
      expect(open).toBeUndefined();
      around.push(event, String(next));
    }
  }
  expect(around).toEqual(['message_start', '0', 'message_delta', String(next), 'message_stop', String(next)]);
  return next;
}

/** The events of the parts in any order that keeps each part's own; without their ends when the provider left them out. */
function interleaved(events: readonly Event[], order: readonly number[], isWhole: boolean): Event[] {
  const byPart = new Map<number, Event[]>();
  for (const event of events) {
    if (!('index' in event) || (event.type === 'partStop' && !isWhole)) continue;
    byPart.set(event.index, [...(byPart.get(event.index) ?? []), event]);
  }
  const mixed: Event[] = [];
  let turn = 0;
  while ([...byPart.values()].some((waiting) => waiting.length > 0)) {
    const waiting = [...byPart.values()].filter((queue) => queue.length > 0);
    const next = waiting[(order[turn++ % Math.max(1, order.length)] ?? 0) % waiting.length]?.shift();
    if (next !== undefined) mixed.push(next);
  }
  const around = events.filter((event) => !('index' in event));
  return [...around.slice(0, 1), ...mixed, ...around.slice(1)];
}
