import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Makes a folder and those above it. Node's own `recursive` never returns where a system refuses with ENOENT under a
 * folder that exists, as /proc does.
 * @param mode of the folder itself when it is made; an existing one is left as it is
 * @throws the system's error, with its `code` and `syscall`
 */
export function makeFolder(path: string, mode = 0o777): void {
  const parent = dirname(path);
  if (!existsSync(parent)) makeFolder(parent);
  if (!existsSync(path)) mkdirSync(path, { mode });
}

export interface FolderLock {
  /** Lets the next process in. */
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes a folder for this process alone. The operating system lets go of it however the process ends: it is SQLite's lock
 * on an empty file, because Node has none of its own.
 * @returns undefined when another process has it
 * @throws when the folder cannot be written
 */
export function lockFolder(folder: string): FolderLock | undefined {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, 'in-use.lock'), { timeout: 0 });
    const taken = lock;
    // In the rollback journal's mode a lock needs no other file; a write lock shows that the folder can be written.
    taken.exec('pragma journal_mode = memory; begin exclusive;');
    return { release: () => taken.close() };
  } catch (cause) {
    lock?.close();
    const isBusy = cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY;
    if (isBusy) return undefined;
    throw cause;
  }
}
