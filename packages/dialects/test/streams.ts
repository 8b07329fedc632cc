// What the tests of every dialect do with streams.

import { expect } from 'vitest';
import { type Dialect, InvalidReply } from '../src/dialect.ts';
import { parseFrame, SseSplitter } from '../src/frames/sse.ts';
import type { JsonValue } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import type { Request } from '../src/model/request.ts';

/** The events of a stream that comes in these chunks. */
export function eventsOf(dialect: Dialect, chunks: readonly Uint8Array[]): Event[] {
  const reader = dialect.streamReader();
  const events = framesOf(chunks).flatMap((frame) => reader.read(parseFrame(frame)));
  return [...events, ...reader.end()];
}

export function framesOf(chunks: readonly Uint8Array[]): Buffer[] {
  const splitter = new SseSplitter({ frameBytesMax: 1 << 20 });
  const frames = chunks.flatMap((chunk) => splitter.push(chunk));
  const last = splitter.end();
  return last === undefined ? frames : [...frames, last];
}

/** The events of frames with this data. A meter sees them as well, as it would where they pass through. */
export function eventsOfData(dialect: Dialect, request: Request, data: readonly string[]): Event[] {
  const reader = dialect.streamReader();
  const meter = dialect.streamMeter(request);
  const events = data.flatMap((each) => {
    const frame = { event: '', data: each };
    meter.observe(frame);
    return [...reader.read(frame)];
  });
  return [...events, ...reader.end()];
}

/** Parts are numbered as they come, one is open at a time, and one end comes last. */
export function expectOrder(events: readonly Event[]): void {
  let open: number | undefined;
  let next = 0;
  for (const event of events) {
    if (event.type === 'partStart') {
      expect([open, event.index]).toEqual([undefined, next]);
      open = next;
      next += 1;
    } else if (event.type === 'partStop') {
      expect(event.index).toBe(open);
      open = undefined;
    } else if ('index' in event) expect(event.index).toBe(open);
  }
  const ends = events.filter(({ type }) => type === 'finish' || type === 'error');
  expect(ends).toEqual([events.at(-1)]);
}

export function expectOwnCallIds(events: readonly Event[]): void {
  const ids = events.flatMap((event) =>
    event.type === 'partStart' && event.part.kind === 'toolCall' ? [event.part.id] : [],
  );
  expect(new Set(ids).size).toBe(ids.length);
}

/** @param step so many bytes lie between two places where the stream is cut */
export function expectSameHoweverCut(dialect: Dialect, bytes: Buffer, step = 1): void {
  const whole = eventsOf(dialect, [bytes]);
  for (let cut = 1; cut < bytes.length; cut += step) {
    expect(eventsOf(dialect, [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
  }
  const single = [...bytes].map((byte) => Buffer.of(byte));
  expect(eventsOf(dialect, single)).toEqual(whole);
  expect(JSON.stringify(whole)).not.toContain('\ufffd');
}

/** As a whole reply the body is read or refused; as one of a refusal it is told in words. */
export function expectReadOrTold(dialect: Dialect, body: JsonValue, status: number): void {
  try {
    dialect.readReply(body);
  } catch (error) {
    if (!(error instanceof InvalidReply)) throw error;
  }
  expect(dialect.readError(status, JSON.stringify(body)).message).not.toBe('');
}
