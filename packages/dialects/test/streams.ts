import type { Dialect } from '../src/dialect.ts';
import { parseFrame, SseSplitter } from '../src/frames/sse.ts';
import type { Event } from '../src/model/event.ts';

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
