import { InvalidReply } from '../dialect.ts';
import type { JsonValue } from '../json/value.ts';

const FLOAT_BYTES = 4;

/** A vector as numbers or as base64. @throws InvalidReply for what is neither, and for an empty one */
export function readVector(value: JsonValue | undefined): Float32Array {
  const vector = typeof value === 'string' ? decodeVector(value) : numbersOf(value);
  if (vector === undefined || vector.length === 0) throw new InvalidReply('an embedding is no vector');
  return vector;
}

/** 32-bit floats, little-endian on every machine. */
export function encodeVector(vector: Float32Array): string {
  const bytes = Buffer.allocUnsafe(vector.length * FLOAT_BYTES);
  vector.forEach((number, at) => {
    bytes.writeFloatLE(number, at * FLOAT_BYTES);
  });
  return bytes.toString('base64');
}

function decodeVector(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  // The decoder skips what is not base64, so that a shorter result than the text promises tells of strays.
  if (bytes.length % FLOAT_BYTES !== 0 || bytes.length !== Buffer.byteLength(text, 'base64'))
    return undefined;
  const vector = new Float32Array(bytes.length / FLOAT_BYTES);
  for (let at = 0; at < vector.length; at += 1) vector[at] = bytes.readFloatLE(at * FLOAT_BYTES);
  return vector.every(Number.isFinite) ? vector : undefined;
}

function numbersOf(value: JsonValue | undefined): Float32Array | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((number) => typeof number === 'number') ? Float32Array.from(value) : undefined;
}
