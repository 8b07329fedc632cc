// One pass over a request's raw bytes before anything parses them: it bounds the nesting (10,000 nested lists parse, then
// overflow the stack of JSON.stringify), refuses `__proto__` and `constructor.prototype`, and finds where each top-level value
// stands, so that a field can be replaced without touching another byte.
//
// Invariant: what the scan calls `model` is what every parser calls `model`. Names are compared decoded, and two names
// that differ in nothing but case are refused, because Go's encoding/json matches fields in any case and takes the last.

import { InvalidRequest } from '../dialect.ts';
import type { JsonObject, JsonValue } from './value.ts';

export interface ScanLimits {
  /** The deepest nesting; the body itself is 1. */
  readonly depthMax: number;
}

export const SCAN_LIMITS: ScanLimits = { depthMax: 64 };

export interface ByteRange {
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

export interface Scan {
  /** Where each top-level value stands, by its field's name. */
  readonly fields: ReadonlyMap<string, ByteRange>;
  readonly depth: number;
  /** The byte after the opening brace. */
  readonly insertAt: number;
}

/**
 * Does not check the grammar in full: parse the body afterwards.
 * @throws InvalidRequest for a body that is not an object, is nested too deep, names a field twice or reaches for a prototype
 */
export function scanTopLevel(bytes: Uint8Array, limits: ScanLimits = SCAN_LIMITS): Scan {
  const open = skipSpace(bytes, 0);
  if (bytes[open] !== OPEN_BRACE) throw new InvalidRequest('', 'The body must be a JSON object.');
  const fields = new Map<string, ByteRange>();
  const foldedNames = new Set<string>();
  let depth = 1;
  let depthSeen = 1;
  /** Where a field would be of what is named `constructor`; 0 when there is no such thing. */
  let constructorDepth = 0;
  let name: string | undefined;
  let valueStart = 0;
  let at = open + 1;
  const length = bytes.length;

  const closeField = (): void => {
    if (name === undefined) return;
    const folded = name.toLowerCase().toUpperCase();
    if (foldedNames.has(folded)) {
      throw new InvalidRequest(name, `The field "${name.slice(0, 64)}" stands twice in the body.`);
    }
    foldedNames.add(folded);
    let end = at;
    while (end > valueStart && isSpace(bytes[end - 1])) end -= 1;
    fields.set(name, { start: valueStart, end });
    name = undefined;
  };

  while (at < length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const start = at;
      at = stringEnd(bytes, start);
      const colon = skipSpace(bytes, at);
      if (bytes[colon] !== COLON) continue;
      const isTopName = depth === 1 && name === undefined;
      if (depth < constructorDepth) constructorDepth = 0;
      if (isTopName || maySpellPrototype(bytes, start, at)) {
        const key = readString(bytes, start, at);
        if (key === '__proto__' || (key === 'prototype' && depth === constructorDepth)) {
          throw new InvalidRequest('', `A field named "${key}" is not accepted here.`);
        }
        if (key === 'constructor') constructorDepth = depth + 1;
        if (isTopName) {
          name = key;
          valueStart = skipSpace(bytes, colon + 1);
          at = valueStart;
        }
      }
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > depthSeen) depthSeen = depth;
      if (depth > limits.depthMax) {
        throw new InvalidRequest('', `The body is nested deeper than ${limits.depthMax} levels.`);
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) {
        closeField();
        if (skipSpace(bytes, at + 1) !== length) throw malformed();
        return { fields, depth: depthSeen, insertAt: open + 1 };
      }
    } else if (byte === COMMA && depth === 1) closeField();
    at += 1;
  }
  throw malformed();
}

/**
 * The body with top-level values replaced, or inserted where it had none; every other byte stays.
 * @throws InvalidRequest when the body spells a field to be set in another case
 */
export function spliceFields(
  bytes: Uint8Array,
  scan: Scan,
  edits: Readonly<Record<string, JsonValue>>,
): Buffer {
  const replaced: { range: ByteRange; text: string }[] = [];
  const inserted: string[] = [];
  for (const [name, value] of Object.entries(edits)) {
    const range = scan.fields.get(name);
    const text = JSON.stringify(value);
    if (range !== undefined) replaced.push({ range, text });
    else {
      refuseOtherCase(scan, name);
      inserted.push(`${JSON.stringify(name)}:${text}`);
    }
  }
  replaced.sort((left, right) => left.range.start - right.range.start);

  const pieces: Uint8Array[] = [bytes.subarray(0, scan.insertAt)];
  if (inserted.length > 0) {
    pieces.push(Buffer.from(inserted.join(',') + (scan.fields.size > 0 ? ',' : '')));
  }
  let from = scan.insertAt;
  for (const { range, text } of replaced) {
    pieces.push(bytes.subarray(from, range.start), Buffer.from(text));
    from = range.end;
  }
  pieces.push(bytes.subarray(from));
  return Buffer.concat(pieces);
}

/** Scans, then parses. @throws InvalidRequest for what is not a JSON object within the limits */
export function parseBody(bytes: Buffer, limits: ScanLimits = SCAN_LIMITS): { body: JsonObject; scan: Scan } {
  const scan = scanTopLevel(bytes, limits);
  try {
    return { body: JSON.parse(bytes.toString('utf8')) as JsonObject, scan };
  } catch {
    throw malformed();
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const UNDERSCORE = 0x5f;
const LOWER_C = 0x63;
const LOWER_P = 0x70;
/** `"constructor"` with each character escaped is the longest spelling. */
const SPELLING_BYTES_MAX = 2 + 11 * 6;
/** Below this a loop finds a string's end sooner than a native search starts. */
const SHORT_STRING_BYTES = 24;

/** The byte after the closing quote of the string that opens at `start`. */
function stringEnd(bytes: Uint8Array, start: number): number {
  const short = Math.min(start + SHORT_STRING_BYTES, bytes.length);
  let at = start + 1;
  while (at < short) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) throw malformed();
    let slashes = quote;
    while (slashes > at && bytes[slashes - 1] === BACKSLASH) slashes -= 1;
    if ((quote - slashes) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** True for a name that looks like one that is refused, or has an escape in it, which may spell any character. */
function maySpellPrototype(bytes: Uint8Array, start: number, end: number): boolean {
  const size = end - start;
  if (size > SPELLING_BYTES_MAX) return false;
  const first = bytes[start + 1];
  if (first === UNDERSCORE || (first === LOWER_C && size === 13) || (first === LOWER_P && size === 11)) {
    return true;
  }
  for (let at = start + 1; at < end - 1; at += 1) if (bytes[at] === BACKSLASH) return true;
  return false;
}

function readString(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    return JSON.parse(text) as string;
  } catch {
    throw malformed();
  }
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function refuseOtherCase(scan: Scan, name: string): void {
  const folded = name.toLowerCase().toUpperCase();
  for (const present of scan.fields.keys()) {
    if (present.toLowerCase().toUpperCase() === folded) {
      throw new InvalidRequest(present, `The field "${present.slice(0, 64)}" must be written "${name}".`);
    }
  }
}

function malformed(): InvalidRequest {
  return new InvalidRequest('', 'The body is not valid JSON.');
}
