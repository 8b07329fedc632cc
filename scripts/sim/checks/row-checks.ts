// The invariants that stored rows show by themselves, checked after every step on the rows that changed: I1, I2, I3, I4,
// I6, I10, I11 and I12. Nothing here knows what was asked of the ledger, besides whose rows may change.

import { at, isZero, minus, most, plus, TYPES, type Vector, ZERO } from '../oracle/vector.ts';
import type { Change, StoredRow } from '../store/change-log.ts';
import { Violation } from '../violation.ts';
import {
  balanceOf,
  type Counts,
  entryOf,
  reservationOf,
  type StoredBalance,
  type StoredEntry,
  type StoredReservation,
} from './stored.ts';

export interface ChangedRow extends Change {
  /** As it is now; undefined once deleted. */
  readonly row: StoredRow | undefined;
}

const NO_COUNTS: Counts = { held: ZERO, used: ZERO, overrun: ZERO };

/** From which states a state may be reached. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  HELD: ['', 'HELD'],
  REJECTED: [''],
  SETTLED: ['HELD'],
  VOIDED: ['', 'HELD'],
  EXPIRED: ['HELD'],
  RECONCILED: ['EXPIRED'],
  ORPHAN_SETTLED: [''],
  REVERSED: ['SETTLED', 'RECONCILED', 'ORPHAN_SETTLED'],
};
/** In one step a batch may take a reservation through several states. */
const STEPS_MAX = 4;

/** Entries of one kind end or change a reservation at most so often. */
const RESOLVING = ['settle', 'void', 'expire', 'orphan'];
const FUNDING = ['PERSONAL', 'PROJECT', 'SUPPLEMENTARY'];

export class RowChecks {
  readonly balances = new Map<string, StoredBalance>();
  readonly reservations = new Map<string, StoredReservation>();
  readonly #entriesOf = new Map<string, StoredEntry[]>();
  readonly #entryCounts = new Map<string, number>();
  readonly #folds = new Map<string, Counts>();
  readonly #shares = new Map<string, Counts>();
  /** Balances whose limit was lowered under what was admitted. */
  readonly #lowered = new Set<string>();

  /** @param tenants whose rows may have changed */
  check(changes: readonly ChangedRow[], tenants: ReadonlySet<string>, nowMs: number): void {
    const touchedBalances = new Set<string>();
    const touchedReservations = new Set<string>();
    const before = new Map<string, StoredBalance | undefined>();
    for (const { table, key, kind, row } of changes) {
      if (!tenants.has(key[0] ?? '')) {
        throw new Violation('I12', `a row of ${key[0]} in ${table} changed, which nothing was asked of`, [
          key,
          row,
        ]);
      }
      if (kind === 'delete' && table !== 'funding_order') {
        throw new Violation('I11', `a row of ${table} was deleted`, [key]);
      }
      if (row === undefined) continue;
      if (table === 'entry') {
        if (kind !== 'insert') throw new Violation('I11', 'an entry was changed', [row]);
        const entry = entryOf(row);
        const id = `${entry.tenant}\0${entry.reservationId}`;
        const balance = `${entry.tenant}\0${entry.bucket}\0${entry.period}`;
        this.#entryCounts.set(balance, (this.#entryCounts.get(balance) ?? 0) + 1);
        this.#folds.set(balance, sum(this.#folds.get(balance), entry, 1n));
        this.#entriesOf.set(id, [...(this.#entriesOf.get(id) ?? []), entry]);
        touchedBalances.add(balance);
        touchedReservations.add(id);
      } else if (table === 'balance') {
        const id = key.join('\0');
        if (!before.has(id)) before.set(id, this.balances.get(id));
        this.balances.set(id, balanceOf(row));
        touchedBalances.add(id);
      } else if (table === 'reservation') {
        const id = key.join('\0');
        const known = this.reservations.get(id);
        const stored = reservationOf(row);
        if (touchedReservations.has(`row ${id}`)) continue;
        touchedReservations.add(`row ${id}`);
        this.#moveShares(known, stored, touchedBalances);
        this.#checkState(known, stored);
        this.reservations.set(id, stored);
        touchedReservations.add(id);
      }
    }
    for (const id of touchedBalances)
      this.#checkBalance(id, before.has(id) ? before.get(id) : this.balances.get(id), nowMs);
    for (const id of touchedReservations) if (!id.startsWith('row ')) this.#checkReservation(id);
  }

  /** Every balance that still holds something. */
  held(): readonly StoredBalance[] {
    return [...this.balances.values()].filter(({ held }) => !isZero(held));
  }

  entriesOf(tenant: string, reservationId: string): readonly StoredEntry[] {
    return this.#entriesOf.get(`${tenant}\0${reservationId}`) ?? [];
  }

  entryCount(tenant: string, bucket: string, period: string): number {
    return this.#entryCounts.get(`${tenant}\0${bucket}\0${period}`) ?? 0;
  }

  #moveShares(known: StoredReservation | undefined, stored: StoredReservation, touched: Set<string>): void {
    for (const [reservation, sign] of [
      [known, -1n],
      [stored, 1n],
    ] as const) {
      for (const line of reservation?.lines ?? []) {
        const id = `${stored.tenant}\0${line.bucket}\0${line.period}`;
        this.#shares.set(id, sum(this.#shares.get(id), line, sign));
        touched.add(id);
      }
    }
  }

  #checkBalance(id: string, before: StoredBalance | undefined, nowMs: number): void {
    const balance = this.balances.get(id);
    const fold = this.#folds.get(id) ?? NO_COUNTS;
    const shares = this.#shares.get(id) ?? NO_COUNTS;
    // A plan may name a bucket that no entry touched yet.
    if (balance === undefined && areZero(fold) && areZero(shares)) return;
    const counts = balance ?? NO_COUNTS;
    for (const [index, type] of TYPES.entries()) {
      if ([counts.held, counts.used, counts.overrun].some((vector) => at(vector, index) < 0n)) {
        throw new Violation('I2', `the balance ${show(id)} is negative in ${type}`, [balance]);
      }
      if (at(counts.overrun, index) > at(counts.used, index)) {
        throw new Violation('I2', `more of ${type} is overrun than used in ${show(id)}`, [balance]);
      }
    }
    if (!areSame(counts, fold)) {
      throw new Violation('I1', `the balance ${show(id)} is not the sum of its entries`, [balance, fold]);
    }
    if (!areSame(counts, shares)) {
      throw new Violation(
        'I1',
        `the balance ${show(id)} is not the sum of the reservations that stand on it`,
        [balance, shares],
      );
    }
    if (balance === undefined) return;
    for (const index of TYPES.keys()) this.#checkLimit(id, index, balance, before, nowMs);
  }

  #checkLimit(
    id: string,
    index: number,
    balance: StoredBalance,
    before: StoredBalance | undefined,
    nowMs: number,
  ): void {
    const limit = balance.limits[index] ?? null;
    const key = `${id}\0${index}`;
    if (limit === null || level(balance, index) <= limit) {
      this.#lowered.delete(key);
      return;
    }
    // A cap that is closed bounds nothing.
    const isClosed = balance.openUntilMs !== null && balance.openUntilMs <= nowMs;
    if (isClosed) {
      this.#lowered.add(key);
      return;
    }
    if (before !== undefined && isLowered(before.limits[index] ?? null, limit)) this.#lowered.add(key);
    if (!this.#lowered.has(key)) {
      throw new Violation('I3', `${TYPES[index]} of ${show(id)} is past its limit`, [before, balance]);
    }
    if (before !== undefined && level(balance, index) > level(before, index)) {
      throw new Violation(
        'I3',
        `${TYPES[index]} of ${show(id)} was admitted above a limit that was lowered`,
        [before, balance],
      );
    }
  }

  #checkState(known: StoredReservation | undefined, stored: StoredReservation): void {
    let reachable: readonly string[] = [stored.state];
    for (let step = 0; step < STEPS_MAX; step += 1) {
      if (reachable.includes(known?.state ?? '')) return;
      reachable = reachable.flatMap((state) => BEFORE[state] ?? []);
    }
    throw new Violation('I4', `a reservation went from ${known?.state ?? 'nothing'} to ${stored.state}`, [
      known?.row,
      stored.row,
    ]);
  }

  #checkReservation(id: string): void {
    const stored = this.reservations.get(id);
    const entries = this.#entriesOf.get(id) ?? [];
    if (stored === undefined)
      throw new Violation('I1', `entries without their reservation ${show(id)}`, entries);
    const fail = (invariant: string, message: string) => {
      throw new Violation(invariant, `${message} (${show(id)})`, [stored.row, ...entries]);
    };
    const kinds = new Set(entries.map(({ operation }) => operation));
    if (RESOLVING.filter((kind) => kinds.has(kind)).length > 1) fail('I4', 'a hold was resolved twice');
    if (kinds.has('reconcile') && stored.state !== 'RECONCILED' && stored.state !== 'REVERSED') {
      fail('I4', 'a late settlement was not the last');
    }
    const amounts = [...stored.amounts, ...stored.charged];
    if (amounts.some((amount) => amount < 0n)) fail('I2', 'a reservation is negative');
    this.#checkShares(stored, fail);
    for (const [key, group] of groupsOf(entries)) {
      const isHolding = key.startsWith('reserve ') || key.startsWith('extend ');
      if (isHolding) checkWhole(stored, group, fail);
    }
  }

  #checkShares({ state, lines, amounts, charged }: StoredReservation, fail: Fail): void {
    const funding = lines.filter(({ tier }) => FUNDING.includes(tier));
    const caps = lines.filter(({ tier }) => tier === 'CAP');
    const total = (pick: (counts: Counts) => Vector) => funding.map(pick).reduce(plus, ZERO);
    const held = state === 'HELD' ? amounts : ZERO;
    if (
      !areEqual(
        total((line) => line.held),
        held,
      )
    )
      fail('I6', 'the funding buckets do not hold the amounts');
    if (
      !areEqual(
        total((line) => line.used),
        charged,
      )
    )
      fail('I6', 'the funding buckets are not charged the charge');
    for (const cap of caps) {
      if (!areEqual(cap.held, held)) fail('I6', `the cap ${cap.bucket} does not hold the amounts`);
      if (!areEqual(cap.used, charged)) fail('I6', `the cap ${cap.bucket} is not charged the charge`);
    }
    const hadHold = state === 'SETTLED' ? amounts : ZERO;
    const bound = most(ZERO, minus(charged, hadHold));
    for (const over of [total((line) => line.overrun), ...caps.map((cap) => cap.overrun)]) {
      if (over.some((amount, index) => amount > at(bound, index))) {
        fail('I10', 'more is overrun than was used beyond the hold');
      }
    }
  }
}

type Fail = (invariant: string, message: string) => void;

/** An admission is whole in all tiers and types: each cap has all of it, the funding buckets together as much. */
function checkWhole({ lines }: StoredReservation, group: readonly StoredEntry[], fail: Fail): void {
  const tierOf = (entry: StoredEntry) => lines.find((line) => line.bucket === entry.bucket)?.tier ?? '';
  const paid = group
    .filter((entry) => FUNDING.includes(tierOf(entry)))
    .map(({ held }) => held)
    .reduce(plus, ZERO);
  for (const cap of lines.filter(({ tier }) => tier === 'CAP')) {
    const entry = group.find(({ bucket }) => bucket === cap.bucket);
    if (!areEqual(entry?.held ?? ZERO, paid))
      fail('I6', `an admission is not whole in the cap ${cap.bucket}`);
  }
}

function groupsOf(entries: readonly StoredEntry[]): ReadonlyMap<string, readonly StoredEntry[]> {
  return Map.groupBy(entries, ({ operation, opSeq }) => `${operation} ${opSeq}`);
}

function level({ used, overrun, held }: Counts, index: number): bigint {
  return at(used, index) - at(overrun, index) + at(held, index);
}

function isLowered(before: bigint | null, now: bigint): boolean {
  return before === null || before > now;
}

function sum(one: Counts = NO_COUNTS, { held, used, overrun }: Counts, sign: bigint): Counts {
  const signed = (vector: Vector) => vector.map((amount) => sign * amount);
  return {
    held: plus(one.held, signed(held)),
    used: plus(one.used, signed(used)),
    overrun: plus(one.overrun, signed(overrun)),
  };
}

function areSame(one: Counts, other: Counts): boolean {
  return (
    areEqual(one.held, other.held) && areEqual(one.used, other.used) && areEqual(one.overrun, other.overrun)
  );
}

function areZero({ held, used, overrun }: Counts): boolean {
  return isZero(held) && isZero(used) && isZero(overrun);
}

function areEqual(one: Vector, other: Vector): boolean {
  return one.every((amount, index) => amount === at(other, index));
}

function show(id: string): string {
  return id.replaceAll('\0', ' ');
}
