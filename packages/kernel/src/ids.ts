import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const RANDOM_BYTES = 10;

// One system call fills the randomness of 400 ids.
const pool = Buffer.alloc(RANDOM_BYTES * 400);
let poolOffset = pool.length;

/**
 * A new id, `<prefix>_<26 characters>`: 48 bits of time, then 80 random bits, in Crockford's base 32, so that ids sort
 * by the moment they were made (https://github.com/ulid/spec).
 */
export function newId(prefix: string, nowMs: number = Date.now()): string {
  if (poolOffset === pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const random = pool.subarray(poolOffset, poolOffset + RANDOM_BYTES);
  poolOffset += RANDOM_BYTES;
  return `${prefix}_${encodeTime(nowMs)}${encodeRandom(random)}`;
}

function encodeTime(timeMs: number): string {
  let text = '';
  for (let rest = timeMs, place = 0; place < 10; place += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function encodeRandom(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((value >>> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return text;
}
