// `If-Match` and `Idempotency-Key`. A header that a route cannot keep is refused: who sends it relies on it.

import { createHash } from 'node:crypto';
import { Fault } from '@ai-switch/kernel';
import { isWrite, type Route } from './routes/route.ts';

const KEY_CHARACTERS_MAX = 255;
/** 130 bits: two keys do not come to one id. */
const DIGEST_CHARACTERS = 26;

/** The revision that a write is for; undefined: whatever is there. @throws Fault */
export function expectedRevisionIn(headers: Headers, route: Route): bigint | undefined {
  const text = headers.get('if-match');
  if (text === null || !isWrite(route)) return undefined;
  if (route.hasRevision !== true || route.creates === true) {
    throw new Fault('invalid', 'This takes no If-Match.', { details: { field: 'If-Match' } });
  }
  if (text.trim() === '*') return undefined;
  const [, revision] = /^\s*"([0-9]{1,18})"\s*$/.exec(text) ?? [];
  if (revision === undefined) throw staleRevision();
  return BigInt(revision);
}

function staleRevision(): Fault {
  return new Fault('conflict', 'It was changed meanwhile. Please read it again.', {
    details: { reason: 'revision' },
  });
}

export function etagOf(revision: unknown): string | undefined {
  return typeof revision === 'bigint' ? `"${revision}"` : undefined;
}

/** @throws Fault `invalid` for a key that cannot be kept */
export function idempotencyKeyIn(headers: Headers, route: Route): string | undefined {
  const key = headers.get('idempotency-key');
  if (key === null || route.method !== 'post' || !isWrite(route)) return undefined;
  const details = { field: 'Idempotency-Key' };
  if (key === '' || key.length > KEY_CHARACTERS_MAX) {
    throw new Fault('invalid', `The Idempotency-Key has 1 to ${KEY_CHARACTERS_MAX} characters.`, { details });
  }
  if (route.takesIdempotencyKey === true) return key;
  throw new Fault('invalid', 'This takes no Idempotency-Key: the document says what a repetition does.', {
    details,
  });
}

/** One id for each key of each user: two users who choose the same key have nothing to do with each other. */
export function idFromKey(prefix: string, parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `${prefix}_${BigInt(`0x${digest}`).toString(36).slice(0, DIGEST_CHARACTERS)}`;
}
