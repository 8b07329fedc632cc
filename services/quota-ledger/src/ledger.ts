// The QuotaLedger port. What it answers is durable: a batch is committed and flushed before any of its callers hears.
// When the database is down, every call fails as `unavailable` and nothing is charged; a caller repeats its call with
// the same id. Several ledgers may share one database.

import { crc32 } from 'node:zlib';
import type * as contracts from '@ai-switch/contracts';
import { ReservationState } from '@ai-switch/contracts';
import type { ChangeFeed, Database } from '@ai-switch/db';
import { Batcher, type Clock, Fault } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { Kysely } from 'kysely';
import { Administration } from './administration.ts';
import { runBatch, type Verdict } from './batch.ts';
import type { ReservationKey } from './keys.ts';
import { timedBatch } from './ledger-metrics.ts';
import { blockedMessage, entryMessage, reservationMessage, roomMessages } from './messages.ts';
import type { Operation } from './operation.ts';
import {
  readBeat,
  readExtend,
  readKey,
  readReserve,
  readReverse,
  readSettle,
  readVoid,
} from './read-operation.ts';
import type { LedgerSchema } from './schema.ts';
import { LedgerStore } from './store.ts';

/** Operations that one transaction carries. */
const BATCH_MAX = 32;
/** Operations of one shard that wait for their transaction; one more is refused as `overloaded`. */
const QUEUE_MAX = 10_000;
/** Writers of one process. All operations of a company go through one of them, so that they meet in few transactions. */
const SHARDS = 4;
const BEATS_MAX = 1_000;

export interface LedgerOptions {
  readonly database: Database<LedgerSchema>;
  /** Decides periods and deadlines in place of the database's own clock. */
  readonly clock?: Clock;
  readonly logger: Logger;
  /** Of the companies' rules; without one nobody can watch them. */
  readonly feed?: ChangeFeed<LedgerSchema>;
  /** After each change of what is not under way. */
  readonly onChange?: () => void;
  /** Operations that one transaction carries, 32 unless told otherwise. */
  readonly batchMax?: number;
  /** How long the first operation of a batch waits for company, in milliseconds. */
  readonly batchDelayMs?: number;
}

export class Ledger implements contracts.QuotaLedger {
  readonly #database: Database<LedgerSchema>;
  readonly #store: LedgerStore;
  readonly #nowMs: (executor: Kysely<LedgerSchema>) => Promise<bigint>;
  readonly #logger: Logger;
  readonly #shards: readonly Batcher<Operation, Verdict>[];
  readonly #administration: Administration;
  readonly #feed: ChangeFeed<LedgerSchema> | undefined;
  readonly #onChange: () => void;

  constructor({
    database,
    clock,
    logger,
    feed,
    onChange = () => {},
    batchMax = BATCH_MAX,
    batchDelayMs = 0,
  }: LedgerOptions) {
    const store = new LedgerStore(database);
    const nowMs =
      clock === undefined
        ? (executor: Kysely<LedgerSchema>) => database.nowMs(executor)
        : () => Promise.resolve(BigInt(clock.nowMs()));
    this.#database = database;
    this.#store = store;
    this.#nowMs = nowMs;
    this.#logger = logger;
    this.#feed = feed;
    this.#onChange = onChange;
    this.#administration = new Administration({ database, store, nowMs });
    this.#shards = Array.from(
      { length: SHARDS },
      () =>
        new Batcher<Operation, Verdict>({
          batchMax,
          queueMax: QUEUE_MAX,
          delayMs: batchDelayMs,
          run: (operations) => timedBatch(operations, () => runBatch({ database, store, nowMs }, operations)),
        }),
    );
  }

  async reserve(request: contracts.ReserveRequest): Promise<contracts.ReserveResponse> {
    const operation = readReserve(request);
    const { reservation, balances, nowMs } = await this.#submit(operation);
    const isOwned = reservation.ownerDigest === operation.ownerDigest;
    return {
      reservation: reservationMessage(reservation),
      created: isOwned && reservation.state === 'HELD',
      isOwned,
      rooms: reservation.state === 'HELD' ? roomMessages(reservation.lines, balances, nowMs) : [],
    };
  }

  async extend(request: contracts.ExtendRequest): Promise<contracts.ExtendResponse> {
    const { reservation } = await this.#submit(readExtend(request));
    const blocked = reservation.lastExtension?.blocked ?? null;
    return {
      reservation: reservationMessage(reservation),
      granted: blocked === null,
      blocked: blocked === null ? undefined : blockedMessage(blocked),
    };
  }

  async heartbeat({ beats }: contracts.HeartbeatRequest): Promise<contracts.HeartbeatResponse> {
    if (beats.length > BEATS_MAX) {
      throw new Fault('tooLarge', `A heartbeat carries at most ${BEATS_MAX} holds. Send several.`);
    }
    const pulses = await Promise.all(
      beats.map(readBeat).map(async (beat) => ({
        reservationId: beat.reservationId,
        state: await this.#submit(beat).then(
          ({ reservation }) => ReservationState[reservation.state],
          (error: unknown) => {
            if (!(error instanceof Fault) || !NOT_MINE.has(error.code)) throw error;
            return ReservationState.UNSPECIFIED;
          },
        ),
      })),
    );
    return { pulses };
  }

  async settle(request: contracts.SettleRequest): Promise<contracts.SettleResponse> {
    const { reservation } = await this.#submit(readSettle(request));
    return { reservation: reservationMessage(reservation) };
  }

  async void(request: contracts.VoidRequest): Promise<contracts.VoidResponse> {
    const { reservation } = await this.#submit(readVoid(request));
    return { reservation: reservationMessage(reservation) };
  }

  async reverse(request: contracts.ReverseRequest): Promise<contracts.ReverseResponse> {
    const { reservation } = await this.#submit(readReverse(request));
    this.#onChange();
    return { reservation: reservationMessage(reservation) };
  }

  async getReceipt(request: contracts.GetReceiptRequest): Promise<contracts.GetReceiptResponse> {
    const key = readKey(request);
    const [reservation, entries] = await this.#guard(
      Promise.all([this.#store.readReservation(key), this.#store.readEntries(key)]),
    );
    if (reservation === undefined) throw new Fault('notFound', 'There is no reservation with this id.');
    return { reservation: reservationMessage(reservation), entries: entries.map(entryMessage) };
  }

  getBalances(request: contracts.GetBalancesRequest): Promise<contracts.GetBalancesResponse> {
    return this.#guard(this.#administration.getBalances(request));
  }

  listBalances(request: contracts.ListBalancesRequest): Promise<contracts.ListBalancesResponse> {
    return this.#guard(this.#administration.listBalances(request));
  }

  listEntries(request: contracts.ListEntriesRequest): Promise<contracts.ListEntriesResponse> {
    return this.#guard(this.#administration.listEntries(request));
  }

  putBucket(request: contracts.PutBucketRequest): Promise<contracts.PutBucketResponse> {
    return this.#change(this.#administration.putBucket(request));
  }

  closeBucket(request: contracts.CloseBucketRequest): Promise<contracts.CloseBucketResponse> {
    return this.#change(this.#administration.closeBucket(request));
  }

  putFundingOrder(request: contracts.PutFundingOrderRequest): Promise<contracts.PutFundingOrderResponse> {
    return this.#change(this.#administration.putFundingOrder(request));
  }

  listFundingOrders(
    request: contracts.ListFundingOrdersRequest,
  ): Promise<contracts.ListFundingOrdersResponse> {
    return this.#guard(this.#administration.listFundingOrders(request));
  }

  getPolicy(request: contracts.GetPolicyRequest): Promise<contracts.GetPolicyResponse> {
    return this.#guard(this.#administration.getPolicy(request));
  }

  putPolicy(request: contracts.PutPolicyRequest): Promise<contracts.PutPolicyResponse> {
    return this.#change(this.#administration.putPolicy(request).finally(() => this.#feed?.poke()));
  }

  async watchPolicies(request: contracts.WatchPoliciesRequest): Promise<contracts.WatchPoliciesResponse> {
    if (this.#feed === undefined) throw new Fault('unavailable', 'This ledger cannot be watched.');
    return { changes: await this.#guard(this.#feed.watch(request)) };
  }

  /** Ends holds whose deadline has passed, at most one batch of them; how many it found. For the sweeper. */
  async expireDueHolds(): Promise<number> {
    const due = await this.#store.findDueHolds(await this.#nowMs(this.#database.kysely), BATCH_MAX);
    await Promise.all(due.map((key: ReservationKey) => this.#submit({ kind: 'expire', ...key })));
    return due.length;
  }

  /** Operations that wait for a batch. */
  get depth(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.depth, 0);
  }

  /** Resolves once no operation is under way. */
  async drain(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.drain()));
  }

  async #submit(operation: Operation): Promise<Verdict> {
    const shard = this.#shards[shardOf(operation.tenant)];
    if (shard === undefined) throw new Error('there is a shard for every company');
    const verdict = await this.#guard(shard.submit(operation));
    // Outside the batcher: the next batch runs while this one's bytes go to the disk.
    await this.#guard(this.#database.flush());
    return verdict;
  }

  async #change<Response>(work: Promise<Response>): Promise<Response> {
    const response = await this.#guard(work);
    await this.#guard(this.#database.flush());
    this.#onChange();
    return response;
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

const NOT_MINE: ReadonlySet<Fault['code']> = new Set(['notFound', 'forbidden']);

/** The same for a company always. */
function shardOf(tenant: string): number {
  return crc32(tenant) % SHARDS;
}
