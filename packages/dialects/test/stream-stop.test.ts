import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Frame, ReplyContext } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import { dialects } from '../src/index.ts';
import type { Event } from '../src/model/event.ts';
import type { DialectName } from '../src/model/request.ts';
import { expectOrder, framesOf } from './streams.ts';

const CONTEXT: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_000,
  isStreamUsageWanted: true,
};
const USAGE = { input: 20, output: 9, cacheRead: 3, cacheWrite: 0 };

const FIXTURES = (Object.keys(dialects) as DialectName[]).flatMap((name) =>
  readdirSync(new URL(`../fixtures/${name}`, import.meta.url))
    .filter((file) => file.endsWith('.stream.sse'))
    .map((file) => [name, file] as const),
);

describe.each(FIXTURES)('a stream of %s, %s', (name, file) => {
  const frames = framesOf([readFileSync(new URL(`../fixtures/${name}/${file}`, import.meta.url))]).map(
    parseFrame,
  );

  test('can be stopped after every frame and keeps all that came', () => {
    for (let count = 0; count <= frames.length; count += 1) {
      const passed = frames.slice(0, count);
      const cut = readAll(name, passed);
      // Nothing passes from an error on.
      if (cut.error !== undefined) break;
      const events = readAll(name, [...passed, ...stopAfter(name, passed)]);
      expectOrder(events.all);
      expect(events.said).toEqual(cut.said);
      const end = cut.isFinished ? cut.all.at(-1) : { type: 'finish', reason: 'length' };
      expect(events.all.at(-1)).toEqual(end);
      if (!cut.isFinished) expect(events.all.findLast(({ type }) => type === 'usage')).toEqual(COUNTED);
    }
  });
});

const COUNTED = { type: 'usage', usage: expect.objectContaining(USAGE) };

function stopAfter(name: DialectName, passed: readonly Frame[]): readonly Frame[] {
  const stopper = dialects[name].streamStopper(CONTEXT);
  for (const frame of passed) stopper.observe(frame);
  const text = stopper.stop(USAGE);
  expect(stopper.stop(USAGE)).toBe('');
  return framesOf([Buffer.from(text)]).map(parseFrame);
}

const CUT = 'The provider ended its answer before it was complete.';

interface Read {
  readonly all: readonly Event[];
  /** What was said, by part. */
  readonly said: readonly string[];
  /** What the provider itself failed with. */
  readonly error: Event | undefined;
  readonly isFinished: boolean;
}

function readAll(name: DialectName, frames: readonly Frame[]): Read {
  const reader = dialects[name].streamReader();
  const events = frames.flatMap((frame) => reader.read(frame));
  const all = [...events, ...reader.end()];
  const error = all.find((event) => event.type === 'error' && event.error.message !== CUT);
  const said: string[] = [];
  for (const event of all) {
    if (event.type === 'partStart') said.push('');
    else if ('text' in event) said[event.index] += event.text;
  }
  return { all, said, error, isFinished: all.at(-1)?.type === 'finish' };
}
