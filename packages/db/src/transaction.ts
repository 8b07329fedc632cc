import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';

/** Thrown inside a transaction by a store that met a concurrent change: everything is rolled back and run again. */
export class TransactionConflict extends Error {
  override readonly name = 'TransactionConflict';
}

/** Runs of one transaction before its error reaches the caller. */
const ATTEMPTS_MAX = 10;
const BACKOFF_MS = 2;
const BACKOFF_MAX_MS = 100;

// PostgreSQL, appendix A: serialization_failure and deadlock_detected. Both say that a new run may succeed.
const RETRYABLE = new Set(['40001', '40P01']);

export async function runTransaction<Schema, Result>(
  kysely: Kysely<Schema>,
  work: (trx: Transaction<Schema>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await kysely.transaction().execute(work);
    } catch (error) {
      if (attempt >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
      // The jitter keeps those that collided from colliding again.
      await delay(Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** attempt) * Math.random());
    }
  }
}

function isRetryable(error: unknown): boolean {
  if (error instanceof TransactionConflict) return true;
  return error instanceof Error && 'code' in error && RETRYABLE.has(String(error.code));
}
