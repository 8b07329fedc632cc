// What SQLite committed lies in its write-ahead log: once the log's bytes are on the disk, the commit survives a power
// cut. The database file itself is never opened here: closing a second descriptor of it would drop SQLite's POSIX locks
// on it (https://www.sqlite.org/howtocorrupt.html, section 2.2). The log carries no locks.

import { close, closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const syncFile = promisify(fdatasync);
const closeFile = promisify(close);

/** Makes the write-ahead log durable on a thread of its own; callers at the same time share one run. */
export class LogFlusher {
  readonly #path: string;
  #file: number | undefined;
  #running: Promise<void> | undefined;
  /** What those wait for whom the run under way does not serve. */
  #next: PromiseWithResolvers<void> | undefined;
  #failure: unknown;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves once everything written before the call is on the disk. */
  flush(): Promise<void> {
    // A run under way may have begun before the caller's bytes were written: the caller waits for the next one.
    this.#next ??= Promise.withResolvers();
    const { promise } = this.#next;
    this.#running ??= this.#run();
    return promise;
  }

  async close(): Promise<void> {
    await this.#running;
    if (this.#file !== undefined) await closeFile(this.#file);
    this.#file = undefined;
  }

  async #run(): Promise<void> {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined;
      await this.#sync().then(next.resolve, next.reject);
    }
    this.#running = undefined;
  }

  async #sync(): Promise<void> {
    // After a failed sync the kernel may have dropped the pages and call the next one a success.
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#file ??= this.#open();
      await syncFile(this.#file);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Opens the log, which SQLite made with the first write and keeps until it closes, and makes its name durable. */
  #open(): number {
    const folder = openSync(dirname(this.#path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
    return openSync(this.#path, 'r');
  }
}
