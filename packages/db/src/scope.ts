// Whose rows a query may see. The condition stands in every query that a RowsWithin makes; on PostgreSQL the same stands in
// the policies of row-level-security.ts.

/** As `Scope` of the contracts: rows of one company, and of them those that one of the conditions takes in. */
export interface RowScope {
  readonly tenant: string;
  readonly isWholeCompany: boolean;
  /** Each with all below it: `/dep_a/dep_b/`. */
  readonly departmentPaths: readonly string[];
  /** '' for nobody's own rows. */
  readonly userId: string;
}

/** Where a table says whose a row is. A table without a column of a kind is seen by no scope of that kind. */
export interface ScopeColumns<Column extends string = string> {
  readonly tenant: Column;
  readonly departmentPath?: Column;
  readonly userId?: Column;
}

/** The tables of a schema that hold an organisation's rows. */
export type ScopedTables<Schema> = {
  readonly [Table in keyof Schema & string]?: ScopeColumns<keyof Schema[Table] & string>;
};

/** True when the scope takes the row in. */
export function isWithin(
  { tenant, isWholeCompany, departmentPaths, userId }: RowScope,
  columns: ScopeColumns,
  row: Readonly<Record<string, unknown>>,
): boolean {
  if (row[columns.tenant] !== tenant) return false;
  if (isWholeCompany) return true;
  const path = columns.departmentPath === undefined ? undefined : row[columns.departmentPath];
  if (typeof path === 'string' && departmentPaths.some((above) => path.startsWith(above))) return true;
  return userId !== '' && columns.userId !== undefined && row[columns.userId] === userId;
}
