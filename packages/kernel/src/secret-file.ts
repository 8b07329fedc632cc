import { randomBytes } from 'node:crypto';
import { link, open, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a file for its owner only, whole or not at all, that is on the disk when this resolves.
 *
 * @returns false when there is one already, which is left as it is
 * @throws the error of the file system
 */
export async function createSecretFile(path: string, content: Uint8Array | string): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    await writeFile(draft, content, { mode: 0o600, flag: 'wx', flush: true });
    // Unlike a rename, it leaves a file that somebody else made meanwhile.
    await link(draft, path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return true;
}
