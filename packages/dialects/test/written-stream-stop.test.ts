// How an answer that is written anew is stopped: its open part is closed, then it is finished by its length.

import { describe, expect, test } from 'vitest';
import { dialects } from '../src/index.ts';
import type { Event } from '../src/model/event.ts';
import type { DialectName } from '../src/model/request.ts';
import { eventsOf, expectOrder } from './streams.ts';

const CONTEXT = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_000,
  isStreamUsageWanted: true,
};
const USAGE = { input: 20, output: 9, cacheRead: 3, cacheWrite: 0 };

const ANSWER: readonly Event[] = [
  { type: 'start', id: 'x', model: 'm' },
  { type: 'partStart', index: 0, part: { kind: 'thinking' } },
  { type: 'thinkingDelta', index: 0, text: 'Let me' },
  { type: 'thinkingDelta', index: 0, text: ' see.' },
  { type: 'partStop', index: 0 },
  { type: 'partStart', index: 1, part: { kind: 'text' } },
  { type: 'textDelta', index: 1, text: 'I call' },
  { type: 'textDelta', index: 1, text: ' both.' },
  { type: 'partStop', index: 1 },
  { type: 'partStart', index: 2, part: { kind: 'toolCall', id: 'call_1', name: 'weather' } },
  { type: 'argumentsDelta', index: 2, text: '{"city":' },
  { type: 'argumentsDelta', index: 2, text: '"Paris"}' },
  { type: 'partStop', index: 2 },
  { type: 'partStart', index: 3, part: { kind: 'toolCall', id: 'call_2', name: 'weather' } },
  { type: 'argumentsDelta', index: 3, text: '{"ci' },
];

describe.each(Object.keys(dialects) as DialectName[])('an answer in %s', (name) => {
  test('can be stopped after every event and keeps all but half a call', () => {
    for (let count = 0; count <= ANSWER.length; count += 1) {
      const written = ANSWER.slice(0, count);
      const read = eventsOf(dialects[name], [Buffer.from(stopped(name, written))]);
      expectOrder(read);
      expect(read.at(-1)).toEqual({ type: 'finish', reason: 'length' });
      expect(wordsOf(read).startsWith(wordsOf(written.filter(isWholeIn(written))))).toBe(true);
      const usage = { type: 'usage', usage: expect.objectContaining(USAGE) };
      expect(read.findLast(({ type }) => type === 'usage')).toEqual(usage);
    }
  });
});

function stopped(name: DialectName, events: readonly Event[]): string {
  const writer = dialects[name].streamWriter(CONTEXT);
  let text = events.map((event) => writer.write(event)).join('');
  const open = openIn(events);
  if (open !== undefined) text += writer.write({ type: 'partStop', index: open });
  return (
    text + writer.write({ type: 'usage', usage: USAGE }) + writer.write({ type: 'finish', reason: 'length' })
  );
}

function openIn(events: readonly Event[]): number | undefined {
  const last = events.findLast((event) => event.type === 'partStart' || event.type === 'partStop');
  return last?.type === 'partStart' ? last.index : undefined;
}

/** Half of a call cannot be told in Gemini's dialect, and must not be run in any. */
function isWholeIn(events: readonly Event[]): (event: Event) => boolean {
  const open = openIn(events);
  return (event) => !(event.type === 'argumentsDelta' && event.index === open);
}

function wordsOf(events: readonly Event[]): string {
  return events.map((event) => ('text' in event ? event.text : '')).join('');
}
