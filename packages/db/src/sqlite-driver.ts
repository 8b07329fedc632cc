import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault } from '@ai-switch/kernel';
import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely';

/** Prepared statements kept, the least recently used one is dropped first. */
const STATEMENTS_MAX = 512;
/** Transactions and statements that wait for the connection; one more is refused. */
const WAITING_MAX = 20_000;
/** SQLite answers at once. After so long, whoever asks it again and again waits until all else on this thread had its turn. */
const TURN_MS_MAX = 10;

/** One connection, lent to one user at a time in order of arrival. */
export class SqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: SqliteConnection;
  readonly #waiting: (() => void)[] = [];
  #isLent = false;
  /** Of the event loop, with a statement in it. */
  #turnBeganMs: number | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#connection = new SqliteConnection(database);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#isLent) await this.#waitInLine();
    this.#isLent = true;
    if (this.#isTurnOver()) await nextTurn();
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isLent = false;
    else next();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // Immediate: a transaction that began by reading could not become a writer after another process wrote.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // A full disk and the like make SQLite roll back by itself; the first error is the one to tell.
    if (this.#database.isTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    this.#database.close();
  }

  async #waitInLine(): Promise<void> {
    if (this.#waiting.length >= WAITING_MAX) {
      throw new Fault('overloaded', 'The database is busy. Please try again in a moment.', {
        retryAfterMs: 1_000,
      });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #isTurnOver(): boolean {
    const nowMs = performance.now();
    if (this.#turnBeganMs === undefined) {
      this.#turnBeganMs = nowMs;
      setImmediate(() => {
        this.#turnBeganMs = undefined;
      });
    }
    return nowMs - this.#turnBeganMs > TURN_MS_MAX;
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, CachedStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { statement, isReader } = this.#prepare(sql);
    // Why: Kysely types parameters as unknown; node:sqlite refuses at run time what it cannot bind.
    const values = parameters as readonly SQLInputValue[];
    if (isReader) return { rows: statement.all(...values) as Row[] };
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  // biome-ignore lint/correctness/useYield: node:sqlite reads rows at once, and no store streams them.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('SQLite queries are not streamed; read them in pages by key');
  }

  #prepare(sql: string): CachedStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const statement = this.#database.prepare(sql);
    const cached = { statement, isReader: statement.columns().length > 0 };
    this.#statements.set(sql, cached);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > STATEMENTS_MAX && oldest !== undefined) this.#statements.delete(oldest);
    return cached;
  }
}

interface CachedStatement {
  readonly statement: StatementSync;
  readonly isReader: boolean;
}
