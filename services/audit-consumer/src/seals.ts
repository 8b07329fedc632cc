// The signatures on rows that change: each is made over what the row says, by whoever changes it, and only when the one before
// was good. A row that somebody else changed is never signed again, so that what he did stays to be seen.

import type { Signer } from '@ai-switch/event-log';

/** Of a row that was not as it was signed. */
const BROKEN = 'broken';

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

export function isGood(seal: string, statementOf: (keyId: string) => string, signer: Signer): boolean {
  const { keyId, signature } = sealIn(seal);
  return signature.length > 0 && signer.verify(keyId, statementOf(keyId), signature);
}

/** What was signed and by what signature, which is empty for none. */
export function sealIn(seal: string): { readonly keyId: string; readonly signature: Buffer } {
  const dot = seal.indexOf('.');
  return dot === -1
    ? { keyId: '', signature: Buffer.alloc(0) }
    : { keyId: seal.slice(0, dot), signature: Buffer.from(seal.slice(dot + 1), 'base64') };
}
