// The folder that holds everything which has to outlive the process. One process uses it at a time: it keeps an exclusive
// lock on a file there, which the operating system lets go of however the process ends.

import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError, makeFolder } from '@ai-switch/kernel';

const SQLITE_BUSY = 5;

export interface DataFolder {
  readonly masterKeyPath: string;
  /** The address of one service's own database file. */
  databaseUrl(service: string): string;
  /** Lets the next process in. */
  close(): void;
}

/** @throws ConfigError of one line when the folder cannot be written, or another process uses it */
export function openDataFolder(path: string): DataFolder {
  const folder = resolve(path);
  try {
    makeFolder(folder, 0o700);
  } catch (cause) {
    throw notWritable(folder, cause);
  }
  const lock = takeLock(folder);
  return {
    masterKeyPath: join(folder, 'master.key'),
    databaseUrl: (service) => `sqlite:${join(folder, `${service}.db`)}`,
    close: () => lock.close(),
  };
}

function takeLock(folder: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, 'in-use.lock'), { timeout: 0 });
    // In the rollback journal's mode a lock needs no other file; a write lock shows that the folder can be written.
    lock.exec('pragma journal_mode = memory; begin exclusive;');
    return lock;
  } catch (cause) {
    lock?.close();
    const isBusy = cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY;
    if (!isBusy) throw notWritable(folder, cause);
    throw new ConfigError(
      `another process uses the data folder ${folder}: stop that one, or set AISWITCH_DATA to another folder`,
      { cause },
    );
  }
}

function notWritable(folder: string, cause: unknown): ConfigError {
  return new ConfigError(
    `the data folder ${folder} cannot be written: check who owns it, or set AISWITCH_DATA to another`,
    { cause },
  );
}
