// The bytes of a spool. What is appended is with the operating system when `append` returns, so that a process which is
// killed loses nothing; `sync` makes it survive a power cut as well.

import { closeSync, fdatasync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '@ai-switch/kernel';

export interface SpoolFile {
  /** All that is in it. */
  read(): string;
  /** @throws when the disk does not take it, or takes only a part: what follows begins a line of its own */
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
  let isTorn = false;
  // The number of a closed file soon stands for another one, or for a client's socket.
  let isClosed = false;
  return {
    read: () => readFileSync(path, 'utf8'),
    append: (text) => {
      if (isClosed) throw new Error('the spool is closed');
      const whole = isTorn ? `\n${text}` : text;
      isTorn = true;
      writeAll(descriptor, whole);
      isTorn = false;
    },
    replace: (text) => {
      if (isClosed) throw new Error('the spool is closed');
      const old = descriptor;
      descriptor = replaceFile(path, text);
      isTorn = false;
      closeSync(old);
    },
    sync: () => (isClosed ? Promise.resolve() : fdatasyncOf(descriptor)),
    close: () => {
      if (isClosed) return;
      isClosed = true;
      closeSync(descriptor);
    },
  };
}

/** @returns the new file, open; the old one stands as it was when this throws */
function replaceFile(path: string, text: string): number {
  const next = `${path}.next`;
  rmSync(next, { force: true });
  const descriptor = openSync(next, 'a', MODE);
  try {
    writeAll(descriptor, text);
    renameSync(next, path);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    rmSync(next, { force: true });
    throw error;
  }
}

/** A disk that is nearly full takes a part, and says so by the count alone. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
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
