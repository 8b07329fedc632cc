import type { Logger } from '@ai-switch/telemetry';
import type { Ledger } from './ledger.ts';

/** Batches of one sweep; the next sweep goes on where it ended. */
const BATCHES_MAX = 1_000;

export interface Sweeper {
  /** Resolves once a sweep under way has ended. */
  close(): Promise<void>;
}

/**
 * Ends holds whose deadline has passed, every `intervalMs`. Several ledgers may sweep one database: a hold ends once.
 * When a sweep fails, the next one tries again.
 */
export function startSweeper(ledger: Ledger, intervalMs: number, logger: Logger): Sweeper {
  let running: Promise<void> | undefined;
  let isClosed = false;

  const sweep = async () => {
    try {
      for (let batch = 0; batch < BATCHES_MAX && !isClosed; batch += 1) {
        if ((await ledger.expireDueHolds()) === 0) return;
      }
    } catch (error) {
      logger.warn({ err: error }, 'a sweep of expired holds failed');
    }
  };
  const timer = setInterval(() => {
    running ??= sweep().finally(() => {
      running = undefined;
    });
  }, intervalMs);
  timer.unref();

  return {
    close: async () => {
      isClosed = true;
      clearInterval(timer);
      await running;
    },
  };
}
