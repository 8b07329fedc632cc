import type { Kysely, Transaction } from 'kysely';
import { DatabaseError } from './database-error.ts';
import type { Engine, Migration } from './engine.ts';
import { migrate } from './migrate.ts';
import { noteOpen } from './open-databases.ts';
import { openPostgres } from './postgres.ts';
import type { RowsForm } from './prepare-rows.ts';
import type { Wall } from './scoped-database.ts';
import { openSqlite } from './sqlite.ts';
import { runTransaction } from './transaction.ts';

/**
 * One service's own database. The same store code runs on SQLite and on PostgreSQL. Every integer comes back as a
 * bigint from both.
 */
export interface Database<Schema> {
  readonly kysely: Kysely<Schema>;
  /** How `prepareRows` gives it a list of rows. */
  readonly rowsForm: RowsForm;
  /**
   * Runs `work` in one transaction and commits it; retries it whole, a bounded number of times, on a serialisation
   * failure, a deadlock or a TransactionConflict. `work` must use `trx` only: on SQLite there is one connection, and
   * whoever waits for `kysely` in the middle of a transaction waits for himself.
   */
  transaction<Result>(work: (trx: Transaction<Schema>) => Promise<Result>): Promise<Result>;
  /**
   * The database's own clock, in milliseconds since the epoch: the one that several processes agree on.
   * @param executor `kysely`, or the transaction under way
   */
  nowMs(executor: Kysely<Schema>): Promise<bigint>;
  /** Resolves once everything committed so far survives a power cut. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `sqlite:<file path>`, `sqlite::memory:` or `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** The PostgreSQL schema of this service, like `quota_ledger`; it is created when missing. */
  readonly schema: string;
  /** In order. One that was released is never changed: a change is a new migration. */
  readonly migrations: readonly Migration[];
}

/**
 * Opens and migrates a database.
 * @throws DatabaseError when it cannot be opened, or when its schema is newer than this program or half done.
 */
export async function openDatabase<Schema>(options: DatabaseOptions): Promise<Database<Schema>> {
  return (await openDatabaseOn<Schema>(options)).database;
}

/** The same, with the bounds that the server itself can set. */
export async function openDatabaseOn<Schema>(
  options: DatabaseOptions,
): Promise<{ readonly database: Database<Schema>; readonly wall: Wall }> {
  const engine = openEngine<Schema>(options);
  try {
    await migrate(engine, options.migrations);
  } catch (error) {
    await engine.close().catch(() => {});
    const explanation = engine.explain(error);
    throw explanation === undefined ? error : new DatabaseError(explanation, { cause: error });
  }
  const noteClosed = noteOpen(options.schema, engine.kysely as unknown as Kysely<never>);
  const database: Database<Schema> = {
    kysely: engine.kysely,
    rowsForm: engine.rowsForm,
    transaction: (work) => runTransaction(engine.kysely, work),
    nowMs: (executor) => engine.nowMs(executor),
    flush: engine.flush,
    close: () => {
      noteClosed();
      return engine.close();
    },
  };
  return { database, wall: engine.wall };
}

function openEngine<Schema>({ url, schema }: DatabaseOptions): Engine<Schema> {
  if (url.startsWith('sqlite:')) return openSqlite<Schema>(url.slice('sqlite:'.length));
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres<Schema>(url, schema);
  throw new DatabaseError(
    'the database URL must begin with sqlite: or postgres://, like sqlite:./data/ledger.sqlite',
  );
}
