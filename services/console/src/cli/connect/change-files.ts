// How a client's files are changed. They are a person's own: nothing is written before all of them could be read and
// edited, what stood there is kept beside, and a file is put in place whole or not at all.

import { copyFile, lstat, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../cli-error.ts';
import { type ConfigurationFile, shownPath } from './client-setup.ts';

/** Nobody's settings are longer; a file that is, is something else. */
const FILE_BYTES_MAX = 1024 * 1024;

export interface FileChange {
  readonly path: string;
  /** Empty for a file that is not there. */
  readonly before: string;
  readonly after: string;
}

/** @throws CliError when a file cannot be read, or must not be edited */
export async function changeOf(file: ConfigurationFile): Promise<FileChange> {
  // A link stays a link: what it leads to is changed.
  const path = await realpath(file.path).catch(() => file.path);
  const before = await textOf(path);
  try {
    return { path, before, after: file.edit(before) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(
      `${shownPath(path)} is left as it is: ${error.message}. Without --write this command prints what to put there.`,
    );
  }
}

/**
 * @returns where the text before is kept; undefined when there was none
 * @throws CliError when the file cannot be written, or has changed since it was read
 */
export async function writeChange(
  { path, before, after }: FileChange,
  now: Date,
): Promise<string | undefined> {
  if ((await textOf(path)) !== before) {
    throw new CliError(`${shownPath(path)} has just been changed by something else: run this again`);
  }
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const backup = before === '' ? undefined : `${path}.${stampOf(now)}.bak`;
    if (backup !== undefined) await copyFile(path, backup);
    // It holds a key from now on.
    await writeFile(unfinished, after, { mode: 0o600 });
    await rename(unfinished, path);
    return backup;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw new CliError(`${shownPath(path)} cannot be written (${codeOf(error)})`);
  }
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX) throw new CliError(`${shownPath(path)} is too big to be settings`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    // A link that leads nowhere is not ours to mend.
    if (codeOf(error) === 'ENOENT' && (await lstat(path).catch(() => undefined)) === undefined) return '';
    throw new CliError(`${shownPath(path)} cannot be read (${codeOf(error)})`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function stampOf(now: Date): string {
  return now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
}
