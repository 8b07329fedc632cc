// One database that several ledgers write, with the interleavings of PostgreSQL at `read committed` on a SQLite in memory:
// what a transaction locks others wait for, what it has not committed they do not see, and between any two of its
// statements the statements of others may run. The order is decided by chance alone, so that a seed replays it.
//
// A transaction takes SQLite's write lock with its first write and keeps it to its end; before, it only reads.

import type { Database } from '@ai-switch/db';
import type { LedgerSchema } from '@ai-switch/quota-ledger';
import { CompiledQuery, type QueryResult } from 'kysely';
import type { Random } from '../random.ts';

/** One who has a transaction under way, or reads. */
export interface Holder {
  /** Locks are kept until the transaction ends; a single statement keeps none. */
  readonly isTransaction: boolean;
}

type Row = Readonly<Record<string, unknown>>;

const KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  reservation: [['tenant'], ['reservation_id', 'reservationId']],
  balance: [['tenant'], ['bucket'], ['period']],
  bucket: [['tenant'], ['bucket']],
  funding_order: [['tenant'], ['scope']],
  policy: [['tenant']],
};

/** Turns of the event loop that others may get between two statements. */
const TURNS_MAX = 2;

export class SharedStore {
  readonly backend: Database<LedgerSchema>;
  readonly #random: Random;
  readonly #locks = new Map<string, Holder>();
  readonly #open = new Set<Holder>();
  readonly #waiting = new Set<Holder>();
  #writer: Holder | undefined;
  #turn: Promise<void> = Promise.resolve();
  #wake: (() => void)[] = [];
  /** How often somebody waited for a lock, and how often all would have waited for ever. */
  readonly met = { waits: 0, deadlocks: 0 };

  constructor(backend: Database<LedgerSchema>, random: Random) {
    this.backend = backend;
    this.#random = random;
  }

  begin(holder: Holder): void {
    this.#open.add(holder);
  }

  async execute<Result>(holder: Holder, { sql, parameters }: CompiledQuery): Promise<QueryResult<Result>> {
    for (let turns = this.#random.whole(0, TURNS_MAX); turns > 0; turns -= 1) await nextTurn();
    const [clause, skip] = /\s+for update( skip locked)?$/.exec(sql) ?? [];
    if (clause !== undefined) {
      return await this.#selectLocking(holder, sql.slice(0, -clause.length), parameters, skip !== undefined);
    }
    const isWritable = () => this.#writer === undefined || this.#writer === holder;
    if (!/^\s*(insert|update|delete)\b/i.test(sql)) {
      return await this.#when(holder, isWritable, () => this.#run(sql, parameters));
    }
    const [, updated] = /^\s*(?:update|delete from) "(\w+)"/.exec(sql) ?? [];
    const isFree = () => updated === undefined || !this.#isLockedByOthers(updated, holder);
    return await this.#when(
      holder,
      () => isWritable() && isFree(),
      async () => {
        if (holder.isTransaction && this.#writer === undefined) {
          this.#writer = holder;
          await this.#run('begin immediate', []);
        }
        return await this.#run(sql, parameters);
      },
    );
  }

  /** @returns whether anything was written */
  async end(holder: Holder, how: 'commit' | 'rollback'): Promise<boolean> {
    if (!this.#open.delete(holder)) return false;
    const hasWritten = this.#writer === holder;
    await this.#inTurn(async () => {
      if (hasWritten) {
        await this.#run(how, []);
        this.#writer = undefined;
      }
      for (const [key, owner] of this.#locks) if (owner === holder) this.#locks.delete(key);
    });
    for (const wake of this.#wake.splice(0)) wake();
    return hasWritten;
  }

  async #selectLocking<Result>(
    holder: Holder,
    sql: string,
    parameters: readonly unknown[],
    isSkipping: boolean,
  ): Promise<QueryResult<Result>> {
    const [, table = ''] = /\bfrom "(\w+)"/.exec(sql) ?? [];
    const isFree = (row: Row) => {
      const owner = this.#locks.get(lockKey(table, row));
      return owner === undefined || owner === holder;
    };
    for (;;) {
      const { rows, taken } = await this.#when(
        holder,
        () => this.#writer === undefined || this.#writer === holder,
        async () => {
          const found = await this.#run<Row>(sql, parameters);
          const rows = isSkipping ? found.rows.filter(isFree) : found.rows;
          const taken = rows.find((row) => !isFree(row));
          if (holder.isTransaction && taken === undefined) {
            for (const row of rows) this.#locks.set(lockKey(table, row), holder);
          }
          return { rows, taken };
        },
      );
      if (taken === undefined) return { rows: rows as Result[] };
      await this.#until(holder, () => isFree(taken));
    }
  }

  #isLockedByOthers(table: string, holder: Holder): boolean {
    return [...this.#locks].some(([key, owner]) => owner !== holder && key.startsWith(`${table}\0`));
  }

  async #until(holder: Holder, isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    this.met.waits += 1;
    this.#waiting.add(holder);
    try {
      while (!isMet()) {
        if (holder.isTransaction && [...this.#open].every((each) => this.#waiting.has(each))) {
          this.met.deadlocks += 1;
          throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
        }
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    } finally {
      this.#waiting.delete(holder);
    }
  }

  /** Runs `work` at once when the condition is met, with nobody else between. */
  async #when<Result>(holder: Holder, isMet: () => boolean, work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      const done = await this.#inTurn(async () => (isMet() ? { result: await work() } : undefined));
      if (done !== undefined) return done.result;
      await this.#until(holder, isMet);
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  #run<Result>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<Result>> {
    return this.backend.kysely.executeQuery<Result>(CompiledQuery.raw(sql, [...parameters]));
  }
}

function lockKey(table: string, row: Row): string {
  const columns = KEYS[table];
  if (columns === undefined) throw new Error(`no key is known of the table ${table}`);
  const parts = columns.map((names) => names.map((name) => row[name]).find((value) => value !== undefined));
  return [table, ...parts].join('\0');
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
