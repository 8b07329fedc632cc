import { type Compilable, CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely';

export type RowValue = string | bigint | null;

/** The columns of given rows with their types, in the order in which they stand. */
export type RowColumns<Column extends string> = Readonly<Record<Column, 'text' | 'bigint'>>;

/** A query over a list of rows that is compiled once and not for each execution. */
export interface PreparedRows<Column extends string, Result> {
  /** Executes the query on `executor`, a database or a transaction, with these rows; there must be one at least. */
  execute<Schema>(
    executor: Kysely<Schema>,
    rows: readonly Readonly<Record<Column, RowValue>>[],
  ): Promise<{ readonly rows: readonly Result[]; readonly affectedRows: number }>;
}

/** How a kind of database is given a list of rows. */
export interface RowsForm {
  /** Whether one text serves lists of every length. */
  readonly isOneText: boolean;
  /** A query whose rows are the given ones. */
  rowsQuery(columns: RowColumns<string>, length: number): RawBuilder<never>;
  /** Hears of each text that will be executed again and again. */
  onPrepared(text: string): void;
}

/** Rows of one execution. */
const ROWS_MAX = 256;

/**
 * Prepares a query for hot paths, where compiling would cost more than executing. `build` gets a query that yields the
 * given rows: the source of an insert, or the right side of an `in`.
 */
export function prepareRows<Column extends string, Result>(
  { rowsForm }: { readonly rowsForm: RowsForm },
  columns: RowColumns<Column>,
  build: (given: RawBuilder<never>) => Compilable<Result>,
): PreparedRows<Column, Result> {
  const compiledByLength = new Map<number, CompiledRows>();
  const compile = (length: number) => {
    if (length < 1 || length > ROWS_MAX) throw new RangeError(`1 to ${ROWS_MAX} rows can be prepared`);
    const { sql, parameters } = build(rowsForm.rowsQuery(columns, length)).compile();
    rowsForm.onPrepared(sql);
    return { sql, parameters };
  };
  return {
    execute: async (executor, rows) => {
      const key = rowsForm.isOneText ? 1 : rows.length;
      let compiled = compiledByLength.get(key);
      if (compiled === undefined) {
        compiled = compile(key);
        compiledByLength.set(key, compiled);
      }
      const parameters = compiled.parameters.map((parameter) =>
        parameter instanceof Placeholder ? parameter.valueIn(rows) : parameter,
      );
      const result = await executor.executeQuery<Result>(CompiledQuery.raw(compiled.sql, parameters));
      return { rows: result.rows, affectedRows: Number(result.numAffectedRows ?? 0n) };
    },
  };
}

interface CompiledRows {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

type GivenRows = readonly Readonly<Record<string, RowValue>>[];

/** Stands in a compiled query for what comes with each execution. */
class Placeholder {
  readonly valueIn: (rows: GivenRows) => unknown;

  constructor(valueIn: (rows: GivenRows) => unknown) {
    this.valueIn = valueIn;
  }
}

/** `values (?, ?), (?, ?)`: a value each, and a text for each length. */
export const valuesForm: RowsForm = {
  isOneText: false,
  rowsQuery: (columns, length) => {
    const tuples = Array.from({ length }, (_, row) => {
      const values = Object.keys(columns).map((column) => new Placeholder((rows) => rows[row]?.[column]));
      return sql`(${sql.join(values)})`;
    });
    return sql<never>`values ${sql.join(tuples)}`;
  },
  onPrepared: () => {},
};

/** `select … from unnest(?, ?)`: a list each column, and one text for all lengths, which the server parses once. */
export function arraysForm(onPrepared: (text: string) => void): RowsForm {
  return {
    isOneText: true,
    rowsQuery: (columns) => {
      const names = Object.keys(columns).map((column) => sql.ref(column));
      const lists = Object.entries(columns).map(([column, type]) => {
        const list = new Placeholder((rows) => rows.map((row) => row[column]));
        return sql`${list}::${sql.raw(type)}[]`;
      });
      const table = sql`unnest(${sql.join(lists)}) as given(${sql.join(names)})`;
      return sql<never>`select ${sql.join(names)} from ${table}`;
    },
    onPrepared,
  };
}
