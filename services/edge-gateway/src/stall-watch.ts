import type { ServerResponse } from 'node:http';
import type { EdgeParts } from './edge-parts.ts';
import { NOT_ENROLLED } from './roster.ts';
import type { Ticking } from './ticker.ts';

/** What the system's own buffers take at once is not worth watching. */
const WATCHED_BYTES = 64 * 1024;

/** Drops a client that does not read the rest of an answer whose last byte was written already. */
export function watchStall(edge: EdgeParts, outgoing: ServerResponse): void {
  if (outgoing.writableLength > WATCHED_BYTES) edge.ticker.add(new StallWatch(edge, outgoing));
}

class StallWatch implements Ticking {
  rosterPlace = NOT_ENROLLED;
  readonly #edge: EdgeParts;
  readonly #outgoing: ServerResponse;
  #waiting: number;
  #sinceMs = performance.now();

  constructor(edge: EdgeParts, outgoing: ServerResponse) {
    this.#edge = edge;
    this.#outgoing = outgoing;
    this.#waiting = outgoing.writableLength;
  }

  tick(nowMs: number): void {
    const { writableLength, writableFinished, destroyed } = this.#outgoing;
    if (writableFinished || destroyed) this.#edge.ticker.delete(this);
    else if (writableLength < this.#waiting) {
      this.#waiting = writableLength;
      this.#sinceMs = nowMs;
    } else if (nowMs - this.#sinceMs >= this.#edge.settings.clientStallMs) this.#outgoing.destroy();
  }
}
