/** Sees to it that long work on one request lets others go on. */
export class Turns {
  #since = performance.now();

  /** True once the event loop was held up for so long that others should have their turn. */
  get isOver(): boolean {
    return performance.now() - this.#since >= TURN_MS;
  }

  /** Lets everybody else go on first. */
  async yield(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

const TURN_MS = 5;
