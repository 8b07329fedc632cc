// The department tree. A row's path is kept with it and not looked up, so that one condition bounds a query to a subtree; a
// move therefore rewrites the paths of everything below, in one transaction. Whoever writes a row with a path holds the
// company's row shared meanwhile and whoever moves holds it alone, so that no row is left behind at a path that is gone.

import { Fault, newId } from '@ai-switch/kernel';
import { sql } from 'kysely';
import type { AuthRows } from '../authority.ts';
import { scopedTables } from '../schema.ts';
import { departmentIdsIn } from './rows.ts';
import type { DepartmentRow } from './schema.ts';

/** The company is the first tier, so that three of departments are below it. */
export const DEPTH_MAX = 3;
/** Of one company. */
const DEPARTMENTS_MAX = 10_000;

/** `share` for rows that are put somewhere, `move` for paths that change. */
export async function lockTree(rows: AuthRows, purpose: 'share' | 'move'): Promise<void> {
  await rows.asSystem('consequence', async (trx) => {
    const query = trx.selectFrom('companies').select('tenant').where('tenant', '=', rows.scope.tenant);
    await (purpose === 'move' ? query.forUpdate() : query.forShare()).execute();
  });
}

/** @throws Fault `notFound` for one that is not there or not in scope */
export async function findDepartment(rows: AuthRows, departmentId: string): Promise<DepartmentRow> {
  const row = await rows
    .selectFrom('departments')
    .selectAll()
    .where('department_id', '=', departmentId)
    .executeTakeFirst();
  if (row === undefined) throw noDepartment();
  return row;
}

/** `/` for the company, which an empty id means. @throws Fault `notFound` */
export async function pathOfDepartment(rows: AuthRows, departmentId: string): Promise<string> {
  return departmentId === '' ? '/' : (await findDepartment(rows, departmentId)).department_path;
}

/** A condition on `department_path`. */
export function isAtOrBelow(path: string) {
  return sql<boolean>`substr(department_path, 1, ${sql.lit(path.length)}) = ${path}`;
}

export function pathBelow(parentPath: string, departmentId: string): string {
  return `${parentPath}${departmentId}/`;
}

/** @throws Fault `invalid` below the third tier of departments */
export function checkDepth(departmentPath: string): void {
  if (departmentIdsIn(departmentPath).length <= DEPTH_MAX) return;
  throw new Fault(
    'invalid',
    'Below a company are divisions, departments and teams: nothing is below a team.',
    {
      details: { field: 'parentId' },
    },
  );
}

/** @throws Fault `conflict` for a name that a sibling has */
export async function checkSiblings(
  rows: AuthRows,
  {
    parentId,
    name,
    departmentId,
  }: { readonly parentId: string; readonly name: string; readonly departmentId: string },
): Promise<void> {
  // As the system: a sibling out of sight has its name, too.
  const sibling = await rows.asSystem('consequence', (trx) =>
    trx
      .selectFrom('departments')
      .select('department_id')
      .where('tenant', '=', rows.scope.tenant)
      .where('parent_id', '=', parentId)
      .where('name', '=', name)
      .where('department_id', '!=', departmentId)
      .executeTakeFirst(),
  );
  if (sibling !== undefined) {
    throw new Fault('conflict', 'A department of this name is there already.', {
      details: { field: 'name' },
    });
  }
}

/** Adds a department whose place and name were checked. The tree is held at least shared. */
export async function insertDepartment(
  rows: AuthRows,
  department: {
    readonly departmentId: string;
    readonly parentId: string;
    readonly parentPath: string;
    readonly name: string;
  },
  nowMs: number,
): Promise<DepartmentRow> {
  const { parentId, parentPath, name } = department;
  const departmentId = department.departmentId === '' ? newId('dep', nowMs) : department.departmentId;
  const row: DepartmentRow = {
    tenant: rows.scope.tenant,
    department_id: departmentId,
    parent_id: parentId,
    name,
    department_path: pathBelow(parentPath, departmentId),
    created_at_ms: BigInt(nowMs),
    revision: 1n,
  };
  await rows.insert('departments', row);
  return row;
}

/** @throws Fault `conflict` for a company that has as many as it may */
export async function checkCount(rows: AuthRows): Promise<void> {
  const { count } = await rows.asSystem('consequence', (trx) =>
    trx
      .selectFrom('departments')
      .select(({ fn }) => fn.countAll<bigint>().as('count'))
      .where('tenant', '=', rows.scope.tenant)
      .executeTakeFirstOrThrow(),
  );
  if (count >= BigInt(DEPARTMENTS_MAX)) {
    throw new Fault('conflict', `A company has at most ${DEPARTMENTS_MAX} departments.`);
  }
}

/**
 * Rewrites every path at and below `from` to begin with `to`, in every table that has paths. The tree is held alone.
 *
 * @throws Fault `invalid` below itself, or when the branch becomes too deep
 */
export async function moveSubtree(
  rows: AuthRows,
  from: string,
  to: string,
): Promise<{ readonly departments: number; readonly users: number }> {
  if (to.startsWith(from)) {
    throw new Fault('invalid', 'A department cannot be moved below itself.', {
      details: { field: 'parentId' },
    });
  }
  return rows.asSystem('consequence', async (trx) => {
    const { tenant } = rows.scope;
    const isBelow = isAtOrBelow(from);
    const below = await trx
      .selectFrom('departments')
      .select('department_path')
      .where('tenant', '=', tenant)
      .where(isBelow)
      .execute();
    for (const { department_path } of below) checkDepth(to + department_path.slice(from.length));
    const moved = { departments: below.length - 1, users: 0 };
    for (const [table, columns] of Object.entries(scopedTables)) {
      if (!('departmentPath' in columns)) continue;
      const { numUpdatedRows } = await trx
        .updateTable(table as 'users')
        .set({ department_path: sql<string>`${to} || substr(department_path, ${sql.lit(from.length + 1)})` })
        .where('tenant', '=', tenant)
        .where(isBelow)
        .executeTakeFirstOrThrow();
      if (table === 'users') moved.users = Number(numUpdatedRows);
    }
    return moved;
  });
}

function noDepartment(): Fault {
  return new Fault('notFound', 'There is no such department.');
}
