// The form of an API key: `ais_<keyId>_<secret><checksum>`. Scanners find it by its prefix, and a typo or a guess fails
// on the checksum before anything is looked up. The secret has 256 random bits, which is why a plain digest of it may
// be stored: there is nothing to guess offline. A pepper, kept outside the database, makes the digest an HMAC, so that
// who can write to the database alone cannot make a key.

import { createHmac, hash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { newId } from '@ai-switch/kernel';

/** Longer texts are refused before any work. */
export const KEY_CHARACTERS_MAX = 256;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_BYTES = 32;
const SECRET_CHARACTERS = 43;
const CHECKSUM_CHARACTERS = 6;
const FORM = /^ais_([0-9a-z]{12,64})_([0-9A-Za-z]{43})[0-9A-Za-z]{6}$/;

export interface KeyText {
  readonly keyId: string;
  readonly secret: string;
}

/** A fresh key. `text` is the only form of it that authenticates, and is kept nowhere. */
export function makeKey(nowMs: number): KeyText & { readonly text: string } {
  const [, keyId = ''] = newId('ais', nowMs).split('_');
  const secret = makeSecret();
  return { keyId, secret, text: writeKey({ keyId, secret }) };
}

export function makeSecret(): string {
  return secretFrom(randomBytes(SECRET_BYTES));
}

export function writeKey({ keyId, secret }: KeyText): string {
  const body = `ais_${keyId}_${secret}`;
  return body + checksumOf(body);
}

/** The parts of a presented key, or undefined for a text that no key has: too long, malformed, or a wrong checksum. */
export function readKey(text: string): KeyText | undefined {
  if (text.length > KEY_CHARACTERS_MAX) return undefined;
  const [, keyId, secret] = FORM.exec(text) ?? [];
  if (keyId === undefined || secret === undefined) return undefined;
  const bodyEnd = text.length - CHECKSUM_CHARACTERS;
  if (checksumOf(text.slice(0, bodyEnd)) !== text.slice(bodyEnd)) return undefined;
  return { keyId, secret };
}

/** What is stored of a secret: SHA-256, or HMAC-SHA-256 under the pepper, in hex. */
export function digestOf(secret: string, pepper: KeyObject | undefined): string {
  return pepper === undefined
    ? hash('sha256', secret)
    : createHmac('sha256', pepper).update(secret).digest('hex');
}

/** Compares two digests in constant time. */
export function isSameDigest(presented: string, stored: string): boolean {
  const [left, right] = [Buffer.from(presented, 'latin1'), Buffer.from(stored, 'latin1')];
  return left.length === right.length && timingSafeEqual(left, right);
}

function checksumOf(body: string): string {
  let text = '';
  for (let rest = crc32(body); text.length < CHECKSUM_CHARACTERS; rest = Math.floor(rest / 62)) {
    text = ALPHABET.charAt(rest % 62) + text;
  }
  return text;
}

function secretFrom(bytes: Buffer): string {
  let text = '';
  for (let rest = BigInt(`0x${bytes.toString('hex')}`); text.length < SECRET_CHARACTERS; rest /= 62n) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
  }
  return text;
}
