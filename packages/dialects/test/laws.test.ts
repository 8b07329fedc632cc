// What holds for every request, reply and stream, whatever its content: generated, not chosen.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dialect, ReplyContext } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import { dialects } from '../src/index.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import { fold, unfold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import type { Usage } from '../src/model/usage.ts';
import { eventsOf, framesOf } from './streams.ts';

const all = Object.values(dialects);
const { 'anthropic-messages': messages } = dialects;
const pairs = all.flatMap((first) => all.map((second): [Dialect, Dialect] => [first, second]));

const context: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_000,
  isStreamUsageWanted: true,
};

/** Begins and ends with a word: edges of white space are trimmed in places, which other tests show. */
const words = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .map((inner) => `a${inner}z`.replaceAll('\u0000', ''));
const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_-]{0,20}$/);
const argumentsText = fc
  .dictionary(name, fc.oneof(fc.integer(), fc.boolean(), words, fc.array(words, { maxLength: 2 })))
  .map((value) => JSON.stringify(JSON.parse(JSON.stringify(value))));
const count = fc.nat(1_000_000);

const usages: fc.Arbitrary<Usage> = fc
  .record({ input: count, output: count, cacheRead: count, cacheWrite: count, share: fc.nat(100) })
  .map(({ share, ...usage }) => ({ ...usage, reasoning: Math.floor((usage.output * share) / 100) }));

const callIds = (parts: readonly { readonly kind: string; readonly id?: string }[]): boolean => {
  const ids = parts.flatMap((part) => (part.id === undefined ? [] : [part.id]));
  return new Set(ids).size === ids.length;
};

const text = fc.record({ kind: fc.constant('text' as const), text: words });
const thought = fc.record({ kind: fc.constant('thinking' as const), text: words });
const signed = fc.record({ kind: fc.constant('thinking' as const), text: words, signature: name });
const redacted = fc.record({ kind: fc.constant('redactedThinking' as const), data: name });
const call = fc.record({ kind: fc.constant('toolCall' as const), id: name, name, argumentsText });

function replyOf(parts: fc.Arbitrary<Reply['parts']>): fc.Arbitrary<Reply> {
  return fc
    .record({ parts, usage: usages, word: fc.constantFrom('stop' as const, 'length' as const) })
    .map(({ parts, usage, word }) => {
      const isTool = word === 'stop' && parts.some((part) => part.kind === 'toolCall');
      return { id: 'reply_1', model: 'alias', parts, finish: isTool ? 'tool' : word, usage };
    });
}

/** What every dialect can say: a thought, then text, then calls. */
const plainReplies = replyOf(
  fc
    .tuple(fc.array(thought, { maxLength: 1 }), text, fc.array(call, { maxLength: 3 }))
    .map(([thoughts, said, calls]) => [...thoughts, said, ...calls])
    .filter(callIds),
);
/** What Anthropic's can say: anything in any order. */
const freeReplies = replyOf(
  fc.array(fc.oneof(text, thought, signed, redacted, call), { minLength: 1, maxLength: 6 }).filter(callIds),
);
const repliesOf = (dialect: Dialect): fc.Arbitrary<Reply> =>
  dialect === messages ? freeReplies : plainReplies;

function streamOf(dialect: Dialect, events: readonly Event[]): string {
  const writer = dialect.streamWriter(context);
  return events.map((event) => writer.write(event)).join('');
}

/** In pieces of these sizes, over and over. */
function cutUp(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + (sizes[chunks.length % sizes.length] ?? 1);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

function wireOf(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

describe.each(all)('$name', (dialect) => {
  test('a stream gives the same frames and events however its bytes are cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
    const ending = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(repliesOf(dialect), fc.oneof(fc.constant([1]), sizes), ending, (reply, sizes, ending) => {
        const bytes = Buffer.from(streamOf(dialect, unfold(reply)).replaceAll('\n', ending));
        const chunks = cutUp(bytes, sizes);
        expect(framesOf(chunks).map(String)).toEqual(framesOf([bytes]).map(String));
        expect(eventsOf(dialect, chunks)).toEqual(eventsOf(dialect, [bytes]));
        expect(fold(eventsOf(dialect, chunks))).toEqual(reply);
      }),
    );
  });

  test('a reply read back is the reply that was written', () => {
    fc.assert(
      fc.property(repliesOf(dialect), (reply) => {
        expect(fold(dialect.readReply(wireOf(dialect.writeReply(reply, context))))).toEqual(reply);
      }),
    );
  });

  test('a reply that was streamed is the reply that was not', () => {
    fc.assert(
      fc.property(repliesOf(dialect), (reply) => {
        const streamed = fold(eventsOf(dialect, [Buffer.from(streamOf(dialect, unfold(reply)))]));
        expect(streamed).toEqual(fold(dialect.readReply(wireOf(dialect.writeReply(reply, context)))));
      }),
    );
  });

  test('a stream that passes through is metered as it is read', () => {
    fc.assert(
      fc.property(repliesOf(dialect), (reply) => {
        const request = dialect.readRequest({
          model: 'm',
          max_tokens: 1,
          messages: [{ role: 'user', content: 'x' }],
        });
        const meter = dialect.streamMeter(request);
        const frames = streamOf(dialect, unfold(reply)).split(/(?<=\n\n)/);
        for (const frame of frames) meter.observe(parseFrame(Buffer.from(frame)));
        expect([meter.usage, meter.isFinished, meter.error]).toEqual([reply.usage, true, undefined]);
        const spoken = unfold(reply).map((event) => ('text' in event ? event.text.length : 0));
        expect(meter.outputCharacters).toBe(spoken.reduce((sum, length) => sum + length, 0));
      }),
    );
  });
});

describe.each(pairs)('%o to %o', (source, target) => {
  test('no token is lost or told twice on the way', () => {
    fc.assert(
      fc.property(plainReplies, (reply) => {
        const read = fold(source.readReply(wireOf(source.writeReply(reply, context))));
        const told = fold(target.readReply(wireOf(target.writeReply(read, context)))).usage;
        expect(told).toEqual(reply.usage);
      }),
    );
  });

  test('what both can say is the same after the way through both', () => {
    fc.assert(
      fc.property(plainReplies, (reply) => {
        const first = eventsOf(source, [Buffer.from(streamOf(source, unfold(reply)))]);
        expect(fold(eventsOf(target, [Buffer.from(streamOf(target, first))]))).toEqual(reply);
      }),
    );
  });
});

describe('blocks of a written stream', () => {
  const index = fc.nat(3);
  const event: fc.Arbitrary<Event> = fc.oneof(
    fc.record({
      type: fc.constant('partStart' as const),
      index,
      part: fc.oneof(
        fc.record({ kind: fc.constantFrom('text' as const, 'thinking' as const) }),
        fc.record({ kind: fc.constant('redactedThinking' as const), data: name }),
        fc.record({ kind: fc.constant('toolCall' as const), id: name, name }),
      ),
    }),
    fc.record({
      type: fc.constantFrom('textDelta' as const, 'thinkingDelta' as const, 'argumentsDelta' as const),
      index,
      text: fc.string(),
    }),
    fc.record({ type: fc.constant('signature' as const), index, signature: name }),
    fc.record({ type: fc.constant('partStop' as const), index }),
    fc.record({ type: fc.constant('usage' as const), usage: usages }),
    fc.constantFrom<Event>({ type: 'ping' }, { type: 'start', id: 'reply_1', model: 'm' }),
  );

  test('count from 0, one after another, each closed, whatever the order of the events', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const frames = streamOf(messages, [...events, { type: 'finish', reason: 'stop' }])
          .split(/(?<=\n\n)/)
          .map((frame) => parseFrame(Buffer.from(frame)));
        const told = frames.map(({ event, data }) => ({ event, body: JSON.parse(data) as JsonObject }));
        expect(told.map(({ body }) => body.type)).toEqual(told.map(({ event }) => event));
        const ends = told.flatMap(({ event }, at) => (event.startsWith('message_') ? [[event, at]] : []));
        expect(ends).toEqual([
          ['message_start', 0],
          ['message_delta', told.length - 2],
          ['message_stop', told.length - 1],
        ]);
        let open: number | undefined;
        let next = 0;
        for (const { event, body } of told) {
          if (event === 'content_block_start') {
            expect([open, body.index]).toEqual([undefined, next]);
            open = next++;
          } else if (event === 'content_block_delta') expect(body.index).toBe(open);
          else if (event === 'content_block_stop') {
            expect(body.index).toBe(open);
            open = undefined;
          }
        }
        expect(open).toBe(undefined);
      }),
      { numRuns: 500 },
    );
  });
});
