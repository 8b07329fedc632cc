// The signatures on rows that change: each is made over what the row says, by whoever changes it, and only when the one before
// was good. A row that somebody else changed is never signed again, so that what he did stays to be seen.

import type { Signer } from '@ai-switch/event-log';

/** Of a row that was not as it was signed. */
const BROKEN = 'broken.';

/** @param statementOf the statement by the id of its key @returns `<key id>.<base64>`; empty when nothing is signed here */
export function sealOf(statementOf: (keyId: string) => string, signer: Signer | undefined): string {
  if (signer === undefined) return '';
  return `${signer.keyId}.${Buffer.from(signer.sign(statementOf(signer.keyId))).toString('base64')}`;
}

/** The seal of a row once it has changed, by what it said and how it was sealed before. */
export function nextSeal(
  before: { readonly seal: string; readonly statementOf: (keyId: string) => string },
  statementOf: (keyId: string) => string,
  signer: Signer | undefined,
): string {
  if (signer === undefined) return '';
  return isGood(before.seal, before.statementOf, signer) ? sealOf(statementOf, signer) : BROKEN;
}

function isGood(seal: string, statementOf: (keyId: string) => string, signer: Signer): boolean {
  const { keyId, signature } = sealIn(seal);
  return signature.length > 0 && signer.verify(keyId, statementOf(keyId), signature);
}

/** Who signed a row and how; an empty signature for nobody. */
export function sealIn(seal: string): { readonly keyId: string; readonly signature: Buffer } {
  const dot = seal.indexOf('.');
  return { keyId: seal.slice(0, Math.max(dot, 0)), signature: signatureIn(seal.slice(dot + 1)) };
}

/** Empty for a text that was changed, even where it would stand for the same bytes. */
export function signatureIn(text: string): Buffer {
  const signature = Buffer.from(text, 'base64');
  return signature.toString('base64') === text ? signature : Buffer.alloc(0);
}
