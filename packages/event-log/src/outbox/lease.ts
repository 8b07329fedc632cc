import { randomBytes } from 'node:crypto';
import type { Clock } from '@ai-switch/kernel';
import type { Kysely, Transaction } from 'kysely';
import type { OutboxSchema } from './outbox-rows.ts';

const LEASE_MS = 15_000;

/** Says which of the processes that share an outbox sends. One that is killed is followed when its lease has run out. */
export class Lease {
  readonly #clock: Clock;
  readonly #holder = randomBytes(8).toString('hex');

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes or keeps it, and locks it to the end of `trx`. @returns false while another process has it */
  async hold(trx: Transaction<OutboxSchema>): Promise<boolean> {
    const nowMs = BigInt(this.#clock.nowMs());
    const lease = await trx
      .selectFrom('outbox_lease')
      .selectAll()
      .where('id', '=', 1n)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const isMine = lease.holder === this.#holder;
    // A lease from a time that is far ahead is of a clock that was turned.
    const isFree = lease.until_ms <= nowMs || lease.until_ms > nowMs + BigInt(2 * LEASE_MS);
    if (!isMine && !isFree) return false;
    const isFresh = isMine && lease.until_ms - nowMs > BigInt(LEASE_MS / 2) && !isFree;
    if (!isFresh) {
      await trx
        .updateTable('outbox_lease')
        .set({ holder: this.#holder, until_ms: nowMs + BigInt(LEASE_MS) })
        .where('id', '=', 1n)
        .execute();
    }
    return true;
  }

  /** Lets the next one begin at once. */
  async release(kysely: Kysely<OutboxSchema>): Promise<void> {
    await kysely
      .updateTable('outbox_lease')
      .set({ holder: '', until_ms: 0n })
      .where('holder', '=', this.#holder)
      .execute();
  }
}
