// One access record for each request whose caller is known. Records wait in a bounded queue and travel in batches. When
// the audit log is down they are sent again for a while; what is lost in the end is counted and logged, never silent.

import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessRecord, AuditLog } from '@ai-switch/contracts';
import { asFault, Batcher } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { EdgeSettings } from './config.ts';

export class AccessLog {
  readonly #batcher: Batcher<AccessRecord, void>;
  readonly #logger: Logger;
  #lost = 0;
  #loggedLost = 0;

  constructor(auditLog: AuditLog, logger: Logger, settings: EdgeSettings) {
    this.#logger = logger;
    this.#batcher = new Batcher({
      batchMax: settings.accessBatchMax,
      queueMax: settings.accessQueueMax,
      delayMs: settings.accessDelayMs,
      run: async (records) => {
        await append(auditLog, records);
        return new Array<void>(records.length);
      },
    });
  }

  /** Records that could not be kept since the start. */
  get lost(): number {
    return this.#lost;
  }

  append(record: AccessRecord): void {
    this.#batcher.submit(record).catch((error: unknown) => {
      this.#lost += 1;
      // One line for each doubling says enough and cannot flood the log.
      if (this.#lost < this.#loggedLost * 2) return;
      this.#loggedLost = this.#lost;
      this.#logger.error({ err: error, lost: this.#lost }, 'access records are being lost');
    });
  }

  /** Resolves once nothing waits. */
  drain(): Promise<void> {
    return this.#batcher.drain();
  }
}

const RETRY_DELAYS_MS = [100, 500, 2_000];
const PASSING = new Set(['unavailable', 'deadline', 'overloaded', 'internal']);

/** Sending a batch again is safe: a record that is there already is left as it is. */
async function append(auditLog: AuditLog, records: readonly AccessRecord[]): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await auditLog.appendAccess({ records: [...records] });
      return;
    } catch (error) {
      const delayMs = RETRY_DELAYS_MS[attempt];
      if (delayMs === undefined || !PASSING.has(asFault(error).code)) throw error;
      await sleep(delayMs);
    }
  }
}
