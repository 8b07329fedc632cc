// Sends what waits in a service's outbox. Of several replicas one sends, as long as it holds the lease; each process has a log of its
// own, so that a database that was put back, or a lease that two believe to hold, makes no two records of one place.
//
// A record is given its place in the log before it is sent, and is deleted once it is acknowledged: whoever sends it again sends
// the same. When the database is down nothing is sent; when no sink answers the records wait.

import type { Database } from '@ai-switch/db';
import { type Clock, Fault, systemClock } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { LogSink } from '../event-log.ts';
import { Lease } from './lease.ts';
import { EVENT_TYPE, type OutboxRow, type OutboxSchema } from './outbox-rows.ts';
import { identityOf, OwnLog } from './own-log.ts';

const BATCH_MAX = 500;
/** Changes of other replicas are found so often; one's own at once. */
const POLL_MS = 250;
const RETRY_MS = 1_000;
const ANNOUNCE_MS = 10_000;

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
  readonly #lease: Lease;
  readonly #log: OwnLog;
  #announcedAtMs = Number.NEGATIVE_INFINITY;
  #announced = 0n;
  #isClosed = false;
  #poked = Promise.withResolvers<void>();
  #looping: Promise<void> | undefined;
  /** One step at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #hasFailed = false;

  constructor(options: OutboxOptions<OutboxSchema>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#lease = new Lease(this.#clock);
    this.#log = new OwnLog(options.service);
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
    return logs.some((log) => log.producer !== this.#log.producer || this.#isDue(log.last_sequence));
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
      if (!(await this.#lease.hold(trx))) return false;
      await this.#log.place(trx);
      return true;
    });
  }

  /** Somebody has other records of these places: they are sent again, at places that nobody can have. */
  async #beginAnew(producer: string): Promise<void> {
    this.#options.logger.warn(
      { producer },
      'a log of changes begins anew: its records were known with other content',
    );
    if (producer === this.#log.producer) this.#log.beginAnew();
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
      const isFinal = isEnding || log.producer !== this.#log.producer;
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

  async #end(): Promise<void> {
    const { database } = this.#options;
    if (!(await database.transaction((trx) => this.#lease.hold(trx)))) return;
    await this.#announce(true);
    await this.#lease.release(database.kysely);
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
