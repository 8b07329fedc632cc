// Old records go, gently: a few rows a step and a rest after each, so that what comes passes in between.
// When the database is down, the sweep is logged and the next one goes on where this one stopped.

import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';

const DAY_MS = 86_400_000;
const FIRST_SWEEP_MS = 60_000;
const SWEEP_EVERY_MS = 600_000;
const DELETE_ROWS_MAX = 500;
const REST_MS = 50;

export interface RetentionStep {
  readonly days: number;
  /** Deletes up to `rowsMax` rows that are older than `beforeMs`; resolves with how many went, 0 for no more. */
  deleteSome(beforeMs: bigint, rowsMax: number): Promise<number>;
}

export interface RetentionOptions {
  readonly steps: readonly RetentionStep[];
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
  const { steps, clock } = options;
  let total = 0;
  for (const { days, deleteSome } of steps) {
    const beforeMs = BigInt(clock.nowMs() - days * DAY_MS);
    while (!signal.aborted) {
      const deleted = await deleteSome(beforeMs, DELETE_ROWS_MAX);
      if (deleted === 0) break;
      total += deleted;
      await delay(REST_MS, undefined, { ref: false });
    }
  }
  return total;
}
