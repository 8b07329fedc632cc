// Server-sent events as bytes. Streams that pass through untouched go through here, so lines are found with native
// searches and nothing is decoded until a frame is parsed; a character is therefore never split.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

import type { Frame } from '../dialect.ts';

export interface SseLimits {
  /** The most bytes of one frame, its blank line included. */
  readonly frameBytesMax: number;
}

/** A frame over its bound: the stream cannot be followed further. */
export class FrameTooLarge extends Error {
  override readonly name = 'FrameTooLarge';
}

/**
 * Cuts bytes in any chunking into complete frames, each with its blank line, in order and without losing a byte but a
 * leading byte order mark. Frames are views of the chunks, so a chunk must not be written to afterwards.
 */
export class SseSplitter {
  readonly #frameBytesMax: number;
  /** What came after the last complete frame. */
  #tail: Buffer = EMPTY;
  /** Room that we own, with `#tail` at its start; absent while the tail is a view of somebody's chunk. */
  #room: Buffer | undefined;
  /** Where the unfinished line of the tail starts. */
  #lineStart = 0;
  /** Up to here the tail holds no further line end. */
  #searched = 0;
  #isFirst = true;

  constructor(limits: SseLimits) {
    this.#frameBytesMax = limits.frameBytesMax;
  }

  /** @throws FrameTooLarge once a frame grows over its bound. */
  push(chunk: Uint8Array): Buffer[] {
    const frames: Buffer[] = [];
    const bytes = this.#append(chunk);
    let frameStart = 0;
    let lineStart = this.#lineStart;
    let lineFeed = nextOf(bytes, LINE_FEED, this.#searched);
    let carriageReturn = nextOf(bytes, CARRIAGE_RETURN, this.#searched);
    this.#searched = bytes.length;
    for (;;) {
      const lineEnd = Math.min(lineFeed, carriageReturn);
      if (lineEnd === NOWHERE) break;
      let next = lineEnd + 1;
      if (lineEnd === carriageReturn) {
        if (next === bytes.length) {
          // Whether a line feed belongs to it is known with the next byte.
          this.#searched = lineEnd;
          break;
        }
        if (bytes[next] === LINE_FEED) next += 1;
      }
      if (lineEnd === lineStart) {
        frames.push(this.#frame(bytes.subarray(frameStart, next)));
        frameStart = next;
      }
      lineStart = next;
      if (lineFeed < next) lineFeed = nextOf(bytes, LINE_FEED, next);
      if (carriageReturn < next) carriageReturn = nextOf(bytes, CARRIAGE_RETURN, next);
    }
    this.#keep(bytes, frameStart, lineStart);
    return frames;
  }

  /** The unfinished tail. */
  rest(): Buffer {
    return this.#tail;
  }

  /** Call once when the bytes end: the final frame when its blank line never came. */
  end(): Buffer | undefined {
    if (this.#tail.length === 0) return undefined;
    const last = this.#frame(this.#tail);
    this.#tail = EMPTY;
    this.#room = undefined;
    return last.length === 0 ? undefined : last;
  }

  #append(chunk: Uint8Array): Buffer {
    const added = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const length = this.#tail.length;
    if (length === 0) return added;
    const needed = length + added.length;
    if (this.#room === undefined || this.#room.length < needed) {
      // Doubling keeps the copying of a frame that comes in crumbs linear.
      const room = Buffer.allocUnsafe(this.#room === undefined ? needed : 2 * needed);
      this.#tail.copy(room);
      this.#room = room;
    }
    added.copy(this.#room, length);
    return this.#room.subarray(0, needed);
  }

  #keep(bytes: Buffer, frameStart: number, lineStart: number): void {
    this.#tail = bytes.subarray(frameStart);
    // Room whose start was handed out as frames is left to them.
    if (frameStart > 0) this.#room = undefined;
    this.#lineStart = lineStart - frameStart;
    this.#searched -= frameStart;
    if (this.#tail.length > this.#frameBytesMax) throw tooLarge(this.#frameBytesMax);
    if (this.#tail.length === 0) {
      this.#room = undefined;
      this.#searched = 0;
    }
  }

  #frame(bytes: Buffer): Buffer {
    if (bytes.length > this.#frameBytesMax) throw tooLarge(this.#frameBytesMax);
    if (!this.#isFirst) return bytes;
    this.#isFirst = false;
    const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    return hasMark ? bytes.subarray(3) : bytes;
  }
}

/**
 * One frame of bytes as text. A line that is bare JSON counts as data, with all lines after it: providers that die in the
 * middle put their error there without a field name.
 */
export function parseFrame(bytes: Uint8Array): Frame {
  let text = decode(bytes);
  if (text.includes('\r')) text = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  let event = '';
  let data: string | undefined;
  let isBare = false;
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    if (text.startsWith('data:', start)) {
      const value = text.slice(text[start + 5] === ' ' ? start + 6 : start + 5, end);
      data = data === undefined ? value : `${data}\n${value}`;
    } else if (text.startsWith('event:', start)) {
      event = text.slice(text[start + 6] === ' ' ? start + 7 : start + 6, end);
    } else if (isBare || text[start] === '{') {
      isBare = true;
      const value = text.slice(start, end);
      data = data === undefined ? value : `${data}\n${value}`;
    }
    start = end + 1;
  }
  return { event, data: data ?? '' };
}

/** @param event '' for a frame without a name */
export function printFrame(event: string, data: string): string {
  const name = event === '' ? '' : `event: ${event}\n`;
  const lines = data.includes('\n') ? data.split('\n').join('\ndata: ') : data;
  return `${name}data: ${lines}\n\n`;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const NOWHERE = Number.MAX_SAFE_INTEGER;
const EMPTY = Buffer.alloc(0);

function nextOf(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at === -1 ? NOWHERE : at;
}

function decode(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function tooLarge(frameBytesMax: number): FrameTooLarge {
  return new FrameTooLarge(`The provider sent a frame of more than ${frameBytesMax} bytes.`);
}
