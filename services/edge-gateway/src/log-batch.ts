// Rows for the audit log wait in a bounded queue and travel in batches. When the audit log is down they are sent again for
// a while; what is lost in the end is counted and logged, never silent.

import { setTimeout as sleep } from 'node:timers/promises';
import { asFault, Batcher } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { EdgeSettings } from './config.ts';

export class LogBatch<Row> {
  readonly #batcher: Batcher<Row, void>;
  readonly #what: string;
  readonly #logger: Logger;
  #lost = 0;
  #loggedLost = 0;

  /**
   * @param what the rows are called in the log
   * @param append stores rows; a row that is there already is left as it is, so that a batch may be sent again
   */
  constructor(
    what: string,
    append: (rows: Row[]) => Promise<unknown>,
    logger: Logger,
    settings: EdgeSettings,
  ) {
    this.#what = what;
    this.#logger = logger;
    this.#batcher = new Batcher({
      batchMax: settings.accessBatchMax,
      queueMax: settings.accessQueueMax,
      delayMs: settings.accessDelayMs,
      run: async (rows) => {
        await persistently(() => append([...rows]));
        return new Array<void>(rows.length);
      },
    });
  }

  /** Rows that could not be kept since the start. */
  get lost(): number {
    return this.#lost;
  }

  append(row: Row): void {
    this.#batcher.submit(row).catch((error: unknown) => {
      this.#lost += 1;
      // One line for each doubling says enough and cannot flood the log.
      if (this.#lost < this.#loggedLost * 2) return;
      this.#loggedLost = this.#lost;
      this.#logger.error({ err: error, lost: this.#lost }, `${this.#what} are being lost`);
    });
  }

  /** Resolves once nothing waits. */
  drain(): Promise<void> {
    return this.#batcher.drain();
  }
}

const RETRY_DELAYS_MS = [100, 500, 2_000];
const PASSING = new Set(['unavailable', 'deadline', 'overloaded', 'internal']);

async function persistently(append: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await append();
      return;
    } catch (error) {
      const delayMs = RETRY_DELAYS_MS[attempt];
      if (delayMs === undefined || !PASSING.has(asFault(error).code)) throw error;
      await sleep(delayMs);
    }
  }
}
