import { type Organisation, Role } from '@ai-switch/contracts';
import { newId } from '@ai-switch/kernel';
import { type Authority, type AuthRows, authorityOf } from '../authority.ts';
import { record, wordOf } from '../changes.ts';
import { checkId, invalid, pageOf, readPage } from '../request-rules.ts';
import { highestOf, roleOf } from '../role-rules.ts';
import type { OrganisationContext } from './context.ts';
import { roleGrantOf } from './rows.ts';
import type { RoleGrantRow } from './schema.ts';
import { findDepartment, lockTree } from './tree.ts';
import { checkIsNotLastRoot, findUserById } from './users.ts';

type Calls = Pick<Organisation, 'grantRole' | 'revokeRole' | 'listRoleGrants'>;

export function roleCalls({ database, clock, onChange }: OrganisationContext): Calls {
  return {
    grantRole: async ({ actor, userId, role, departmentId }) => {
      checkId('userId', userId);
      checkGrant(role, departmentId);
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'share');
        const { name, department_path: home } = await findUserById(rows, userId);
        authority.mustRun(home);
        const path =
          role === Role.DEPARTMENT_ADMIN ? (await findDepartment(rows, departmentId)).department_path : '/';
        mustBeAbleToGrant(authority, role, path);
        const granted = await insertGrant(rows, {
          user: { userId, name },
          role,
          departmentId,
          path,
          grantedBy: authority.userId,
          nowMs: clock.nowMs(),
        });
        await record(rows, authority, {
          action: 'role.grant',
          subject: granted.role_grant_id,
          details: { role: wordOf('ROLE', role), departmentId },
          userId,
          departmentPath: home,
        });
        return granted;
      });
      onChange(authority.tenant);
      return { roleGrant: roleGrantOf(row) };
    },

    revokeRole: async ({ actor, roleGrantId }) => {
      checkId('roleGrantId', roleGrantId);
      const authority = await authorityOf(database, actor);
      const gone = await database.within(authority.scope, async (rows) => {
        const row = await rows
          .selectFrom('role_grants')
          .selectAll()
          .where('role_grant_id', '=', roleGrantId)
          .executeTakeFirst();
        if (row === undefined) return undefined;
        mustBeAbleToGrant(authority, roleOf(row.role), row.department_path);
        if (roleOf(row.role) === Role.ROOT) await checkIsNotLastRoot(rows, row.user_id);
        await rows.deleteFrom('role_grants').where('role_grant_id', '=', roleGrantId).execute();
        await noteHighest(rows, row.user_id);
        const { department_path: departmentPath } = await findUserById(rows, row.user_id);
        await record(rows, authority, {
          action: 'role.revoke',
          subject: roleGrantId,
          details: { role: wordOf('ROLE', row.role), departmentId: row.department_id },
          userId: row.user_id,
          departmentPath,
        });
        return row;
      });
      onChange(authority.tenant);
      return { roleGrant: gone === undefined ? undefined : roleGrantOf(gone) };
    },

    listRoleGrants: async ({ actor, userId, page }) => {
      const wanted = readPage(page);
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, (rows) =>
        rows
          .selectFrom('role_grants')
          .selectAll()
          .where('role_grant_id', '>', wanted.after)
          .$if(userId !== '', (all) => all.where('user_id', '=', userId))
          .orderBy('role_grant_id')
          .limit(wanted.rowsMax + 1)
          .execute(),
      );
      const { items, nextAfter } = pageOf(found, wanted, roleGrantOf, (row) => row.role_grant_id);
      return { roleGrants: items, nextAfter };
    },
  };
}

/** Nobody gives what he does not have. @throws Fault `forbidden` */
export function mustBeAbleToGrant(authority: Authority, role: Role, departmentPath: string): void {
  authority.mustBe(role);
  authority.mustRun(departmentPath);
}

/** The grant, or the same one that is there. */
export async function insertGrant(
  rows: AuthRows,
  grant: {
    readonly user: { readonly userId: string; readonly name: string };
    readonly role: Role;
    readonly departmentId: string;
    readonly path: string;
    readonly grantedBy: string;
    readonly nowMs: number;
  },
): Promise<RoleGrantRow> {
  const { user, role, departmentId, path, grantedBy, nowMs } = grant;
  const there = await rows
    .selectFrom('role_grants')
    .selectAll()
    .where('user_id', '=', user.userId)
    .where('role', '=', role)
    .where('department_id', '=', departmentId)
    .executeTakeFirst();
  if (there !== undefined) return there;
  const row: RoleGrantRow = {
    role_grant_id: newId('rol', nowMs),
    tenant: rows.scope.tenant,
    user_id: user.userId,
    user_name: user.name,
    role,
    department_id: departmentId,
    department_path: path,
    granted_by: grantedBy,
    created_at_ms: BigInt(nowMs),
  };
  await rows.insert('role_grants', row);
  await noteHighest(rows, user.userId);
  return row;
}

/** Of a department that is removed. */
export async function removeGrantsOver(rows: AuthRows, departmentId: string): Promise<void> {
  const gone = await rows
    .deleteFrom('role_grants')
    .where('department_id', '=', departmentId)
    .returning('user_id')
    .execute();
  for (const { user_id } of gone) await noteHighest(rows, user_id);
}

/** The highest role stands with the user. A grant out of sight counts, too. */
async function noteHighest(rows: AuthRows, userId: string): Promise<void> {
  await rows.asSystem('consequence', async (trx) => {
    const held = await trx.selectFrom('role_grants').select('role').where('user_id', '=', userId).execute();
    const role = highestOf(held.map((grant) => roleOf(grant.role)));
    await trx.updateTable('users').set({ role }).where('user_id', '=', userId).execute();
  });
}

function checkGrant(role: Role, departmentId: string): void {
  if (role === Role.UNSPECIFIED || role === Role.MEMBER) {
    throw invalid(
      'role',
      'A role that is granted is root, companyAdmin or departmentAdmin; everybody is a member.',
    );
  }
  if ((role === Role.DEPARTMENT_ADMIN) !== (departmentId !== '')) {
    throw invalid('departmentId', 'A department is named for the role departmentAdmin, and for no other.');
  }
}
