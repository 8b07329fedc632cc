import { isSealOf, seal } from './seals.ts';

/** Bound to the id of its item, which can be read from it: items come back without their ids, too. */
export function encryptedReasoning(itemId: string): string {
  return `${Buffer.from(itemId).toString('base64url')}.${seal('openai', itemId)}`;
}

/** @param itemId of the item that it came back in, if it has one */
export function isEncryptedReasoning(value: string, itemId: unknown): boolean {
  const [encoded = '', sealed] = value.split('.');
  const madeFor = Buffer.from(encoded, 'base64url').toString();
  return isSealOf(sealed, 'openai', madeFor) && (itemId === undefined || itemId === madeFor);
}
