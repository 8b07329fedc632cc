/** The time that all texts of one request may take together. */
export class Budget {
  readonly #now: () => number;
  #leftMs: number;

  /** @param now a clock in milliseconds that only goes on */
  constructor(ms: number, now: () => number = () => performance.now()) {
    this.#leftMs = ms;
    this.#now = now;
  }

  /** A watch on what is left: it runs until it is stopped, so that waiting between two texts costs nothing. */
  start(): Watch {
    const startedAtMs = this.#now();
    const endsAtMs = startedAtMs + this.#leftMs;
    return {
      isOver: () => this.#now() >= endsAtMs,
      stop: () => {
        this.#leftMs -= this.#now() - startedAtMs;
      },
    };
  }
}

export interface Watch {
  isOver(): boolean;
  stop(): void;
}
