import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameTooLarge, parseFrame, printFrame, SseSplitter } from '../src/frames/sse.ts';

const limits = { frameBytesMax: 1 << 20 };
const folder = new URL('../fixtures/openai-chat/', import.meta.url);
const streams = readdirSync(folder).filter((name) => name.endsWith('.sse'));

function split(bytes: Uint8Array, cuts: readonly number[]): Buffer[] {
  const splitter = new SseSplitter(limits);
  const frames: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    frames.push(...splitter.push(bytes.subarray(from, cut)));
    from = cut;
  }
  const last = splitter.end();
  return last === undefined ? frames : [...frames, last];
}

const texts = (frames: readonly Buffer[]): string[] => frames.map((frame) => frame.toString('latin1'));

describe('frames of a stream', () => {
  test.each(streams)('case 48: %s gives the same frames whichever byte it is cut at', (name) => {
    const bytes = readFileSync(new URL(name, folder));
    const whole = texts(split(bytes, []));
    expect(whole.join('')).toBe(bytes.toString('latin1'));
    for (let cut = 0; cut <= bytes.length; cut += 1) expect(texts(split(bytes, [cut]))).toEqual(whole);
  });

  test.each(streams)('%s gives the same frames when it comes byte by byte', (name) => {
    const bytes = readFileSync(new URL(name, folder));
    expect(texts(split(bytes, [...bytes.keys()]))).toEqual(texts(split(bytes, [])));
  });

  test('case 48: any mixture of line ends in any chunking gives the same frames and loses no byte', () => {
    const piece = fc.constantFrom('\n', '\r', '\r\n', '\n\n', 'data: x', 'é', ': comment', 'event: e', '🚀');
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(60)), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''));
        const sorted = cuts.map((cut) => Math.min(cut, bytes.length)).sort((left, right) => left - right);
        const frames = texts(split(bytes, sorted));
        expect(frames).toEqual(texts(split(bytes, [])));
        expect(frames.join('')).toBe(bytes.toString('latin1'));
      }),
    );
  });

  test.each([
    ['line feeds', 'data: 1\n\ndata: 2\n\n'],
    ['carriage returns with line feeds', 'data: 1\r\n\r\ndata: 2\r\n\r\n'],
    ['carriage returns', 'data: 1\r\rdata: 2\r\r'],
    ['a missing final blank line', 'data: 1\n\ndata: 2'],
  ])('%s end a frame', (_, text) => {
    const frames = split(Buffer.from(text), []);
    expect(frames.map((frame) => parseFrame(frame).data)).toEqual(['1', '2']);
  });

  test('a frame is handed out with the last byte of its blank line', () => {
    const splitter = new SseSplitter(limits);
    expect(splitter.push(Buffer.from('data: 1\n'))).toEqual([]);
    expect(splitter.rest().toString()).toBe('data: 1\n');
    expect(texts(splitter.push(Buffer.from('\n')))).toEqual(['data: 1\n\n']);
    expect(splitter.rest()).toHaveLength(0);
    expect(splitter.end()).toBeUndefined();
  });

  test('frames that were handed out do not change with what comes later', () => {
    const splitter = new SseSplitter(limits);
    splitter.push(Buffer.from('data: fi'));
    const [first] = splitter.push(Buffer.from('rst\n\ndata: sec'));
    splitter.push(Buffer.from('ond, which is longer'));
    splitter.push(Buffer.from(' than the first by far\n\n'));
    expect(first?.toString()).toBe('data: first\n\n');
  });

  test('case 48: a byte order mark is taken off the first frame only', () => {
    const frames = split(Buffer.from('\uFEFFdata: 1\n\n\uFEFF: 2\n\n'), [1, 2]);
    expect(frames.map(String)).toEqual(['data: 1\n\n', '\uFEFF: 2\n\n']);
  });

  test('a frame over its bound is refused, in one chunk and in many', () => {
    const small = { frameBytesMax: 100 };
    const long = Buffer.from(`data: ${'x'.repeat(200)}\n\n`);
    expect(() => new SseSplitter(small).push(long)).toThrow(FrameTooLarge);
    const splitter = new SseSplitter(small);
    splitter.push(long.subarray(0, 90));
    expect(() => splitter.push(long.subarray(90, 120))).toThrow('more than 100 bytes');
  });

  test('case 48: a frame of a megabyte that comes in crumbs of 16 bytes is whole', () => {
    const bytes = Buffer.from(`data: ${'x'.repeat(1_000_000)}\n\n`);
    const splitter = new SseSplitter({ frameBytesMax: 2_000_000 });
    const frames: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 16) frames.push(...splitter.push(bytes.subarray(at, at + 16)));
    expect(frames).toHaveLength(1);
    expect(frames[0]?.equals(bytes)).toBe(true);
  });
});

describe('a frame', () => {
  test.each([
    ['data: x\n\n', '', 'x'],
    ['data:x\n\n', '', 'x'],
    ['data:  x\n\n', '', ' x'],
    ['event: ping\ndata: {}\n\n', 'ping', '{}'],
    ['data: one\ndata: two\n\n', '', 'one\ntwo'],
    ['data: one\r\ndata: two\r\n\r\n', '', 'one\ntwo'],
    [': keep-alive\n\n', '', ''],
    ['id: 7\nretry: 10\ndata: x', '', 'x'],
    ['data\n\n', '', ''],
    ['{"error":{"message":"no"}}', '', '{"error":{"message":"no"}}'],
    ['\n', '', ''],
  ])('case 48: %j is read as the event %j with the data %j', (text, event, data) => {
    expect(parseFrame(Buffer.from(text))).toEqual({ event, data });
  });

  test('is printed so that it reads back as it was', () => {
    const line = fc.stringMatching(/^[^\r\n]*$/);
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z_.]*$/), fc.array(line, { minLength: 1 }), (event, lines) => {
        const data = lines.join('\n');
        expect(parseFrame(Buffer.from(printFrame(event, data)))).toEqual({
          event,
          data: Buffer.from(data).toString(),
        });
      }),
    );
  });
});
