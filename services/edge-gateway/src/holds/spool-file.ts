// The bytes of a spool. What is appended is with the operating system when `append` returns, so that a process which is
// killed loses nothing; `sync` makes it survive a power cut as well.

import { closeSync, fdatasync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '@ai-switch/kernel';

export interface SpoolFile {
  /** All that is in it. */
  read(): string;
  /** @throws when the disk does not take it */
  append(text: string): void;
  /** Puts this in place of all that was in it, at once or not at all. */
  replace(text: string): void;
  sync(): Promise<void>;
  close(): void;
}

/** Who may read it may act for those whose holds stand in it. */
const MODE = 0o600;

const fdatasyncOf = promisify(fdatasync);

/** @param folder is made when missing; one process uses it at a time, which its owner sees to */
export function openSpoolFile(folder: string): SpoolFile {
  makeFolder(folder, 0o700);
  const path = join(folder, 'holds.spool');
  let descriptor = openSync(path, 'a', MODE);
  return {
    read: () => readFileSync(path, 'utf8'),
    append: (text) => {
      writeSync(descriptor, text);
    },
    replace: (text) => {
      const next = `${path}.next`;
      writeFileSync(next, text, { mode: MODE });
      renameSync(next, path);
      closeSync(descriptor);
      descriptor = openSync(path, 'a', MODE);
    },
    sync: () => fdatasyncOf(descriptor),
    close: () => closeSync(descriptor),
  };
}

/** For an edge that keeps nothing beyond its own life, as tests want it. */
export function memorySpoolFile(): SpoolFile {
  let kept = '';
  return {
    read: () => kept,
    append: (text) => {
      kept += text;
    },
    replace: (text) => {
      kept = text;
    },
    sync: () => Promise.resolve(),
    close: () => {},
  };
}
