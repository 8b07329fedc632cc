import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import { chainOf, type LogIdentity, NO_CHAIN } from '../chain.ts';
import { EVENT_TYPE, type OutboxSchema } from './outbox-rows.ts';

const BATCH_MAX = 500;
/** A process has one log: it begins none anew. */
const EPOCH = 1;

/** The log in which one process gives places to the events of a service. */
export class OwnLog {
  readonly #service: string;
  #producer: string;
  #hasPlaced = false;

  constructor(service: string) {
    this.#service = service;
    this.#producer = newProducer(service);
  }

  get producer(): string {
    return this.#producer;
  }

  /** Goes on in another log. */
  beginAnew(): void {
    this.#producer = newProducer(this.#service);
  }

  /** Gives the next places to what has none, at most to 500 at a time. */
  async place(trx: Transaction<OutboxSchema>): Promise<void> {
    const rows = await trx
      .selectFrom('outbox')
      .selectAll()
      .where('sequence', '=', 0n)
      .orderBy('at_ms')
      .orderBy('event_id')
      .limit(BATCH_MAX)
      .execute();
    if (rows.length === 0) return;
    const log = await trx
      .selectFrom('outbox_logs')
      .selectAll()
      .where('producer', '=', this.#producer)
      .executeTakeFirst();
    // Another process took this one for gone, or the database was put back.
    if (log === undefined && this.#hasPlaced) this.beginAnew();
    let sequence = log?.last_sequence ?? 0n;
    let chain: Uint8Array = log === undefined ? NO_CHAIN : Buffer.from(log.chain, 'hex');
    const identity = identityOf(this.#producer);
    for (const { event_id, data } of rows) {
      sequence += 1n;
      chain = chainOf(chain, identity, { sequence: Number(sequence), type: EVENT_TYPE, data });
      await trx
        .updateTable('outbox')
        .set({ producer: this.#producer, sequence, chain: hexOf(chain) })
        .where('event_id', '=', event_id)
        .execute();
    }
    this.#hasPlaced = true;
    const state = { last_sequence: sequence, chain: hexOf(chain) };
    await trx
      .insertInto('outbox_logs')
      .values({ producer: this.#producer, ...state })
      .onConflict((conflict) => conflict.column('producer').doUpdateSet(state))
      .execute();
  }
}

export function identityOf(producer: string): LogIdentity {
  return { producer, epoch: EPOCH };
}

function newProducer(service: string): string {
  return `${service}/${randomBytes(8).toString('hex')}`;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
