// Gathers what is to be written to one stream: what comes while the other end has nothing to do goes at once, what comes within a
// millisecond of that goes together. Under load that is one message for many calls; at rest no call waits.

/** Of one message of the stream. */
export const BATCH_ITEMS_MAX = 32;
const BATCH_BYTES_MAX = 1024 * 1024;
const WAIT_MS = 1;

export interface BatchOptions<Item> {
  /** Writes one message; false when the stream is full, until `resume`. */
  readonly write: (items: readonly Item[]) => boolean;
  readonly bytesOf: (item: Item) => number;
  /** Whether nobody is at work on anything but the `pending` items that are not written yet. */
  readonly isIdle: (pending: number) => boolean;
}

export class Batch<Item> {
  readonly #options: BatchOptions<Item>;
  #items: Item[] = [];
  #bytes = 0;
  #isFull = false;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatchOptions<Item>) {
    this.#options = options;
  }

  add(item: Item): void {
    const bytes = this.#options.bytesOf(item);
    if (this.#items.length > 0 && this.#bytes + bytes > BATCH_BYTES_MAX && !this.#isFull) this.#flush();
    this.#items.push(item);
    this.#bytes += bytes;
    if (this.#isFull) return;
    if (this.#items.length >= BATCH_ITEMS_MAX) this.#flush();
    else if (!this.#isDue && (this.#timer === undefined || this.#options.isIdle(this.#items.length))) {
      // What the same turn gives besides goes with it.
      this.#isDue = true;
      queueMicrotask(() => {
        this.#isDue = false;
        this.#flush();
      });
    }
  }

  /** The stream takes more. */
  resume(): void {
    this.#isFull = false;
    this.#flush();
  }

  /** Writes what waits, whatever the stream says. */
  end(): void {
    this.#isFull = false;
    this.#flush();
    clearTimeout(this.#timer);
  }

  #flush(): void {
    while (this.#items.length > 0 && !this.#isFull) {
      const items = this.#take();
      this.#isFull = !this.#options.write(items);
      this.#rest();
    }
  }

  /** The items of one message: as many and as large as one may have, and one at least. */
  #take(): readonly Item[] {
    let [count, bytes] = [0, 0];
    for (const item of this.#items) {
      const size = this.#options.bytesOf(item);
      if (count === BATCH_ITEMS_MAX || (count > 0 && bytes + size > BATCH_BYTES_MAX)) break;
      count += 1;
      bytes += size;
    }
    const items = this.#items.slice(0, count);
    this.#items = count === this.#items.length ? [] : this.#items.slice(count);
    this.#bytes -= bytes;
    return items;
  }

  /** What comes from now on waits for company. */
  #rest(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, WAIT_MS);
  }
}
