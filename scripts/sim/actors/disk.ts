// The disk of one edge: what is written survives the process, what was written a while ago survives the power.

import type { SpoolFile } from '@ai-switch/edge-gateway';
import type { Clock } from '@ai-switch/kernel';
import type { Random } from '../random.ts';

/** How long bytes may wait until they are safe. */
const SYNC_MS = 300;

export class Disk {
  readonly #clock: Clock;
  #bytes: Buffer = Buffer.alloc(0);
  /** How long the file was, and since when it is longer. */
  #marks: { readonly atMs: number; readonly length: number }[] = [];

  #fullUntilMs = 0;
  /** Something that was to be written is not there. */
  hasLost = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The spool's file, for as long as its process lives. */
  open(isAlive: () => boolean): SpoolFile {
    return {
      read: () => this.#bytes.toString('utf8'),
      append: (text) => {
        if (!isAlive()) return;
        this.#assertRoom();
        this.#marks.push({ atMs: this.#clock.nowMs(), length: this.#bytes.length });
        this.#bytes = Buffer.concat([this.#bytes, Buffer.from(text)]);
      },
      replace: (text) => {
        if (!isAlive()) return;
        this.#assertRoom();
        this.#marks = [];
        this.#bytes = Buffer.from(text);
      },
      // What is safe by when is for the power cut to say.
      sync: () => Promise.resolve(),
      close: () => {},
    };
  }

  /** Takes nothing for that long. */
  fill(forMs: number): void {
    this.#fullUntilMs = this.#clock.nowMs() + forMs;
  }

  empty(): void {
    this.#fullUntilMs = 0;
  }

  #assertRoom(): void {
    if (this.#clock.nowMs() >= this.#fullUntilMs) return;
    this.hasLost = true;
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }

  /** The power fails: of what was not safe a part is lost, cut anywhere. @returns whether anything was */
  tear(random: Random): boolean {
    const nowMs = this.#clock.nowMs();
    const unsafe = this.#marks.find(({ atMs }) => atMs > nowMs - SYNC_MS);
    const kept = random.whole(unsafe?.length ?? this.#bytes.length, this.#bytes.length);
    const isTorn = kept < this.#bytes.length;
    this.#bytes = this.#bytes.subarray(0, kept);
    this.#marks = [];
    return isTorn;
  }
}
