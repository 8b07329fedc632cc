import { Fault } from './fault.ts';

export interface BatcherOptions<Item, Result> {
  /** Most items in one run. */
  readonly batchMax: number;
  /** Most items that wait; one more is refused as `overloaded`. */
  readonly queueMax: number;
  /** How long the first item of a batch waits for company, in ms; 0 runs in the same turn of the event loop. */
  readonly delayMs: number;
  /** Handles one batch: a result or an Error for each item, in order. Throwing fails every item of the batch. */
  readonly run: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Carries many concurrent calls in few runs, one run at a time: what arrives while a run is under way forms the next
 * one. Order is kept. The queue is bounded, so that a slow run is felt by the callers and not by the memory.
 */
export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #isRunning = false;
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #drained: (() => void)[] = [];

  constructor(options: BatcherOptions<Item, Result>) {
    this.#options = options;
  }

  /** Items that wait for their run. */
  get depth(): number {
    return this.#waiting.length;
  }

  submit(item: Item): Promise<Result> {
    if (this.#waiting.length >= this.#options.queueMax) {
      return Promise.reject(
        new Fault('overloaded', 'Too many requests are waiting. Please try again in a moment.', {
          retryAfterMs: 1_000,
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves once nothing waits and nothing runs. */
  drain(): Promise<void> {
    if (!this.#isRunning && this.#waiting.length === 0) return Promise.resolve();
    const drained = new Promise<void>((resolve) => this.#drained.push(resolve));
    if (!this.#isRunning) this.#start();
    return drained;
  }

  #schedule(): void {
    if (this.#isRunning) return;
    if (this.#waiting.length >= this.#options.batchMax) {
      this.#start();
      return;
    }
    if (this.#timer !== undefined) return;
    const { delayMs } = this.#options;
    const start = () => this.#start();
    this.#timer = delayMs === 0 ? setImmediate(start) : setTimeout(start, delayMs);
  }

  #start(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer as NodeJS.Timeout);
      clearImmediate(this.#timer as NodeJS.Immediate);
      this.#timer = undefined;
    }
    void this.#runBatch();
  }

  async #runBatch(): Promise<void> {
    this.#isRunning = true;
    const batch = this.#waiting.splice(0, this.#options.batchMax);
    try {
      const results = await this.#options.run(batch.map((waiting) => waiting.item));
      if (results.length !== batch.length) {
        throw new Error(`a run of ${batch.length} items gave ${results.length} results`);
      }
      batch.forEach((waiting, index) => {
        const result = results[index];
        if (result instanceof Error) waiting.reject(result);
        else waiting.resolve(result as Result);
      });
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    }
    this.#isRunning = false;
    if (this.#waiting.length > 0) {
      if (this.#drained.length > 0) this.#start();
      else this.#schedule();
      return;
    }
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
