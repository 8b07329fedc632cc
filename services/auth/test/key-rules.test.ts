import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf, isSameDigest, KEY_CHARACTERS_MAX, makeKey, readKey } from '../src/key-rules.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_';

describe('an API key', () => {
  it('has the form ais_<keyId>_<43 characters of secret><6 of checksum>', () => {
    const { text, keyId, secret } = makeKey(Date.now());
    expect(text).toMatch(/^ais_[0-9a-z]{26}_[0-9A-Za-z]{49}$/);
    expect(text.startsWith(`ais_${keyId}_${secret}`)).toBe(true);
  });

  it('passes its own checksum, a thousand times', () => {
    for (let round = 0; round < 1_000; round += 1) {
      const { text, keyId, secret } = makeKey(Date.now());
      expect(readKey(text)).toEqual({ keyId, secret });
    }
  });

  it('fails on every change of a single character', () => {
    const { text } = makeKey(Date.now());
    const passing: string[] = [];
    for (let place = 0; place < text.length; place += 1) {
      for (const character of ALPHABET) {
        if (character === text[place]) continue;
        const changed = text.slice(0, place) + character + text.slice(place + 1);
        if (readKey(changed) !== undefined) passing.push(changed);
      }
    }
    expect(passing).toEqual([]);
  });

  it('fails on a single changed character in each of a thousand keys', () => {
    for (let round = 0; round < 1_000; round += 1) {
      const { text } = makeKey(Date.now());
      const place = round % text.length;
      const character = text[place] === 'x' ? 'y' : 'x';
      expect(readKey(text.slice(0, place) + character + text.slice(place + 1))).toBeUndefined();
    }
  });

  it('fails when two neighbours change places', () => {
    const { text } = makeKey(Date.now());
    for (let place = 0; place + 1 < text.length; place += 1) {
      const [left, right] = [text.charAt(place), text.charAt(place + 1)];
      if (left === right) continue;
      expect(readKey(text.slice(0, place) + right + left + text.slice(place + 2))).toBeUndefined();
    }
  });

  it.each([
    ['nothing', ''],
    ['a key of another product', 'sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
    ['its prefix alone', 'ais_'],
    ['a header with its scheme', `Bearer ${makeKey(0).text}`],
    ['a key with a line after it', `${makeKey(0).text}\n`],
    ['a key with a space before it', ` ${makeKey(0).text}`],
    ['a key in upper case', makeKey(0).text.toUpperCase()],
    ['a key cut short', makeKey(0).text.slice(0, -1)],
    ['a key twice', makeKey(0).text.repeat(2)],
    ['control characters', 'ais_\u0000\u0001_'],
    ['a megabyte', `ais_${'a'.repeat(1_000_000)}`],
  ])('is not %s', (_name, text) => {
    expect(readKey(text)).toBeUndefined();
  });

  it('is refused by its length before any other work', () => {
    const text = 'ais_'.padEnd(50_000_000, 'a');
    expect(text.length).toBeGreaterThan(KEY_CHARACTERS_MAX);
    const startedAtMs = performance.now();
    for (let round = 0; round < 10_000; round += 1) readKey(text);
    expect(performance.now() - startedAtMs).toBeLessThan(100);
  });

  it('has 256 random bits: a thousand secrets differ and use every character in every place', () => {
    const secrets = Array.from({ length: 3_000 }, () => makeKey(0).secret);
    expect(new Set(secrets).size).toBe(secrets.length);
    // The first place holds what is left above 62^42, so it does not take all 62 values.
    for (let place = 1; place < 43; place += 1) {
      expect(new Set(secrets.map((secret) => secret[place])).size).toBe(62);
    }
  });
});

describe('the digest of a secret', () => {
  const pepper = createSecretKey('a pepper of more than 32 characters', 'utf8');

  it('is SHA-256, and with a pepper HMAC-SHA-256', () => {
    // printf abc | sha256sum; printf abc | openssl dgst -sha256 -hmac 'a pepper of more than 32 characters'
    expect(digestOf('abc', undefined)).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(digestOf('abc', pepper)).toBe('129cc25f8db7ae5e1d9dc57f7d58e2d940c16c92de04e99b0e0954d0afd085be');
  });

  it('differs with the pepper', () => {
    const other = createSecretKey('another pepper of more than 32 characters', 'utf8');
    const digests = [undefined, pepper, other].map((each) => digestOf('abc', each));
    expect(new Set(digests).size).toBe(3);
  });

  it('equals itself only', () => {
    const digest = digestOf('abc', undefined);
    expect(isSameDigest(digest, digestOf('abc', undefined))).toBe(true);
    expect(isSameDigest(digest, digestOf('abd', undefined))).toBe(false);
    expect(isSameDigest(digest, digest.slice(0, -1))).toBe(false);
    expect(isSameDigest(digest, '')).toBe(false);
  });
});
