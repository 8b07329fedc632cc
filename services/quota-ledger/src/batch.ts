// Carries a batch of operations in one transaction: read and lock what they touch, decide each in order by the rules,
// write what changed. Operations of one batch see each other's effects.

import type { Database } from '@ai-switch/db';
import type { Fault } from '@ai-switch/kernel';
import type { BalanceKey, PostedEntry, ReservationKey, Versioned } from './keys.ts';
import {
  decide,
  type Operation,
  personalBucket,
  type StoredBalance,
  type StoredReservation,
} from './ledger-rules.ts';
import { periodAt } from './period.ts';
import type { LedgerSchema } from './schema.ts';
import type { LedgerStore } from './store.ts';

export interface Verdict {
  readonly reservation: StoredReservation;
  /** True when this operation changed it. */
  readonly isChanged: boolean;
}

/** A new bucket or month appears once; a batch that still misses one after this many runs is a mistake of ours. */
const RUNS_MAX = 5;

/** A verdict or a fault for each operation, in order. Nothing is stored when it throws. */
export async function runBatch(
  database: Database<LedgerSchema>,
  store: LedgerStore,
  operations: readonly Operation[],
  nowMs: number,
): Promise<readonly (Verdict | Fault)[]> {
  for (let run = 1; run <= RUNS_MAX; run += 1) {
    const outcome = await database.transaction(async (trx) => {
      const batch = new Batch(operations, nowMs);
      batch.addReservations(await store.lockReservations(trx, batch.reservationKeys()));
      const balanceKeys = batch.balanceKeys();
      if (balanceKeys.length > 0) batch.addBalances(await store.lockBalances(trx, balanceKeys));
      const missing = batch.missingBalances(balanceKeys);
      if (missing.length > 0) return { missing };
      const verdicts = operations.map((operation) => batch.decide(operation));
      const { reservations, balances, entries } = batch.changes();
      if (reservations.length > 0) await store.writeReservations(trx, reservations);
      if (balances.length > 0) await store.writeBalances(trx, balances);
      if (entries.length > 0) await store.writeEntries(trx, entries);
      return { verdicts };
    });
    if (outcome.verdicts !== undefined) return outcome.verdicts;
    await store.createBalances(outcome.missing);
  }
  throw new Error('the balances of a batch cannot be created');
}

interface Slot<Stored> {
  stored: Stored;
  isChanged: boolean;
}

/** What one batch read and what it made of it. Keyed by text, in key order, which is the order of the locks. */
class Batch {
  readonly #operations: readonly Operation[];
  readonly #nowMs: bigint;
  readonly #period: string;
  readonly #reservations = new Map<string, Slot<StoredReservation> & { readonly version: bigint }>();
  readonly #balances = new Map<string, Slot<StoredBalance>>();
  readonly #entries: PostedEntry[] = [];

  constructor(operations: readonly Operation[], nowMs: number) {
    this.#operations = operations;
    this.#nowMs = BigInt(nowMs);
    this.#period = periodAt(nowMs);
  }

  reservationKeys(): readonly ReservationKey[] {
    return inKeyOrder(this.#operations, reservationText);
  }

  addReservations(found: readonly Versioned[]): void {
    for (const { reservation, version } of found) {
      this.#reservations.set(reservationText(reservation), {
        stored: reservation,
        version,
        isChanged: false,
      });
    }
  }

  balanceKeys(): readonly BalanceKey[] {
    const keys = this.#operations.flatMap((operation) => this.#balanceKey(operation) ?? []);
    return inKeyOrder(keys, balanceText);
  }

  addBalances(found: readonly StoredBalance[]): void {
    for (const balance of found) {
      this.#balances.set(balanceText(balance), { stored: balance, isChanged: false });
    }
  }

  missingBalances(keys: readonly BalanceKey[]): readonly BalanceKey[] {
    return keys.filter((key) => !this.#balances.has(balanceText(key)));
  }

  decide(operation: Operation): Verdict | Fault {
    const key = this.#balanceKey(operation);
    const slot = key === undefined ? undefined : this.#balances.get(balanceText(key));
    const known = this.#reservations.get(reservationText(operation));
    const decision = decide(operation, { reservation: known?.stored, balance: slot?.stored }, this.#nowMs);
    if (decision.kind === 'refused') return decision.fault;
    const { reservation } = decision;
    if (decision.kind === 'stored') return { reservation, isChanged: false };
    this.#reservations.set(reservationText(operation), {
      stored: reservation,
      version: known?.version ?? 0n,
      isChanged: true,
    });
    if (decision.posted !== undefined && slot !== undefined) {
      slot.stored = decision.posted.balance;
      slot.isChanged = true;
      const { tenant, reservationId, bucket, period } = reservation;
      const { entry } = decision.posted;
      this.#entries.push({ tenant, reservationId, bucket, period, entry, atMs: this.#nowMs });
    }
    return { reservation, isChanged: true };
  }

  changes(): {
    readonly reservations: readonly Versioned[];
    readonly balances: readonly StoredBalance[];
    readonly entries: readonly PostedEntry[];
  } {
    const reservations = [...this.#reservations.values()]
      .filter((slot) => slot.isChanged)
      .map(({ stored, version }) => ({ reservation: stored, version: version + 1n }));
    const balances = [...this.#balances.values()].filter((slot) => slot.isChanged);
    return {
      // New ones, which nobody could lock, are written in key order too.
      reservations: reservations.sort((a, b) =>
        compare(reservationText(a.reservation), reservationText(b.reservation)),
      ),
      balances: balances.map((slot) => slot.stored),
      entries: this.#entries,
    };
  }

  /** Where an operation posts: where the reservation does, or a new one would. */
  #balanceKey(operation: Operation): BalanceKey | undefined {
    const known = this.#reservations.get(reservationText(operation))?.stored;
    if (known !== undefined) return known;
    if (operation.kind === 'void' || operation.kind === 'expire') return undefined;
    return { tenant: operation.tenant, bucket: personalBucket(operation.userId), period: this.#period };
  }
}

// Ids hold no control character, so a NUL between them keeps every key apart.
function reservationText({ tenant, reservationId }: ReservationKey): string {
  return `${tenant}\0${reservationId}`;
}

function balanceText({ tenant, bucket, period }: BalanceKey): string {
  return `${tenant}\0${bucket}\0${period}`;
}

/** One of each key, in order. */
function inKeyOrder<Key>(keys: readonly Key[], textOf: (key: Key) => string): readonly Key[] {
  const byText = new Map(keys.map((key) => [textOf(key), key]));
  return [...byText].sort(([a], [b]) => compare(a, b)).map(([, key]) => key);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
