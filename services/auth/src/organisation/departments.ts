import type { Organisation } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { type AuthRows, authorityOf } from '../authority.ts';
import { record } from '../changes.ts';
import { removePolicy } from '../policy/access-policies.ts';
import { checkId, checkRevision, checkTitle, checkUnitId, pageOf, readPage } from '../request-rules.ts';
import type { OrganisationContext } from './context.ts';
import { removeGrantsOver } from './roles.ts';
import { departmentOf } from './rows.ts';
import type { DepartmentRow } from './schema.ts';
import {
  checkCount,
  checkDepth,
  checkSiblings,
  findDepartment,
  insertDepartment,
  isAtOrBelow,
  lockTree,
  moveSubtree,
  pathBelow,
  pathOfDepartment,
} from './tree.ts';

type Calls = Pick<
  Organisation,
  'createDepartment' | 'getDepartment' | 'listDepartments' | 'updateDepartment' | 'removeDepartment'
>;

export function departmentCalls({ database, clock, onChange }: OrganisationContext): Calls {
  return {
    createDepartment: async ({ actor, departmentId, parentId, name }) => {
      if (departmentId !== '') checkUnitId('departmentId', departmentId);
      checkTitle(name);
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'share');
        const parentPath = await pathOfDepartment(rows, parentId);
        authority.mustRun(parentPath);
        const made = departmentId === '' ? undefined : await findIfThere(rows, departmentId);
        if (made !== undefined && made.parent_id === parentId && made.name === name) return made;
        if (made !== undefined) throw new Fault('conflict', 'A department of this id is there already.');
        checkDepth(pathBelow(parentPath, departmentId || 'new'));
        await checkSiblings(rows, { parentId, name, departmentId });
        await checkCount(rows);
        const inserted = await insertDepartment(
          rows,
          { departmentId, parentId, parentPath, name },
          clock.nowMs(),
        );
        await record(rows, authority, {
          action: 'department.create',
          subject: inserted.department_id,
          details: { name, parentId },
          departmentPath: inserted.department_path,
        });
        return inserted;
      });
      return { department: departmentOf(row) };
    },

    getDepartment: async ({ actor, departmentId }) => {
      checkId('departmentId', departmentId);
      const { scope } = await authorityOf(database, actor);
      return {
        department: departmentOf(await database.within(scope, (rows) => findDepartment(rows, departmentId))),
      };
    },

    listDepartments: async ({ actor, belowId, page }) => {
      const wanted = readPage(page);
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, async (rows) => {
        const query = rows.selectFrom('departments').selectAll().where('department_id', '>', wanted.after);
        const path = await pathOfDepartment(rows, belowId);
        return query
          .$if(belowId !== '', (all) => all.where(isAtOrBelow(path)).where('department_id', '!=', belowId))
          .orderBy('department_id')
          .limit(wanted.rowsMax + 1)
          .execute();
      });
      const { items, nextAfter } = pageOf(found, wanted, departmentOf, (row) => row.department_id);
      return { departments: items, nextAfter };
    },

    updateDepartment: async ({ actor, departmentId, name, parentId, expectedRevision }) => {
      checkId('departmentId', departmentId);
      if (name !== undefined) checkTitle(name);
      const authority = await authorityOf(database, actor);
      const changed = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'move');
        const before = await findDepartment(rows, departmentId);
        authority.mustRun(before.department_path);
        checkRevision(expectedRevision, before.revision);
        const after = {
          name: name ?? before.name,
          parent_id: parentId ?? before.parent_id,
          revision: before.revision + 1n,
        };
        await checkSiblings(rows, { parentId: after.parent_id, name: after.name, departmentId });
        await rows.updateTable('departments').set(after).where('department_id', '=', departmentId).execute();
        let moved = { departments: 0, users: 0 };
        if (after.parent_id !== before.parent_id) {
          const newParentPath = await pathOfDepartment(rows, after.parent_id);
          authority.mustRun(parentOf(before.department_path));
          authority.mustRun(newParentPath);
          moved = await moveSubtree(rows, before.department_path, pathBelow(newParentPath, departmentId));
        }
        const row = await findDepartment(rows, departmentId);
        await record(rows, authority, {
          action: parentId === undefined ? 'department.rename' : 'department.move',
          subject: departmentId,
          details: {
            name: row.name,
            before: before.department_path,
            after: row.department_path,
            departmentsMoved: String(moved.departments),
            usersMoved: String(moved.users),
          },
          departmentPath: row.department_path,
        });
        return { before, moved, row };
      });
      onChange(authority.tenant);
      const { before, moved, row } = changed;
      return {
        department: departmentOf(row),
        formerPath: before.department_path,
        departmentsMoved: moved.departments,
        usersMoved: moved.users,
      };
    },

    removeDepartment: async ({ actor, departmentId, expectedRevision }) => {
      checkId('departmentId', departmentId);
      const authority = await authorityOf(database, actor);
      await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'move');
        const row = await findDepartment(rows, departmentId);
        authority.mustRun(parentOf(row.department_path));
        checkRevision(expectedRevision, row.revision);
        await checkEmpty(rows, departmentId, row.department_path);
        await removeGrantsOver(rows, departmentId);
        await removePolicy(rows, `department:${departmentId}`);
        await rows.deleteFrom('departments').where('department_id', '=', departmentId).execute();
        await record(rows, authority, {
          action: 'department.remove',
          subject: departmentId,
          details: { name: row.name },
          departmentPath: row.department_path,
        });
      });
      onChange(authority.tenant);
      return {};
    },
  };
}

function findIfThere(rows: AuthRows, departmentId: string): Promise<DepartmentRow | undefined> {
  return rows
    .selectFrom('departments')
    .selectAll()
    .where('department_id', '=', departmentId)
    .executeTakeFirst();
}

/** @throws Fault `conflict` while something is in it */
async function checkEmpty(rows: AuthRows, departmentId: string, path: string): Promise<void> {
  const child = await rows
    .selectFrom('departments')
    .select('name')
    .where('parent_id', '=', departmentId)
    .executeTakeFirst();
  const user = await rows.selectFrom('users').select('name').where(isAtOrBelow(path)).executeTakeFirst();
  const project = await rows
    .selectFrom('projects')
    .select('name')
    .where(isAtOrBelow(path))
    .executeTakeFirst();
  const ruleSet = await rows
    .selectFrom('rule_sets')
    .select('name')
    .where(isAtOrBelow(path))
    .executeTakeFirst();
  const occupant = [
    ['a department', child],
    ['a user', user],
    ['a project', project],
    ['a rule set', ruleSet],
  ].find(([, row]) => row !== undefined)?.[0];
  if (occupant === undefined) return;
  throw new Fault('conflict', `There is ${occupant} in it. Please move or remove what is in it first.`);
}

/** `/dep_a/` for `/dep_a/dep_b/`. */
function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/', path.length - 2) + 1);
}
