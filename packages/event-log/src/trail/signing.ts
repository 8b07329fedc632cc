// Who vouches for a trail: Ed25519 over the UTF-8 of a statement. A key is named by a digest of its public half, so that
// statements say which one signed them and a key can follow another.

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

export interface Signer {
  /** The public half's name. */
  readonly keyId: string;
  /** In PEM. */
  readonly publicKey: string;
  /** 64 bytes. */
  sign(statement: string): Uint8Array;
}

/** @param privateKey in PEM @throws Error for what is no Ed25519 key */
export function signerOf(privateKey: string): Signer {
  const key = createPrivateKey(privateKey);
  const publicKey = createPublicKey(key);
  refuseOthers(publicKey);
  return {
    keyId: keyIdOf(publicKey),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (statement) => sign(null, Buffer.from(statement), key),
  };
}

/** Checks that one of these keys made a signature. */
export type Verifier = (keyId: string, statement: string, signature: Uint8Array) => boolean;

/** @param publicKeys one or several, one after another, in PEM @throws Error for what is no Ed25519 key */
export function verifierOf(publicKeys: string): Verifier {
  const keys = new Map<string, KeyObject>();
  for (const [pem] of publicKeys.matchAll(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g)) {
    const key = createPublicKey(pem);
    refuseOthers(key);
    keys.set(keyIdOf(key), key);
  }
  if (keys.size === 0)
    throw new Error('there is no public key in it: it begins with -----BEGIN PUBLIC KEY-----');
  return (keyId, statement, signature) => {
    const key = keys.get(keyId);
    return key !== undefined && verify(null, Buffer.from(statement), key, signature);
  };
}

function keyIdOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

function refuseOthers(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the key is not an Ed25519 key');
}
