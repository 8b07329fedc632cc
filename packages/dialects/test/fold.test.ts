import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidReply } from '../src/dialect.ts';
import type { Event } from '../src/model/event.ts';
import { fold, ReplyFolder, unfold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';

const text = fc.string();
const filled = fc.string({ minLength: 1 });
const count = fc.nat(100_000);
const part = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text }),
  fc.record(
    { kind: fc.constant('thinking' as const), text, signature: filled },
    { requiredKeys: ['kind', 'text'] },
  ),
  fc.record({ kind: fc.constant('redactedThinking' as const), data: text }),
  fc.record({ kind: fc.constant('toolCall' as const), id: filled, name: filled, argumentsText: filled }),
);
const replies: fc.Arbitrary<Reply> = fc.record(
  {
    id: text,
    model: text,
    parts: fc.array(part),
    finish: fc.constantFrom('stop', 'stopSequence', 'length', 'tool', 'refusal', 'contextFull', 'pause'),
    stopSequence: filled,
    usage: fc.record({ input: count, output: count, cacheRead: count, cacheWrite: count }),
  },
  { requiredKeys: ['id', 'model', 'parts', 'finish'] },
) as fc.Arbitrary<Reply>;

describe('a reply', () => {
  test('is the fold of the events it would have streamed', () => {
    fc.assert(
      fc.property(replies, (reply) => {
        expect(fold(unfold(reply))).toEqual(reply);
      }),
    );
  });

  test('does not depend on how its deltas were cut', () => {
    fc.assert(
      fc.property(replies, fc.integer({ min: 1, max: 5 }), (reply, size) => {
        const events = unfold(reply).flatMap((event): Event[] => {
          if (!('text' in event)) return [event];
          const pieces: Event[] = [];
          for (let at = 0; at < event.text.length; at += size) {
            pieces.push({ ...event, text: event.text.slice(at, at + size) }, { type: 'ping' });
          }
          return pieces;
        });
        expect(fold(events)).toEqual(reply);
      }),
    );
  });

  test('has an object where a call came without arguments', () => {
    const reply = fold([
      { type: 'start', id: 'r', model: 'm' },
      { type: 'partStart', index: 0, part: { kind: 'toolCall', id: 'c', name: 'now' } },
      { type: 'partStop', index: 0 },
      { type: 'finish', reason: 'tool' },
    ]);
    expect(reply.parts).toEqual([{ kind: 'toolCall', id: 'c', name: 'now', argumentsText: '{}' }]);
  });

  test('takes the last usage and never the sum', () => {
    const usage = (output: number): Event => ({
      type: 'usage',
      usage: { input: 5, output, cacheRead: 0, cacheWrite: 0 },
    });
    const start: Event = { type: 'start', id: '', model: '' };
    const reply = fold([start, usage(1), usage(2), usage(3), { type: 'finish', reason: 'stop' }]);
    expect(reply.usage?.output).toBe(3);
  });

  test('is refused when its events end in an error or before the finish', () => {
    const start: Event = { type: 'start', id: '', model: '' };
    expect(() => fold([start])).toThrow(InvalidReply);
    const folder = new ReplyFolder();
    folder.add({ type: 'error', error: { code: 'overloaded', message: 'Too busy.' } });
    expect(folder.error?.code).toBe('overloaded');
    expect(() => folder.reply()).toThrow('Too busy.');
    expect(() => fold([{ type: 'textDelta', index: 3, text: 'x' }])).toThrow('never began');
  });
});
