// Sends what waits in a service's outbox. Of several replicas one sends, as long as it holds the lease; each process has a log of its
// own, so that a database that was put back, or a lease that two believe to hold, makes no two records of one place.
//
// A record is given its place in the log before it is sent, and is deleted once it is acknowledged: whoever sends it again sends
// the same. When the database is down nothing is sent; when no sink answers the records wait.

import { randomBytes } from 'node:crypto';
import type { Database } from '@ai-switch/db';
import { type Clock, Fault, systemClock } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { Transaction } from 'kysely';
import { chainOf, type LogIdentity, NO_CHAIN } from '../chain.ts';
import type { LogSink } from '../event-log.ts';
import type { OutboxRow, OutboxSchema } from './outbox-rows.ts';

const BATCH_MAX = 500;
/** Changes of other replicas are found so often; one's own at once. */
const POLL_MS = 250;
const RETRY_MS = 1_000;
const LEASE_MS = 15_000;
const ANNOUNCE_MS = 10_000;
const EVENT_TYPE = 'aiswitch.audit.v1';
/** A process has one log: it begins none anew. */
const EPOCH = 1;

export interface OutboxOptions<Schema> {
  /** Stands in the name of the log: `auth`. */
  readonly service: string;
  readonly database: Pick<Database<Schema>, 'kysely' | 'transaction'>;
  readonly sink: LogSink;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface Outbox {
  /** A change was committed here: its event need not wait for the next look. */
  poke(): void;
  /** Resolves once everything that was committed before is acknowledged. @throws what the sink throws */
  drained(): Promise<void>;
  /** Sends what it can within `boundMs`; the rest waits for whoever comes next. */
  close(boundMs: number): Promise<void>;
}

export function openOutbox<Schema>(options: OutboxOptions<Schema>): Outbox {
  const sender = new Sender(options as unknown as OutboxOptions<OutboxSchema>);
  sender.start();
  return sender;
}

class Sender implements Outbox {
  readonly #options: OutboxOptions<OutboxSchema>;
  readonly #clock: Clock;
  readonly #holder = randomBytes(8).toString('hex');
  #producer: string;
  #announcedAtMs = Number.NEGATIVE_INFINITY;
  #announced = 0n;
  /** Whether this process has given places in its log. */
  #hasLog = false;
  #isClosed = false;
  #poked = Promise.withResolvers<void>();
  #looping: Promise<void> | undefined;
  /** One step at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #hasFailed = false;

  constructor(options: OutboxOptions<OutboxSchema>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#producer = newProducer(options.service);
  }

  start(): void {
    this.#looping = this.#loop();
  }

  poke(): void {
    this.#poked.resolve();
  }

  async drained(): Promise<void> {
    while ((await this.#step()) > 0) {}
  }

  async close(boundMs: number): Promise<void> {
    this.#isClosed = true;
    this.poke();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, boundMs);
    });
    const finish = async () => {
      await this.#looping;
      await this.drained();
      await this.#end();
    };
    await Promise.race([finish().catch((error: unknown) => this.#fail(error)), patience]);
    clearTimeout(timer);
  }

  async #loop(): Promise<void> {
    while (!this.#isClosed) {
      let pauseMs = POLL_MS;
      try {
        if ((await this.#step()) > 0) pauseMs = 0;
        this.#recover();
      } catch (error) {
        this.#fail(error);
        pauseMs = RETRY_MS;
      }
      if (pauseMs > 0 && !this.#isClosed) await this.#pause(pauseMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#poked = Promise.withResolvers<void>();
        resolve();
      };
      const timer = setTimeout(end, ms);
      timer.unref();
      void this.#poked.promise.then(end);
    });
  }

  /** @returns how many records were sent */
  #step(): Promise<number> {
    const step = this.#last.catch(() => {}).then(() => this.#send());
    this.#last = step;
    return step;
  }

  async #send(): Promise<number> {
    if (!(await this.#hasWork()) || !(await this.#placeNew())) return 0;
    const rows = await this.#options.database.kysely
      .selectFrom('outbox')
      .selectAll()
      .where('sequence', '>', 0n)
      .orderBy('producer')
      .orderBy('sequence')
      .limit(BATCH_MAX)
      .execute();
    for (const [producer, own] of Map.groupBy(rows, (row) => row.producer)) await this.#sendOf(producer, own);
    if (rows.length === 0) await this.#announce();
    return rows.length;
  }

  /** Mostly there is none, and then nobody is kept from writing. */
  async #hasWork(): Promise<boolean> {
    const { kysely } = this.#options.database;
    const waiting = await kysely.selectFrom('outbox').select('event_id').limit(1).executeTakeFirst();
    if (waiting !== undefined) return true;
    const logs = await kysely.selectFrom('outbox_logs').selectAll().execute();
    return logs.some((log) => log.producer !== this.#producer || this.#isDue(log.last_sequence));
  }

  async #sendOf(producer: string, rows: readonly OutboxRow[]): Promise<void> {
    const { sink } = this.#options;
    const { kysely } = this.#options.database;
    const last = rows.at(-1);
    if (last === undefined) return;
    const records = rows.map(({ sequence, data, chain, tenant, at_ms }) => ({
      sequence: Number(sequence),
      type: EVENT_TYPE,
      data,
      chain: Buffer.from(chain, 'hex'),
      tenant,
      atMs: Number(at_ms),
    }));
    try {
      await sink.write(identityOf(producer), records);
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'conflict')) throw error;
      await this.#beginAnew(producer);
      return;
    }
    await kysely
      .deleteFrom('outbox')
      .where('producer', '=', producer)
      .where('sequence', '>', 0n)
      .where('sequence', '<=', last.sequence)
      .execute();
  }

  /** Gives places to what has none. @returns false while another process has the lease */
  #placeNew(): Promise<boolean> {
    return this.#options.database.transaction(async (trx) => {
      if (!(await this.#holdLease(trx))) return false;
      const rows = await trx
        .selectFrom('outbox')
        .selectAll()
        .where('sequence', '=', 0n)
        .orderBy('at_ms')
        .orderBy('event_id')
        .limit(BATCH_MAX)
        .execute();
      if (rows.length === 0) return true;
      const log = await trx
        .selectFrom('outbox_logs')
        .selectAll()
        .where('producer', '=', this.#producer)
        .executeTakeFirst();
      if (log === undefined && this.#hasLog) {
        // Another process took this one for gone, or the database was put back.
        this.#producer = newProducer(this.#options.service);
      }
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
      this.#hasLog = true;
      const state = { last_sequence: sequence, chain: hexOf(chain) };
      await trx
        .insertInto('outbox_logs')
        .values({ producer: this.#producer, ...state })
        .onConflict((conflict) => conflict.column('producer').doUpdateSet(state))
        .execute();
      return true;
    });
  }

  async #holdLease(trx: Transaction<OutboxSchema>): Promise<boolean> {
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

  /** Somebody has other records of these places: they are sent again, at places that nobody can have. */
  async #beginAnew(producer: string): Promise<void> {
    this.#options.logger.warn(
      { producer },
      'a log of changes begins anew: its records were known with other content',
    );
    if (producer === this.#producer) this.#producer = newProducer(this.#options.service);
    await this.#options.database.transaction(async (trx) => {
      await trx
        .updateTable('outbox')
        .set({ producer: '', sequence: 0n, chain: '' })
        .where('producer', '=', producer)
        .execute();
      await trx.deleteFrom('outbox_logs').where('producer', '=', producer).execute();
    });
  }

  /** Says how far each log goes: one's own now and then, those of processes that are gone for good. */
  async #announce(isEnding = false): Promise<void> {
    const { sink } = this.#options;
    const { kysely } = this.#options.database;
    const nowMs = this.#clock.nowMs();
    for (const log of await kysely.selectFrom('outbox_logs').selectAll().execute()) {
      const isFinal = isEnding || log.producer !== this.#producer;
      if (!isFinal && !this.#isDue(log.last_sequence)) continue;
      await sink.announce(identityOf(log.producer), {
        lastSequence: Number(log.last_sequence),
        chain: Buffer.from(log.chain, 'hex'),
        atMs: nowMs,
        isFinal,
        dropped: 0,
      });
      if (isFinal) await kysely.deleteFrom('outbox_logs').where('producer', '=', log.producer).execute();
      else [this.#announced, this.#announcedAtMs] = [log.last_sequence, nowMs];
    }
  }

  #isDue(lastSequence: bigint): boolean {
    const isOld = Math.abs(this.#clock.nowMs() - this.#announcedAtMs) >= ANNOUNCE_MS;
    return isOld || this.#announced !== lastSequence;
  }

  /** Lets the next one begin at once. */
  async #end(): Promise<void> {
    const isMine = await this.#options.database.transaction((trx) => this.#holdLease(trx));
    if (!isMine) return;
    await this.#announce(true);
    await this.#options.database.kysely
      .updateTable('outbox_lease')
      .set({ holder: '', until_ms: 0n })
      .where('holder', '=', this.#holder)
      .execute();
  }

  #fail(error: unknown): void {
    if (!this.#hasFailed)
      this.#options.logger.warn({ err: error }, 'events of changes wait: they cannot be sent');
    this.#hasFailed = true;
  }

  #recover(): void {
    if (this.#hasFailed) this.#options.logger.info('events of changes are sent again');
    this.#hasFailed = false;
  }
}

function newProducer(service: string): string {
  return `${service}/${randomBytes(8).toString('hex')}`;
}

function identityOf(producer: string): LogIdentity {
  return { producer, epoch: EPOCH };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
