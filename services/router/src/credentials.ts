// Providers' credentials at rest. The master key never touches one: it seals a data key for each tenant, and that seals
// the tenant's credentials. The place where a text is stored is part of what is authenticated, so that a text that was
// moved to another tenant, provider or purpose does not open. Nothing here can be asked to show a credential but
// `openCredential`, which only the snapshot of routes calls.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { ConfigError, createSecretFile } from '@ai-switch/kernel';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 'v1';

/** A sealed text that does not open: it was changed, moved, or sealed with another key. Holds nothing of it. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/** The key that seals data keys. */
export interface MasterKey {
  readonly bytes: Buffer;
  /** Names the key without telling anything about it; the `<kek>` of a sealed text. */
  readonly id: string;
}

/** The key that seals one tenant's credentials. */
export interface DataKey {
  readonly bytes: Buffer;
  /** The `<dek>` of a sealed text. */
  readonly version: string;
  readonly masterKeyId: string;
}

/** Where a credential is stored. */
export interface CredentialPlace {
  readonly tenant: string;
  readonly provider: string;
}

export interface MasterKeyFile {
  readonly key: Buffer;
  /** True when the file was made by this call. Whoever starts the process tells its operator to keep a copy. */
  readonly isNew: boolean;
}

/**
 * Reads the master key from a file of exactly 32 bytes that only its owner can read. With `mayCreate`, a file that is
 * not there is made with a random key.
 * @throws ConfigError of one line: missing, short, long, trivial, or open to others.
 */
export async function openMasterKey(
  path: string,
  options: { readonly mayCreate: boolean },
): Promise<MasterKeyFile> {
  const isNew = options.mayCreate && (await createKeyFile(path));
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new ConfigError(
      `the master key file ${path} cannot be read: make one with \`head -c 32 /dev/urandom\``,
    );
  }
  if ((found.mode & 0o077) !== 0) {
    throw new ConfigError(`the master key file ${path} can be read by others: run \`chmod 600\` on it`);
  }
  if (found.size !== KEY_BYTES) {
    throw new ConfigError(
      `the master key file ${path} has ${found.size} bytes, it must have exactly ${KEY_BYTES}`,
    );
  }
  const key = await readFile(path).catch((cause: unknown) => {
    throw new ConfigError(`the master key file ${path} cannot be read by this user`, { cause });
  });
  assertMasterKey(key);
  return { key, isNew };
}

export function masterKeyOf(bytes: Buffer): MasterKey {
  assertMasterKey(bytes);
  const id = createHash('sha256').update('ai-switch master key id|').update(bytes).digest('hex').slice(0, 12);
  return { bytes, id };
}

export interface SealedDataKey {
  readonly version: string;
  readonly sealed: string;
}

/** @param bytes of the key, when there is one already that is to be sealed anew */
export function createDataKey(
  masterKey: MasterKey,
  tenant: string,
  version: string,
  bytes: Buffer = randomBytes(KEY_BYTES),
): SealedDataKey {
  const place = dataKeyPlace(tenant, version);
  return {
    version,
    sealed: [FORMAT, masterKey.id, ...seal(masterKey.bytes, bytes, place)].join('.'),
  };
}

/** @throws SealError */
export function openDataKey(
  masterKey: MasterKey,
  tenant: string,
  { version, sealed }: SealedDataKey,
): DataKey {
  const [format, kek, ...parts] = sealed.split('.');
  if (format !== FORMAT) throw new SealError('the data key has an unknown format');
  if (kek !== masterKey.id) {
    throw new SealError(
      `the data key was sealed with the master key ${kek}, and this process has ${masterKey.id}`,
    );
  }
  const bytes = unseal(masterKey.bytes, parts, dataKeyPlace(tenant, version));
  if (bytes.length !== KEY_BYTES) throw new SealError('the data key has a wrong length');
  return { bytes, version, masterKeyId: masterKey.id };
}

/** `v1.<kek>.<dek>.<iv>.<ct>.<tag>` */
export function sealCredential(dataKey: DataKey, place: CredentialPlace, credential: string): string {
  const parts = seal(dataKey.bytes, Buffer.from(credential, 'utf8'), credentialPlace(dataKey, place));
  return [FORMAT, dataKey.masterKeyId, dataKey.version, ...parts].join('.');
}

/** @throws SealError */
export function openCredential(dataKey: DataKey, place: CredentialPlace, sealed: string): string {
  const [format, kek, dek, ...parts] = sealed.split('.');
  if (format !== FORMAT) throw new SealError('the credential has an unknown format');
  if (kek !== dataKey.masterKeyId || dek !== dataKey.version) {
    throw new SealError('the credential was sealed with another key');
  }
  return unseal(dataKey.bytes, parts, credentialPlace(dataKey, place)).toString('utf8');
}

// What is authenticated with a text: `tenant|provider|credential|keyVersion|purpose`. No part may hold a bar: tenants
// and provider names are checked against patterns without one. A provider has one credential, the `default`.

function credentialPlace({ version }: DataKey, { tenant, provider }: CredentialPlace): string {
  return [tenant, provider, 'default', version, 'upstream'].join('|');
}

function dataKeyPlace(tenant: string, version: string): string {
  return [tenant, '', '', version, 'data-key'].join('|');
}

function seal(key: Buffer, plain: Buffer, place: string): readonly [iv: string, ct: string, tag: string] {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(place, 'utf8'));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return [iv.toString('base64url'), sealed.toString('base64url'), cipher.getAuthTag().toString('base64url')];
}

function unseal(key: Buffer, parts: readonly string[], place: string): Buffer {
  const [iv, sealed, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
  if (parts.length !== 3 || iv?.length !== IV_BYTES || tag?.length !== TAG_BYTES || sealed === undefined) {
    throw new SealError('the sealed text is not whole');
  }
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(place, 'utf8'));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    throw new SealError('the sealed text was changed, or moved from another place');
  }
}

/** Empty, short and default secrets are refused. */
function assertMasterKey(key: Buffer): void {
  if (key.length !== KEY_BYTES) throw new ConfigError(`the master key must have exactly ${KEY_BYTES} bytes`);
  if (key.every((byte) => byte === key[0])) {
    throw new ConfigError('the master key is one byte repeated: make one with `head -c 32 /dev/urandom`');
  }
}

/**
 * Makes the file with its folder entry on disk before anything is sealed with it; false when it is there already. It gets
 * its name when it is whole: a process that dies before leaves a file that nobody reads.
 */
async function createKeyFile(path: string): Promise<boolean> {
  try {
    return await createSecretFile(path, randomBytes(KEY_BYTES));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new ConfigError(`the master key file ${path} cannot be made (${code}): check its folder`);
  }
}
