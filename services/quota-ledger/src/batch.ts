// Carries a batch of operations in one transaction: read and lock what they touch, decide each in order by the rules,
// write what changed. Operations of one batch see each other's effects.

import type { AuditEvent } from '@ai-switch/contracts';
import type { Database } from '@ai-switch/db';
import { Fault } from '@ai-switch/kernel';
import type { Transaction } from 'kysely';
import { add, isNothing } from './amounts.ts';
import { record } from './changes.ts';
import {
  type BalanceKey,
  balanceText,
  compare,
  inKeyOrder,
  type PostedEntry,
  type ReservationKey,
  reservationText,
  type Versioned,
} from './keys.ts';
import { decide } from './ledger-rules.ts';
import type { Balance, Line, Reservation } from './model.ts';
import { DEFAULT_POLICY } from './model.ts';
import type { Operation } from './operation.ts';
import { type Context, orphanPlanFor, type Plan, planFor, platformLine, scopesOf } from './plan.ts';
import type { Posting } from './posting.ts';
import type { LedgerSchema } from './schema.ts';
import type { LedgerStore, ScopeKey } from './store.ts';

export interface Verdict {
  readonly reservation: Reservation;
  /** The balances under its lines, in their order, as the operation left them. */
  readonly balances: readonly Balance[];
  readonly nowMs: bigint;
}

export interface BatchParts {
  readonly database: Database<LedgerSchema>;
  readonly store: LedgerStore;
  /** The database's own clock. */
  readonly nowMs: (trx: Transaction<LedgerSchema>) => Promise<bigint>;
}

/** A new bucket or period appears once; a batch that still misses one after this many runs is a mistake of ours. */
const RUNS_MAX = 5;

/** A verdict or a fault for each operation, in order. Nothing is stored when it throws. */
export async function runBatch(
  { database, store, nowMs }: BatchParts,
  operations: readonly Operation[],
): Promise<readonly (Verdict | Fault)[]> {
  for (let run = 1; run <= RUNS_MAX; run += 1) {
    const outcome = await database.transaction(async (trx) => {
      const batch = new Batch(operations, await nowMs(trx));
      batch.addReservations(await store.lockReservations(trx, batch.reservationKeys()));
      const scopes = batch.scopes();
      if (scopes.length > 0) batch.plan(await store.readContexts(trx, scopes));
      const balanceKeys = batch.balanceKeys();
      if (balanceKeys.length > 0) batch.addBalances(await store.lockBalances(trx, balanceKeys));
      const missing = batch.missingBalances(balanceKeys);
      if (missing.length > 0) return { missing, nowMs: batch.nowMs };
      const verdicts = operations.map((operation, index) => batch.decide(operation, index));
      const { reservations, balances, entries } = batch.changes();
      if (reservations.length > 0) await store.writeReservations(trx, reservations);
      if (balances.length > 0) await store.writeBalances(trx, balances);
      if (entries.length > 0) await store.writeEntries(trx, entries);
      for (const event of batch.events) await record(trx, event);
      return { verdicts };
    });
    if (outcome.verdicts !== undefined) return outcome.verdicts;
    await store.createBalances(outcome.missing, outcome.nowMs);
  }
  throw new Error('the balances of a batch cannot be created');
}

interface Slot<Stored> {
  stored: Stored;
  isChanged: boolean;
}

/** What one batch read and what it made of it. Keyed by text, in key order, which is the order of the locks. */
class Batch {
  readonly nowMs: bigint;
  readonly #operations: readonly Operation[];
  readonly #plans: (Plan | Fault | undefined)[] = [];
  readonly #platformLines: (Line | undefined)[] = [];
  readonly #reservations = new Map<string, Slot<Reservation> & { readonly version: bigint }>();
  readonly #balances = new Map<string, Slot<Balance>>();
  readonly #entries: PostedEntry[] = [];
  /** Of what was changed. */
  readonly events: AuditEvent[] = [];

  constructor(operations: readonly Operation[], nowMs: bigint) {
    this.#operations = operations;
    this.nowMs = nowMs;
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

  /** Every scope whose settings decide the plan of an operation here. */
  scopes(): readonly ScopeKey[] {
    const keys = this.#operations.flatMap((operation): readonly ScopeKey[] => {
      const { tenant } = operation;
      if (this.#wantsPlan(operation)) {
        return scopesOf(operation.subject).map((scope) => ({ tenant, scope }));
      }
      return bearsPlatform(operation) ? [{ tenant, scope: '' }] : [];
    });
    return inKeyOrder(keys, ({ tenant, scope }) => `${tenant}\0${scope}`);
  }

  plan(contexts: ReadonlyMap<string, Context>): void {
    this.#operations.forEach((operation, index) => {
      const context = contexts.get(operation.tenant) ?? NO_CONTEXT;
      if (this.#wantsPlan(operation)) {
        const make = operation.kind === 'settle' ? orphanPlanFor : planFor;
        this.#plans[index] = make(operation.subject, context, this.nowMs);
      }
      if (bearsPlatform(operation)) this.#platformLines[index] = platformLine(context.policy, this.nowMs);
    });
  }

  balanceKeys(): readonly BalanceKey[] {
    const keys = this.#operations.flatMap((operation, index): readonly BalanceKey[] => {
      const { tenant } = operation;
      const known = this.#reservations.get(reservationText(operation))?.stored;
      const plan = this.#plans[index];
      const planned = plan === undefined || plan instanceof Fault ? [] : plan.lines;
      const platform = this.#platformLines[index];
      const lines = [
        ...knownLines(operation, known),
        ...planned,
        ...(platform === undefined ? [] : [platform]),
      ];
      return lines.map(({ bucket, period }) => ({ tenant, bucket, period }));
    });
    return inKeyOrder(keys, balanceText);
  }

  addBalances(found: readonly Balance[]): void {
    for (const balance of found) {
      this.#balances.set(balanceText(balance), { stored: balance, isChanged: false });
    }
  }

  missingBalances(keys: readonly BalanceKey[]): readonly BalanceKey[] {
    return keys.filter((key) => !this.#balances.has(balanceText(key)));
  }

  decide(operation: Operation, index: number): Verdict | Fault {
    const { tenant } = operation;
    const known = this.#reservations.get(reservationText(operation));
    const balanceOf = (line: Line) => this.#slot(tenant, line).stored;
    const record = {
      reservation: known?.stored,
      plan: this.#plans[index],
      platform: this.#platformLines[index],
      balanceOf,
    };
    const decision = decide(operation, record, this.nowMs);
    if (decision.kind === 'refused') return decision.fault;
    const { reservation } = decision;
    if (decision.kind === 'changed') {
      const version = known?.version ?? 0n;
      this.#reservations.set(reservationText(operation), { stored: reservation, version, isChanged: true });
      for (const posting of decision.postings) this.#post(reservation, posting);
      if (operation.kind === 'reverse' && operation.event !== undefined) this.events.push(operation.event);
    }
    // Only the answer of a reserve tells what is left.
    const balances = operation.kind === 'reserve' ? reservation.lines.map(balanceOf) : [];
    return { reservation, balances, nowMs: this.nowMs };
  }

  changes(): {
    readonly reservations: readonly Versioned[];
    readonly balances: readonly Balance[];
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

  #post({ tenant, reservationId }: Reservation, posting: Posting): void {
    const slot = this.#slot(tenant, posting);
    const { stored } = slot;
    slot.stored = {
      ...stored,
      held: add(stored.held, posting.held),
      used: add(stored.used, posting.used),
      overrun: add(stored.overrun, posting.overrun),
    };
    slot.isChanged = true;
    this.#entries.push({ tenant, reservationId, posting, atMs: this.nowMs });
  }

  #slot(tenant: string, { bucket, period }: Omit<BalanceKey, 'tenant'>): Slot<Balance> {
    const slot = this.#balances.get(balanceText({ tenant, bucket, period }));
    if (slot === undefined) throw new Error(`the balance of ${bucket} in ${period} was not read`);
    return slot;
  }

  #wantsPlan(operation: Operation): operation is Extract<Operation, { readonly kind: 'reserve' | 'settle' }> {
    if (operation.kind !== 'reserve' && operation.kind !== 'settle') return false;
    return !this.#reservations.has(reservationText(operation));
  }
}

const NO_CONTEXT: Context = { policy: DEFAULT_POLICY, buckets: new Map(), orders: new Map() };

function bearsPlatform(operation: Operation): boolean {
  return operation.kind === 'settle' && !isNothing(operation.platform);
}

/** A beat changes no balance. */
function knownLines({ kind }: Operation, known: Reservation | undefined): readonly Line[] {
  return known === undefined || kind === 'beat' ? [] : known.lines;
}
