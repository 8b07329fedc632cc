// The QuotaLedger port. What it answers is durable: a batch is committed and flushed before any of its callers hears.
// When the database is down, every call fails as `unavailable` and nothing is charged; a caller repeats its call with
// the same id. Several ledgers may share one database.

import type {
  GetBalanceRequest,
  GetBalanceResponse,
  GetReservationRequest,
  GetReservationResponse,
  QuotaLedger,
  ReserveRequest,
  ReserveResponse,
  SetLimitsRequest,
  SetLimitsResponse,
  SettleRequest,
  SettleResponse,
  VoidRequest,
  VoidResponse,
} from '@ai-switch/contracts';
import type { Database } from '@ai-switch/db';
import { Batcher, type Clock, Fault } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import { runBatch, type Verdict } from './batch.ts';
import type { ReservationKey } from './keys.ts';
import { type Operation, personalBucket } from './ledger-rules.ts';
import { balanceMessage, reservationMessage } from './messages.ts';
import { readId, readKey, readLimits, readReserve, readSettle, readVoid } from './operations.ts';
import { periodAt } from './period.ts';
import type { LedgerSchema } from './schema.ts';
import { LedgerStore } from './store.ts';

/** Operations that one transaction carries. */
const BATCH_MAX = 32;
/** Operations that wait for their transaction; one more is refused as `overloaded`. */
const QUEUE_MAX = 10_000;

export interface PersonalLedgerOptions {
  readonly database: Database<LedgerSchema>;
  /**
   * Decides periods and deadlines. Ledgers that share a database need clocks that agree: a deadline or the end of a
   * month is exact only to their difference. What is held and charged is exact whatever the clocks say.
   */
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One personal bucket a user. */
export class PersonalLedger implements QuotaLedger {
  readonly #database: Database<LedgerSchema>;
  readonly #store: LedgerStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #batcher: Batcher<Operation, Verdict>;

  constructor({ database, clock, logger }: PersonalLedgerOptions) {
    this.#database = database;
    this.#store = new LedgerStore(database);
    this.#clock = clock;
    this.#logger = logger;
    this.#batcher = new Batcher<Operation, Verdict>({
      batchMax: BATCH_MAX,
      queueMax: QUEUE_MAX,
      // Calls of the same turn travel together; waiting for more would only add to a lone caller's latency.
      delayMs: 0,
      run: (operations) => runBatch(database, this.#store, operations, clock.nowMs()),
    });
  }

  async reserve(request: ReserveRequest): Promise<ReserveResponse> {
    const { reservation, isChanged } = await this.#submit(readReserve(request));
    return { reservation: reservationMessage(reservation), created: isChanged };
  }

  async settle(request: SettleRequest): Promise<SettleResponse> {
    const { reservation } = await this.#submit(readSettle(request));
    return { reservation: reservationMessage(reservation) };
  }

  async void(request: VoidRequest): Promise<VoidResponse> {
    const { reservation } = await this.#submit(readVoid(request));
    return { reservation: reservationMessage(reservation) };
  }

  async setLimits(request: SetLimitsRequest): Promise<SetLimitsResponse> {
    const key = this.#currentBalance(request);
    const limits = readLimits(request.limits);
    const balance = await this.#guard(this.#store.setLimits(key, limits));
    await this.#guard(this.#database.flush());
    return { balance: balanceMessage(balance) };
  }

  async getBalance(request: GetBalanceRequest): Promise<GetBalanceResponse> {
    const balance = await this.#guard(this.#store.readBalance(this.#currentBalance(request)));
    return { balance: balanceMessage(balance) };
  }

  async getReservation(request: GetReservationRequest): Promise<GetReservationResponse> {
    const reservation = await this.#guard(this.#store.readReservation(readKey(request)));
    if (reservation === undefined) throw new Fault('notFound', 'There is no reservation with this id.');
    return { reservation: reservationMessage(reservation) };
  }

  /** Ends holds whose deadline has passed, at most one batch of them; how many it found. For the sweeper. */
  async expireDueHolds(): Promise<number> {
    const due = await this.#store.findDueHolds(BigInt(this.#clock.nowMs()), BATCH_MAX);
    await Promise.all(due.map((key: ReservationKey) => this.#submit({ kind: 'expire', ...key })));
    return due.length;
  }

  /** Resolves once no operation is under way. */
  drain(): Promise<void> {
    return this.#batcher.drain();
  }

  async #submit(operation: Operation): Promise<Verdict> {
    const verdict = await this.#guard(this.#batcher.submit(operation));
    // Outside the batcher: the next batch runs while this one's bytes go to the disk.
    await this.#guard(this.#database.flush());
    return verdict;
  }

  #currentBalance({ tenant, userId }: { readonly tenant: string; readonly userId: string }) {
    return {
      tenant: readId(tenant, 'tenant'),
      bucket: personalBucket(readId(userId, 'userId')),
      period: periodAt(this.#clock.nowMs()),
    };
  }

  /** What the database throws is ours to read, not the caller's. */
  async #guard<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof Fault) throw error;
      this.#logger.error({ err: error }, 'the ledger database failed');
      throw new Fault('unavailable', 'The quota ledger cannot use its database. Please try again.', {
        retryAfterMs: 1_000,
        cause: error,
      });
    }
  }
}
