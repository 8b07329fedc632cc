/** Who waits for a sync waits so long for company, unless there are many. */
const GROUP_MS = 5;
const GROUP_MAX = 64;
/** What nobody waits for is synced within this. */
const SOON_MS = 50;
/** Nobody waits longer for a disk that hangs. */
const WAIT_MS_MAX = 5_000;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Syncs many with one call, one call at a time. */
export class GroupSync {
  readonly #sync: () => Promise<void>;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isDirty = false;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Resolves once all that was appended before the call is synced. @throws when it cannot be synced, or takes too long */
  now(): Promise<void> {
    this.#isDirty = true;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the disk does not sync in time')), WAIT_MS_MAX);
      this.#waiting.push({
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      if (this.#waiting.length >= GROUP_MAX) this.#due(0);
      else this.#due(GROUP_MS);
    });
  }

  /** Something was appended that nobody waits for. */
  soon(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#due(SOON_MS);
  }

  /** Syncs what is left. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#running !== undefined) await this.#running.catch(() => {});
    if (this.#isDirty) await this.#run();
  }

  #due(delayMs: number): void {
    if (this.#running !== undefined) return;
    const dueMs = performance.now() + delayMs;
    if (this.#timer !== undefined && dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => void this.#run().catch(() => {}), delayMs);
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#isDirty = false;
    const running = this.#sync();
    this.#running = running;
    try {
      await running;
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      this.#isDirty = true;
      for (const { reject } of waiting) reject(error);
      throw error;
    } finally {
      this.#running = undefined;
      if (this.#waiting.length > 0) this.#due(this.#waiting.length >= GROUP_MAX ? 0 : GROUP_MS);
      else if (this.#isDirty) this.#due(SOON_MS);
    }
  }
}
