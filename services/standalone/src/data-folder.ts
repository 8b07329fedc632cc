// The folder that holds everything which has to outlive the process. One process uses it at a time: it keeps an exclusive
// lock on a file there, which the operating system lets go of however the process ends.

import { join, resolve } from 'node:path';
import { ConfigError, type FolderLock, lockFolder, makeFolder } from '@ai-switch/kernel';

export interface DataFolder {
  readonly masterKeyPath: string;
  /** Of what auth seals. */
  readonly authSecretPath: string;
  /** Of the key that vouches for the audit trail. */
  readonly signingKeyPath: string;
  /** The folder of the audit trail's signed roots. */
  readonly rootsPath: string;
  /** The folder of the edge's spool. */
  readonly spoolPath: string;
  /** The folder of what is not in the audit log yet. */
  readonly eventsPath: string;
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
    authSecretPath: join(folder, 'auth.secret'),
    signingKeyPath: join(folder, 'audit-signing.key'),
    rootsPath: join(folder, 'audit-roots'),
    spoolPath: join(folder, 'spool'),
    eventsPath: join(folder, 'events'),
    databaseUrl: (service) => `sqlite:${join(folder, `${service}.db`)}`,
    close: () => lock.release(),
  };
}

function takeLock(folder: string): FolderLock {
  let lock: FolderLock | undefined;
  try {
    lock = lockFolder(folder);
  } catch (cause) {
    throw notWritable(folder, cause);
  }
  if (lock !== undefined) return lock;
  throw new ConfigError(
    `another process uses the data folder ${folder}: stop that one, or set AISWITCH_DATA to another folder`,
  );
}

function notWritable(folder: string, cause: unknown): ConfigError {
  return new ConfigError(
    `the data folder ${folder} cannot be written: check who owns it, or set AISWITCH_DATA to another`,
    { cause },
  );
}
