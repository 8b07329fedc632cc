// A database with an organisation's rows, which can be asked in two ways: within a scope, whose condition is put into every
// query, or as the system, with the reason named. There is no third: the tables cannot be reached without.

import {
  type DeleteQueryBuilder,
  type DeleteResult,
  expressionBuilder,
  type Insertable,
  type Kysely,
  type SelectQueryBuilder,
  sql,
  type Transaction,
  type UpdateQueryBuilder,
  type UpdateResult,
} from 'kysely';
import { type DatabaseOptions, openDatabaseOn } from './database.ts';
import type { RowsForm } from './prepare-rows.ts';
import { isWithin, type RowScope, type ScopeColumns, type ScopedTables } from './scope.ts';
import { TransactionConflict } from './transaction.ts';

/** Why rows are read or written without anybody's scope. */
export type SystemReason =
  /** Nobody is known yet. */
  | 'authentication'
  /** What an actor may do at all. */
  | 'authority'
  /** A rule over all companies: the last root user, names that are unique everywhere. */
  | 'wholeInstallation'
  /** What follows from a change that was permitted: rows below a moved department, keys of a removed user. */
  | 'consequence'
  /** Notes and clean-up that no caller asked for. */
  | 'upkeep';

export interface ScopedDatabase<Schema, Tables extends ScopedTables<Schema>> {
  readonly tables: Tables;
  /** Runs `work` in one transaction that sees the scope only; retried like every transaction. */
  within<Result>(
    scope: RowScope,
    work: (rows: RowsWithin<Schema, Tables>) => Promise<Result>,
  ): Promise<Result>;
  /** Single statements as the system. */
  asSystem(reason: SystemReason): Kysely<Schema>;
  /** One transaction as the system. */
  transactionAsSystem<Result>(
    reason: SystemReason,
    work: (trx: Transaction<Schema>) => Promise<Result>,
  ): Promise<Result>;
  /** True when the server bounds this connection to the scope, too; SQLite has no such wall. */
  readonly hasSecondWall: boolean;
  /** How `prepareRows` gives it a list of rows. */
  readonly rowsForm: RowsForm;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens and migrates a database whose tables `tables` are reached within a scope only.
 * @throws DatabaseError as `openDatabase` does
 */
export async function openScopedDatabase<Schema, const Tables extends ScopedTables<Schema>>(
  options: DatabaseOptions & {
    readonly tables: Tables;
    /** The last part of each transaction within a scope that wrote something. */
    readonly onWrite?: (trx: Transaction<Schema>, scope: RowScope) => Promise<void>;
    /** Hears of each transaction that may have written something, once it is there for others; not of upkeep, which may be what it does. */
    readonly onCommit?: () => void;
  },
): Promise<ScopedDatabase<Schema, Tables>> {
  const { tables, onWrite, onCommit } = options;
  const { database, wall } = await openDatabaseOn<Schema>(options);
  const asSystem = () => database.kysely;
  try {
    const hasSecondWall = await wall.raise(tables);
    return {
      tables,
      hasSecondWall,
      rowsForm: database.rowsForm,
      asSystem,
      transactionAsSystem: async (reason, work) => {
        const result = await database.transaction(work);
        if (reason !== 'upkeep') onCommit?.();
        return result;
      },
      within: async (scope, work) => {
        let hasWritten = false;
        const result = await database.transaction(async (trx) => {
          await wall.enter(trx, scope);
          const rows = new RowsWithin(trx, tables, scope, wall);
          const done = await work(rows);
          hasWritten = rows.hasWritten;
          if (hasWritten && onWrite !== undefined) {
            await wall.leave(trx);
            await onWrite(trx, scope);
          }
          return done;
        });
        if (hasWritten) onCommit?.();
        return result;
      },
      flush: () => database.flush(),
      close: () => database.close(),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The server's own bounds, where it has some. */
export interface Wall {
  /** @returns false when the connection is bounded by nothing */
  raise(tables: Readonly<Record<string, ScopeColumns | undefined>>): Promise<boolean>;
  enter<Schema>(trx: Transaction<Schema>, scope: RowScope): Promise<void>;
  leave<Schema>(trx: Transaction<Schema>): Promise<void>;
}

type Names<Schema, Tables> = keyof Tables & keyof Schema & string;

/** The rows of one scope. What a query adds can only narrow it; other tables cannot be joined. */
export class RowsWithin<Schema, Tables extends ScopedTables<Schema>> {
  readonly scope: RowScope;
  readonly #trx: Transaction<Schema>;
  readonly #tables: Tables;
  readonly #wall: Wall;
  #hasWritten = false;

  constructor(trx: Transaction<Schema>, tables: Tables, scope: RowScope, wall: Wall) {
    this.#trx = trx;
    this.#tables = tables;
    this.scope = scope;
    this.#wall = wall;
  }

  /** True once something was to be inserted, updated or deleted. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  selectFrom<Table extends Names<Schema, Tables>>(
    table: Table,
  ): SelectQueryBuilder<Pick<Schema, Table>, Table, object> {
    const query = this.#untyped.selectFrom(asAny(table)).where(this.#conditionOn(table));
    return query as unknown as SelectQueryBuilder<Pick<Schema, Table>, Table, object>;
  }

  updateTable<Table extends Names<Schema, Tables>>(
    table: Table,
  ): UpdateQueryBuilder<Pick<Schema, Table>, Table, Table, UpdateResult> {
    this.#hasWritten = true;
    const query = this.#untyped.updateTable(asAny(table)).where(this.#conditionOn(table));
    return query as unknown as UpdateQueryBuilder<Pick<Schema, Table>, Table, Table, UpdateResult>;
  }

  deleteFrom<Table extends Names<Schema, Tables>>(
    table: Table,
  ): DeleteQueryBuilder<Pick<Schema, Table>, Table, DeleteResult> {
    this.#hasWritten = true;
    const query = this.#untyped.deleteFrom(asAny(table)).where(this.#conditionOn(table));
    return query as unknown as DeleteQueryBuilder<Pick<Schema, Table>, Table, DeleteResult>;
  }

  /**
   * A row that is there already by one of the table's keys makes the whole transaction run again, which then finds it.
   *
   * @throws RangeError for a row outside the scope: a mistake of ours, for permission is asked before.
   */
  async insert<Table extends Names<Schema, Tables>>(
    table: Table,
    row: Insertable<Schema[Table]>,
  ): Promise<void> {
    this.#hasWritten = true;
    const values = row as Readonly<Record<string, unknown>>;
    if (!this.takesIn(table, values)) throw new RangeError(`a row of ${table} is outside the scope`);
    const { numInsertedOrUpdatedRows } = await this.#untyped
      .insertInto(asAny(table))
      .values(values)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows !== 1n) throw new TransactionConflict(`a row of ${table} is there already`);
  }

  /** True when the scope takes the row in. */
  takesIn(table: Names<Schema, Tables>, row: Readonly<Record<string, unknown>>): boolean {
    return isWithin(this.scope, this.#columnsOf(table), row);
  }

  /** A part of the same transaction as the system. */
  async asSystem<Result>(
    _reason: SystemReason,
    work: (trx: Transaction<Schema>) => Promise<Result>,
  ): Promise<Result> {
    await this.#wall.leave(this.#trx);
    const result = await work(this.#trx);
    await this.#wall.enter(this.#trx, this.scope);
    return result;
  }

  // Kysely's types of a query grow with the schema; a table that is only a type parameter is more than they can tell.
  get #untyped(): Kysely<AnySchema> {
    return this.#trx as unknown as Kysely<AnySchema>;
  }

  #columnsOf(table: Names<Schema, Tables>): ScopeColumns {
    const columns: ScopeColumns | undefined = this.#tables[table];
    if (columns === undefined) throw new RangeError(`${table} has no scope`);
    return columns;
  }

  #conditionOn(table: Names<Schema, Tables>) {
    const columns = this.#columnsOf(table);
    const { tenant, isWholeCompany, departmentPaths, userId } = this.scope;
    const { departmentPath: path, userId: owner } = columns;
    const where = expressionBuilder<AnySchema, 'any'>();
    const isOfCompany = where(columns.tenant, '=', tenant);
    if (isWholeCompany) return isOfCompany;
    // Not `like`: an id may hold its wildcards, and SQLite's does not tell capitals from small letters.
    const ways = (path === undefined ? [] : departmentPaths).map((above) =>
      where(sql<string>`substr(${sql.ref(path ?? '')}, 1, ${sql.lit(above.length)})`, '=', above),
    );
    if (owner !== undefined && userId !== '') ways.push(where(owner, '=', userId));
    return where.and([isOfCompany, where.or(ways)]);
  }
}

interface AnySchema {
  readonly any: Readonly<Record<string, unknown>>;
}

function asAny(table: string): 'any' {
  return table as 'any';
}
