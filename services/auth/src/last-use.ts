// When each key was last used, to the minute. It is noted in memory on the request path and written in batches off it:
// what a crash loses is at most WRITE_DELAY_MS of notes. A store that is down costs notes, never a request.

import type { Clock } from '@ai-switch/kernel';

const MINUTE_MS = 60_000;
const WRITE_DELAY_MS = 5_000;
/** Keys noted and not yet written at most; further ones wait for their next use. */
const NOTES_MAX = 10_000;

export interface LastUseOptions {
  readonly write: (atMs: number, keyIds: readonly string[]) => Promise<void>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly delayMs?: number;
}

export class LastUse {
  readonly #options: LastUseOptions;
  /** The minute that the notes are about. */
  #minuteMs = 0;
  #noted = new Set<string>();
  #unwritten: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LastUseOptions) {
    this.#options = options;
  }

  note(keyId: string): void {
    const nowMs = this.#options.clock.nowMs();
    const minuteMs = nowMs - (nowMs % MINUTE_MS);
    if (minuteMs !== this.#minuteMs) {
      this.#startWriting();
      this.#minuteMs = minuteMs;
      this.#noted = new Set();
    }
    if (this.#noted.has(keyId) || this.#noted.size >= NOTES_MAX) return;
    this.#noted.add(keyId);
    this.#unwritten.push(keyId);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#startWriting(), this.#options.delayMs ?? WRITE_DELAY_MS);
    this.#timer.unref();
  }

  /** Resolves once every note so far is written, or its writing has failed. */
  flush(): Promise<void> {
    this.#startWriting();
    return this.#writing;
  }

  #startWriting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [atMs, keyIds] = [this.#minuteMs, this.#unwritten];
    if (keyIds.length === 0) return;
    this.#unwritten = [];
    this.#writing = this.#writing
      .then(() => this.#options.write(atMs, keyIds))
      .catch((error: unknown) => this.#options.onError(error));
  }
}
