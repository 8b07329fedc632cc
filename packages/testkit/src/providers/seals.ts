// What a provider hides its reasoning in. Real ones are opaque and checked when they come back; so are these, by a mark over
// who made them and what they belong to, so that a provider knows its own without remembering any.

import { createHmac } from 'node:crypto';

const KEY = 'the scripted provider';

/** @param bound what the seal is of no worth without: the words of the thought, the item's id, the model */
export function seal(maker: string, bound: string): string {
  const mark = createHmac('sha256', KEY).update(`${maker}\n${bound}`).digest();
  return Buffer.concat([Buffer.from(`${maker}:`), mark]).toString('base64');
}

export function isSealOf(value: unknown, maker: string, bound: string): boolean {
  return value === seal(maker, bound);
}
