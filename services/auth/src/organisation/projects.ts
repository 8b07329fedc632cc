import type { Organisation } from '@ai-switch/contracts';
import { Fault, newId } from '@ai-switch/kernel';
import { type AuthRows, authorityOf } from '../authority.ts';
import { record } from '../changes.ts';
import { removePolicy } from '../policy/access-policies.ts';
import { checkId, checkRevision, checkTitle, checkUnitId, pageOf, readPage } from '../request-rules.ts';
import type { OrganisationContext } from './context.ts';
import { projectOf } from './rows.ts';
import type { ProjectRow } from './schema.ts';
import { lockTree, pathOfDepartment } from './tree.ts';
import { findUserById } from './users.ts';

type Calls = Pick<
  Organisation,
  | 'createProject'
  | 'getProject'
  | 'listProjects'
  | 'updateProject'
  | 'removeProject'
  | 'putProjectMember'
  | 'removeProjectMember'
  | 'listProjectMembers'
>;

export function projectCalls({ database, clock, onChange }: OrganisationContext): Calls {
  return {
    createProject: async ({ actor, projectId, name, departmentId }) => {
      if (projectId !== '') checkUnitId('projectId', projectId);
      checkTitle(name);
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'share');
        const path = await pathOfDepartment(rows, departmentId);
        authority.mustRun(path);
        const taken = await findTaken(rows, projectId);
        if (taken === undefined) {
          const made = await insertProject(rows, { projectId, name, path }, clock.nowMs());
          await record(rows, authority, {
            action: 'project.create',
            ...concerning(made),
            details: { name, departmentId },
          });
          return made;
        }
        if (taken.name === name && taken.department_path === path) return taken;
        throw new Fault('conflict', 'A project of this id is there already.', {
          details: { field: 'projectId' },
        });
      });
      return { project: projectOf(row) };
    },

    getProject: async ({ actor, projectId }) => {
      checkId('projectId', projectId);
      const { scope } = await authorityOf(database, actor);
      return { project: projectOf(await database.within(scope, (rows) => findVisible(rows, projectId))) };
    },

    listProjects: async ({ actor, page }) => {
      const wanted = readPage(page);
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, async (rows) => {
        const own = await projectIdsOf(rows, scope.userId);
        const within = await rows
          .selectFrom('projects')
          .selectAll()
          .where('project_id', '>', wanted.after)
          .orderBy('project_id')
          .limit(wanted.rowsMax + 1)
          .execute();
        const joined = await projectsById(
          rows,
          own.filter((id) => id > wanted.after),
        );
        const all = new Map([...within, ...joined].map((row) => [row.project_id, row]));
        const byId = [...all.values()].sort((one, other) => (one.project_id < other.project_id ? -1 : 1));
        return byId.slice(0, wanted.rowsMax + 1);
      });
      const { items, nextAfter } = pageOf(found, wanted, projectOf, (row) => row.project_id);
      return { projects: items, nextAfter };
    },

    updateProject: async ({ actor, projectId, name, expectedRevision }) => {
      checkId('projectId', projectId);
      checkTitle(name);
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        const before = await findVisible(rows, projectId);
        authority.mustRun(before.department_path);
        checkRevision(expectedRevision, before.revision);
        const after = { ...before, name, revision: before.revision + 1n };
        await rows.updateTable('projects').set(after).where('project_id', '=', projectId).execute();
        await record(rows, authority, { action: 'project.rename', ...concerning(after), details: { name } });
        return after;
      });
      return { project: projectOf(row) };
    },

    removeProject: async ({ actor, projectId }) => {
      checkId('projectId', projectId);
      const authority = await authorityOf(database, actor);
      const keysRevoked = await database.within(authority.scope, async (rows) => {
        const row = await findVisible(rows, projectId);
        authority.mustRun(row.department_path);
        await rows.deleteFrom('project_members').where('project_id', '=', projectId).execute();
        await removePolicy(rows, `project:${projectId}`);
        await rows.deleteFrom('projects').where('project_id', '=', projectId).execute();
        const revoked = await revokeBound(rows, projectId, undefined, clock.nowMs());
        await record(rows, authority, {
          action: 'project.remove',
          ...concerning(row),
          details: { name: row.name, keysRevoked: String(revoked) },
        });
        return revoked;
      });
      onChange(authority.tenant);
      return { keysRevoked };
    },

    putProjectMember: async ({ actor, projectId, userId }) => {
      checkId('projectId', projectId);
      checkId('userId', userId);
      const authority = await authorityOf(database, actor);
      await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'share');
        const project = await findVisible(rows, projectId);
        authority.mustRun(project.department_path);
        const { name } = await findUserById(rows, userId);
        await insertMember(rows, project, { userId, name });
        await record(rows, authority, {
          action: 'project.addMember',
          ...concerning(project),
          details: { user: name },
          userId,
        });
      });
      onChange(authority.tenant);
      return {};
    },

    removeProjectMember: async ({ actor, projectId, userId }) => {
      checkId('projectId', projectId);
      checkId('userId', userId);
      const authority = await authorityOf(database, actor);
      const keysRevoked = await database.within(authority.scope, async (rows) => {
        const project = await findVisible(rows, projectId);
        authority.mustRun(project.department_path);
        await rows
          .deleteFrom('project_members')
          .where('project_id', '=', projectId)
          .where('user_id', '=', userId)
          .execute();
        const revoked = await revokeBound(rows, projectId, userId, clock.nowMs());
        const member = await rows
          .selectFrom('users')
          .select('name')
          .where('user_id', '=', userId)
          .executeTakeFirst();
        await record(rows, authority, {
          action: 'project.removeMember',
          ...concerning(project),
          details: { user: member?.name ?? '', keysRevoked: String(revoked) },
          userId,
        });
        return revoked;
      });
      onChange(authority.tenant);
      return { keysRevoked };
    },

    listProjectMembers: async ({ actor, projectId, page }) => {
      checkId('projectId', projectId);
      const wanted = readPage(page);
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, async (rows) => {
        await findVisible(rows, projectId);
        return rows
          .selectFrom('project_members')
          .selectAll()
          .where('project_id', '=', projectId)
          .where('user_id', '>', wanted.after)
          .orderBy('user_id')
          .limit(wanted.rowsMax + 1)
          .execute();
      });
      const memberOf = (row: (typeof found)[number]) => ({ userId: row.user_id, userName: row.user_name });
      const { items, nextAfter } = pageOf(found, wanted, memberOf, (row) => row.user_id);
      return { members: items, nextAfter };
    },
  };
}

/** In scope, or one that the actor is a member of. @throws Fault `notFound` */
async function findVisible(rows: AuthRows, projectId: string): Promise<ProjectRow> {
  const row = await rows
    .selectFrom('projects')
    .selectAll()
    .where('project_id', '=', projectId)
    .executeTakeFirst();
  if (row !== undefined) return row;
  const own = await projectIdsOf(rows, rows.scope.userId);
  const [joined] = own.includes(projectId) ? await projectsById(rows, [projectId]) : [];
  if (joined === undefined) throw new Fault('notFound', 'There is no such project.');
  return joined;
}

export async function projectIdsOf(rows: AuthRows, userId: string): Promise<string[]> {
  const found = await rows
    .selectFrom('project_members')
    .select('project_id')
    .where('user_id', '=', userId)
    .execute();
  return found.map((row) => row.project_id);
}

function projectsById(rows: AuthRows, projectIds: readonly string[]): Promise<ProjectRow[]> {
  if (projectIds.length === 0) return Promise.resolve([]);
  return rows.asSystem('consequence', (trx) =>
    trx
      .selectFrom('projects')
      .selectAll()
      .where('tenant', '=', rows.scope.tenant)
      .where('project_id', 'in', projectIds)
      .execute(),
  );
}

/** As the system: an id out of sight is taken, too. */
function findTaken(rows: AuthRows, projectId: string): Promise<ProjectRow | undefined> {
  return projectsById(rows, [projectId]).then(([row]) => row);
}

/** Adds a project whose place and id were checked. The tree is held at least shared. */
export async function insertProject(
  rows: AuthRows,
  { projectId, name, path }: { readonly projectId: string; readonly name: string; readonly path: string },
  nowMs: number,
): Promise<ProjectRow> {
  const row: ProjectRow = {
    tenant: rows.scope.tenant,
    project_id: projectId === '' ? newId('prj', nowMs) : projectId,
    name,
    department_path: path,
    created_at_ms: BigInt(nowMs),
    revision: 1n,
  };
  await rows.insert('projects', row);
  return row;
}

/** @returns false for one who is a member already */
export async function insertMember(
  rows: AuthRows,
  project: Pick<ProjectRow, 'project_id' | 'department_path'>,
  { userId, name }: { readonly userId: string; readonly name: string },
): Promise<boolean> {
  const there = await rows
    .selectFrom('project_members')
    .select('user_id')
    .where('project_id', '=', project.project_id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (there !== undefined) return false;
  await rows.insert('project_members', {
    tenant: rows.scope.tenant,
    project_id: project.project_id,
    user_id: userId,
    user_name: name,
    department_path: project.department_path,
  });
  return true;
}

/** Keys that draw on a project end with the right to it. */
function revokeBound(
  rows: AuthRows,
  projectId: string,
  userId: string | undefined,
  nowMs: number,
): Promise<number> {
  return rows.asSystem('consequence', async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('api_keys')
      .set({ revoked_at_ms: BigInt(nowMs) })
      .where('tenant', '=', rows.scope.tenant)
      .where('project_id', '=', projectId)
      .where('revoked_at_ms', 'is', null)
      .$if(userId !== undefined, (bound) => bound.where('user_id', '=', userId ?? ''))
      .executeTakeFirstOrThrow();
    return Number(numUpdatedRows);
  });
}

function concerning({ project_id, department_path }: Pick<ProjectRow, 'project_id' | 'department_path'>) {
  return { subject: project_id, departmentPath: department_path };
}
