// Old records go, gently: a few rows a statement and a rest after each, so that appends pass in between.
// When the database is down, the sweep is logged and the next one goes on where this one stopped.

import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';

const DAY_MS = 86_400_000;
const FIRST_SWEEP_MS = 60_000;
const SWEEP_EVERY_MS = 600_000;
const DELETE_ROWS_MAX = 500;
const REST_MS = 50;

export interface RetentionOptions {
  /** Deletes up to `rowsMax` rows that are older than `beforeMs`; resolves with how many went. */
  readonly deletes: readonly ((beforeMs: bigint, rowsMax: number) => Promise<number>)[];
  readonly retentionDays: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Retention {
  /** Deletes all that is too old now; resolves with how many rows went. */
  sweep(): Promise<number>;
  /** Ends the timer and the sweep under way. */
  close(): Promise<void>;
}

/** Sweeps a minute after the start and every ten minutes then. */
export function startRetention(options: RetentionOptions): Retention {
  const closing = new AbortController();
  let sweeping: Promise<number> | undefined;
  const sweep = () => {
    sweeping ??= deleteOld(options, closing.signal).finally(() => {
      sweeping = undefined;
    });
    return sweeping;
  };
  const sweepOnTime = () => {
    sweep().catch((error: unknown) => options.logger.error({ error }, 'old records could not be deleted'));
  };
  const first = setTimeout(sweepOnTime, FIRST_SWEEP_MS).unref();
  const every = setInterval(sweepOnTime, SWEEP_EVERY_MS).unref();
  return {
    sweep,
    close: async () => {
      closing.abort();
      clearTimeout(first);
      clearInterval(every);
      await sweeping?.catch(() => {});
    },
  };
}

async function deleteOld(options: RetentionOptions, signal: AbortSignal): Promise<number> {
  const { deletes, retentionDays, clock } = options;
  const beforeMs = BigInt(clock.nowMs() - retentionDays * DAY_MS);
  let total = 0;
  for (const deleteSome of deletes) {
    let deleted = DELETE_ROWS_MAX;
    while (deleted === DELETE_ROWS_MAX && !signal.aborted) {
      deleted = await deleteSome(beforeMs, DELETE_ROWS_MAX);
      total += deleted;
      await delay(REST_MS, undefined, { ref: false });
    }
  }
  return total;
}
