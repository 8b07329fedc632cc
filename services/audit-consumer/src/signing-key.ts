// The key that vouches for the trail, in a file of its own.

import { generateKeyPairSync } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { type Signer, signerOf } from '@ai-switch/event-log';
import { ConfigError, createSecretFile } from '@ai-switch/kernel';

/**
 * @param path of an Ed25519 private key in PEM; the public halves of those before it may follow
 * @throws ConfigError of one line
 */
export async function openSigningKey(
  path: string,
  options: { readonly mayCreate: boolean },
): Promise<Signer> {
  if (options.mayCreate) await makeSigningKey(path);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new ConfigError(
      `the signing key file ${path} cannot be read: make one with \`openssl genpkey -algorithm ed25519\``,
    );
  }
  if ((found.mode & 0o077) !== 0) {
    throw new ConfigError(`the signing key file ${path} can be read by others: run \`chmod 600\` on it`);
  }
  try {
    return signerOf(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`the signing key file ${path} holds no Ed25519 private key in PEM`, { cause });
  }
}

async function makeSigningKey(path: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await createSecretFile(path, pem).catch((cause: unknown) => {
    throw new ConfigError(`the signing key file ${path} cannot be made: check its folder`, { cause });
  });
}
