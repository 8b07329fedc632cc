// Who vouches for a trail: Ed25519 over the UTF-8 of a statement. A key is named by a digest of its public half, so that
// statements say which one signed them and a key can follow another.

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

export interface Signer {
  /** The public half's name. */
  readonly keyId: string;
  /** The public halves in PEM, one after another: its own, then those before it. */
  readonly publicKey: string;
  /** 64 bytes. */
  sign(statement: string): Uint8Array;
  /** Whether it, or one of the keys before it, made a signature. */
  readonly verify: Verifier;
  /** Whether a key is its own or one of those before it. */
  knows(keyId: string): boolean;
}

/** Checks that one of these keys made a signature. */
export type Verifier = (keyId: string, statement: string, signature: Uint8Array) => boolean;

/**
 * @param keys a private key in PEM; after it the public halves of those that signed before
 * @throws Error for what is no Ed25519 key
 */
export function signerOf(keys: string): Signer {
  const [privateKey = ''] =
    /-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----[^-]+-----END (?:ENCRYPTED )?PRIVATE KEY-----/.exec(keys) ??
    [];
  const key = createPrivateKey(privateKey);
  const own = createPublicKey(key);
  refuseOthers(own);
  const known = [own, ...publicKeysIn(keys)];
  const publicKey = known.map((each) => each.export({ type: 'spki', format: 'pem' }).toString()).join('');
  return {
    keyId: keyIdOf(own),
    publicKey,
    sign: (statement) => sign(null, Buffer.from(statement), key),
    verify: verifierOf(publicKey),
    knows: (keyId) => known.some((each) => keyIdOf(each) === keyId),
  };
}

/** @param publicKeys one or several, one after another, in PEM @throws Error for what is no Ed25519 key */
export function verifierOf(publicKeys: string): Verifier {
  const keys = new Map(publicKeysIn(publicKeys).map((key) => [keyIdOf(key), key]));
  if (keys.size === 0)
    throw new Error('there is no public key in it: it begins with -----BEGIN PUBLIC KEY-----');
  return (keyId, statement, signature) => {
    const key = keys.get(keyId);
    return key !== undefined && verify(null, Buffer.from(statement), key, signature);
  };
}

function publicKeysIn(text: string): KeyObject[] {
  return [...text.matchAll(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g)].map(([pem]) => {
    const key = createPublicKey(pem);
    refuseOthers(key);
    return key;
  });
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
