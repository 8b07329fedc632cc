import type { ImportLine, Organisation, Role } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { type Authority, type AuthRows, authorityOf } from '../authority.ts';
import { record } from '../changes.ts';
import type { OrganisationContext } from './context.ts';
import { type Plan, type Present, planImport } from './import-rules.ts';
import { insertMember, insertProject } from './projects.ts';
import { insertGrant, mustBeAbleToGrant } from './roles.ts';
import type { DepartmentRow, ProjectRow } from './schema.ts';
import { insertDepartment, lockTree } from './tree.ts';
import { insertUser } from './users.ts';

/** Of one import. */
const LINES_MAX = 20_000;

export function importCalls({
  database,
  clock,
  onChange,
}: OrganisationContext): Pick<Organisation, 'importOrganisation'> {
  return {
    importOrganisation: async ({ actor, lines, isDryRun }) => {
      if (lines.length > LINES_MAX) {
        throw new Fault(
          'tooLarge',
          `An import has at most ${LINES_MAX} lines. Please send it in parts, from the top of the tree down.`,
        );
      }
      const authority = await authorityOf(database, actor);
      const mayGrant = (role: Role, path: string) => mustBeAbleToGrant(authority, role, path);
      const plan = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'move');
        const planned = planImport(lines, await presentOf(rows, lines), mayGrant, clock.nowMs());
        if (!isDryRun && planned.problems.length === 0) {
          await carryOut(rows, planned, authority, clock.nowMs());
          const details = Object.fromEntries(
            Object.entries(countsOf(planned)).map(([name, count]) => [name, String(count)]),
          );
          await record(rows, authority, {
            action: 'organisation.import',
            subject: authority.tenant,
            details,
          });
        }
        return planned;
      });
      if (!isDryRun && plan.problems.length === 0) onChange(authority.tenant);
      return { problems: [...plan.problems], ...countsOf(plan) };
    },
  };
}

function countsOf(plan: Plan) {
  return {
    departmentsCreated: plan.departments.length,
    usersCreated: plan.users.length,
    rolesGranted: plan.grants.length,
    projectsCreated: plan.projects.length,
    membersAdded: plan.members.length,
    linesUnchanged: plan.linesUnchanged,
  };
}

async function presentOf(rows: AuthRows, lines: readonly ImportLine[]): Promise<Present> {
  const departments = await rows.asSystem('consequence', (trx) =>
    trx.selectFrom('departments').selectAll().where('tenant', '=', rows.scope.tenant).execute(),
  );
  const users = await rows.selectFrom('users').select(['user_id', 'name', 'department_path']).execute();
  const projects = await rows.selectFrom('projects').select(['project_id', 'department_path']).execute();
  const grants = await rows.selectFrom('role_grants').select(['user_id', 'role', 'department_id']).execute();
  const members = await rows.selectFrom('project_members').select(['project_id', 'user_id']).execute();
  // Names out of sight are taken, too.
  const [takenNames, takenIds] = await rows.asSystem('consequence', async (trx) => [
    await trx.selectFrom('users').select('name').where('tenant', '=', rows.scope.tenant).execute(),
    await trx.selectFrom('projects').select('project_id').where('tenant', '=', rows.scope.tenant).execute(),
  ]);
  const named = new Set(lines.map(({ user }) => user));
  const unseen = { userId: '', path: undefined };
  return {
    departments: namedPaths(departments),
    users: new Map<string, { readonly userId: string; readonly path: string | undefined }>([
      ...takenNames.filter(({ name }) => named.has(name)).map(({ name }) => [name, unseen] as const),
      ...users.map((row) => [row.name, { userId: row.user_id, path: row.department_path }] as const),
    ]),
    projects: new Map<string, { readonly path: string | undefined }>([
      ...takenIds.map((row) => [row.project_id, { path: undefined }] as const),
      ...projects.map((row) => [row.project_id, { path: row.department_path }] as const),
    ]),
    grants: new Set(grants.map((row) => `${row.user_id} ${row.role} ${row.department_id}`)),
    members: new Set(members.map((row) => `${row.project_id} ${row.user_id}`)),
  };
}

/** Names from the top down, joined by `/`, with the path of each. */
function namedPaths(departments: readonly DepartmentRow[]): Map<string, string> {
  const nameOf = new Map(departments.map((row) => [row.department_id, row.name]));
  return new Map(
    departments.map(({ department_path: path }) => [
      path
        .split('/')
        .filter((id) => id !== '')
        .map((id) => nameOf.get(id) ?? '')
        .join('/'),
      path,
    ]),
  );
}

async function carryOut(rows: AuthRows, plan: Plan, authority: Authority, nowMs: number): Promise<void> {
  for (const department of plan.departments) await insertDepartment(rows, department, nowMs);
  for (const user of plan.users) await insertUser(rows, user, nowMs);
  for (const { userId, name, role, departmentId, path } of plan.grants) {
    const grantedBy = authority.userId;
    await insertGrant(rows, { user: { userId, name }, role, departmentId, path, grantedBy, nowMs });
  }
  for (const { projectId, path } of plan.projects) {
    await insertProject(rows, { projectId, name: projectId, path }, nowMs);
  }
  for (const { projectId, projectPath, userId, name } of plan.members) {
    const project: Pick<ProjectRow, 'project_id' | 'department_path'> = {
      project_id: projectId,
      department_path: projectPath,
    };
    await insertMember(rows, project, { userId, name });
  }
}
