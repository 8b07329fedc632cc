import { type Compilable, CompiledQuery, type Kysely } from 'kysely';

export type RowValue = string | bigint | null;

/** A query over a list of rows that is compiled once for each length of the list. */
export interface PreparedRows<Column extends string, Result> {
  /** Executes the query on `executor`, a database or a transaction, with these rows; there must be one at least. */
  execute<Schema>(
    executor: Kysely<Schema>,
    rows: readonly Readonly<Record<Column, RowValue>>[],
  ): Promise<{ readonly rows: readonly Result[]; readonly affectedRows: number }>;
}

/** Rows of one execution; each length that occurs is one compiled text. */
const ROWS_MAX = 256;

/**
 * Prepares a query for hot paths, where compiling would cost more than executing: `build` gets rows of placeholders
 * and puts them where values would stand.
 */
export function prepareRows<Column extends string, Result>(
  columns: readonly Column[],
  build: (rows: readonly Readonly<Record<Column, never>>[]) => Compilable<Result>,
): PreparedRows<Column, Result> {
  const byLength = new Map<number, CompiledRows>();
  return {
    execute: async (executor, rows) => {
      let compiled = byLength.get(rows.length);
      if (compiled === undefined) {
        if (rows.length < 1 || rows.length > ROWS_MAX)
          throw new RangeError(`1 to ${ROWS_MAX} rows can be prepared`);
        compiled = compileRows(columns, rows.length, build);
        byLength.set(rows.length, compiled);
      }
      const parameters = compiled.parameters.map((parameter) =>
        parameter instanceof Placeholder ? rows[parameter.row]?.[parameter.column as Column] : parameter,
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

class Placeholder {
  readonly row: number;
  readonly column: string;

  constructor(row: number, column: string) {
    this.row = row;
    this.column = column;
  }
}

function compileRows<Column extends string, Result>(
  columns: readonly Column[],
  length: number,
  build: (rows: readonly Readonly<Record<Column, never>>[]) => Compilable<Result>,
): CompiledRows {
  const placeholders = Array.from({ length }, (_, row) =>
    Object.fromEntries(columns.map((column) => [column, new Placeholder(row, column)])),
  );
  // Why: a placeholder stands for a value of whatever type its column has.
  const { sql, parameters } = build(
    placeholders as unknown as readonly Readonly<Record<Column, never>>[],
  ).compile();
  return { sql, parameters };
}
