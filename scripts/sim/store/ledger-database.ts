// The database as one ledger process sees it: a client of the shared store whose transactions fail where the run says.

import { type Database, TransactionConflict } from '@ai-switch/db';
import type { LedgerSchema } from '@ai-switch/quota-ledger';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Holder, SharedStore } from './shared-store.ts';

/** What befalls one transaction. */
export type StoreFault =
  | { readonly kind: 'refused' }
  /** The statement of that number fails; the server rolls back. */
  | { readonly kind: 'statementFails'; readonly statement: number }
  | { readonly kind: 'failsBeforeCommit' }
  /** It is committed, and whoever waits never hears of it. */
  | { readonly kind: 'commitUnanswered' }
  | { readonly kind: 'flushFails' };

/** A transaction that was committed. */
export interface Commit {
  readonly replica: number;
  /** `tenant\0id` of each reservation that it locked first, which are those of its batch; empty for other work. */
  readonly reservations: readonly string[];
  readonly hasWritten: boolean;
  /** How many others had committed when it read its reservations. One that wrote nothing counts as of that moment. */
  readonly readAfter: number;
}

export interface LedgerDatabaseOptions {
  readonly store: SharedStore;
  readonly replica: number;
  readonly nowMs: () => number;
  /** Asked once for each transaction. */
  readonly nextFault: () => StoreFault | undefined;
  /** Asked at each flush. */
  readonly isFlushFailing: () => boolean;
  /** Transactions committed so far. */
  readonly commitCount: () => number;
  readonly onCommit: (commit: Commit) => void;
  readonly onConflict: () => void;
}

const ATTEMPTS_MAX = 10;

export function openLedgerDatabase(options: LedgerDatabaseOptions): Database<LedgerSchema> {
  const { store, nowMs, nextFault, onConflict } = options;
  const driver = new LedgerDriver(options);
  const dialect: Dialect = {
    createAdapter: () => new ManyConnectionsAdapter(),
    createDriver: () => driver,
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    // Keeps `for update`, which the shared store reads.
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  const kysely = new Kysely<LedgerSchema>({ dialect });
  return {
    kysely,
    rowsForm: store.backend.rowsForm,
    transaction: async (work) => {
      const fault = nextFault();
      if (fault?.kind === 'refused') throw new Error('the database refuses the connection');
      for (let attempt = 1; ; attempt += 1) {
        try {
          driver.nextFault = fault;
          return await kysely.transaction().execute(work);
        } catch (error) {
          const isDeadlock = error instanceof Error && 'code' in error && error.code === '40P01';
          if (attempt >= ATTEMPTS_MAX || !(isDeadlock || error instanceof TransactionConflict)) throw error;
          onConflict();
          // Lets the one that it met end first.
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
      }
    },
    nowMs: () => Promise.resolve(BigInt(nowMs())),
    flush: () =>
      options.isFlushFailing() ? Promise.reject(new Error('the disk does not answer')) : Promise.resolve(),
    close: () => kysely.destroy(),
  };
}

class ManyConnectionsAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class LedgerDriver implements Driver {
  /** Of the transaction that begins next. */
  nextFault: StoreFault | undefined;
  readonly #options: LedgerDatabaseOptions;

  constructor(options: LedgerDatabaseOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {}
  async destroy(): Promise<void> {}
  async releaseConnection(): Promise<void> {}

  async acquireConnection(): Promise<LedgerConnection> {
    const fault = this.nextFault;
    this.nextFault = undefined;
    return new LedgerConnection(this.#options, fault);
  }

  async beginTransaction(connection: LedgerConnection): Promise<void> {
    connection.begin();
  }

  async commitTransaction(connection: LedgerConnection): Promise<void> {
    const { store, replica, onCommit } = this.#options;
    if (connection.fault?.kind === 'failsBeforeCommit') throw new Error('the server closed the connection');
    const hasWritten = await store.end(connection.holder, 'commit');
    const { reservations, readAfter } = connection;
    onCommit({ replica, reservations, hasWritten, readAfter });
    if (connection.fault?.kind === 'commitUnanswered') throw new Error('the connection broke at the commit');
  }

  async rollbackTransaction(connection: LedgerConnection): Promise<void> {
    await this.#options.store.end(connection.holder, 'rollback');
  }
}

class LedgerConnection implements DatabaseConnection {
  readonly fault: StoreFault | undefined;
  holder: Holder = { isTransaction: false };
  reservations: readonly string[] = [];
  readAfter = 0;
  readonly #options: LedgerDatabaseOptions;
  #statements = 0;

  constructor(options: LedgerDatabaseOptions, fault: StoreFault | undefined) {
    this.#options = options;
    this.fault = fault;
  }

  begin(): void {
    this.holder = { isTransaction: true };
    this.#options.store.begin(this.holder);
  }

  async executeQuery<Result>(query: CompiledQuery): Promise<QueryResult<Result>> {
    this.#statements += 1;
    if (this.holder.isTransaction && this.#statements === 1 && isBatch(query.sql)) {
      this.reservations = pairsOf(query.parameters);
    }
    const result = await this.#options.store.execute<Result>(this.holder, query);
    if (this.#statements === 1) this.readAfter = this.#options.commitCount();
    if (this.fault?.kind === 'statementFails' && this.fault.statement === this.#statements) {
      throw new Error('the server was stopped in the middle of a transaction');
    }
    return result;
  }

  // biome-ignore lint/correctness/useYield: no store streams rows.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('queries are not streamed');
  }
}

/** A batch of operations begins by locking its reservations. */
function isBatch(sql: string): boolean {
  return sql.includes('from "reservation"') && /^select \* /.test(sql);
}

function pairsOf(parameters: readonly unknown[]): readonly string[] {
  return Array.from(
    { length: parameters.length / 2 },
    (_, index) => `${parameters[2 * index]}\0${parameters[2 * index + 1]}`,
  );
}
