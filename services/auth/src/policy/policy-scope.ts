// A policy's scope is a text; whose it is, and who runs it, is looked up.

import { Role } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Authority, AuthRows } from '../authority.ts';
import { findDepartment } from '../organisation/tree.ts';
import { findUserById } from '../organisation/users.ts';
import { roleOf } from '../role-rules.ts';

export interface PolicyPlace {
  readonly departmentPath: string;
  /** '' but for a user's and a key's. */
  readonly userId: string;
}

/** @throws Fault `notFound` for a scope that is not there or not in sight, `invalid` for a text that is none */
export async function placeOf(rows: AuthRows, scope: string): Promise<PolicyPlace> {
  if (scope === 'company') return { departmentPath: '/', userId: '' };
  const [, kind = '', id = ''] = /^(department|project|user|key):(.{1,128})$/s.exec(scope) ?? [];
  switch (kind) {
    case 'department':
      return { departmentPath: (await findDepartment(rows, id)).department_path, userId: '' };
    case 'project': {
      const row = await rows
        .selectFrom('projects')
        .select('department_path')
        .where('project_id', '=', id)
        .executeTakeFirst();
      if (row === undefined) throw noScope();
      return { departmentPath: row.department_path, userId: '' };
    }
    case 'user':
      return { departmentPath: (await findUserById(rows, id)).department_path, userId: id };
    case 'key': {
      const row = await rows
        .selectFrom('api_keys')
        .select(['department_path', 'user_id'])
        .where('key_id', '=', id)
        .executeTakeFirst();
      if (row === undefined) throw noScope();
      return { departmentPath: row.department_path, userId: row.user_id };
    }
    default:
      throw new Fault(
        'invalid',
        'A policy is for company, department:<id>, project:<id>, user:<id> or key:<id>.',
        { details: { field: 'scope' } },
      );
  }
}

/** @throws Fault `forbidden` */
export async function mustSet(authority: Authority, rows: AuthRows, place: PolicyPlace): Promise<void> {
  authority.mustBe(Role.DEPARTMENT_ADMIN);
  authority.mustRun(place.departmentPath);
  if (place.userId === '') return;
  const user = await findUserById(rows, place.userId);
  authority.mustOutrank({ userId: user.user_id, role: roleOf(user.role) });
}

function noScope(): Fault {
  return new Fault('notFound', 'There is nothing of this name that a policy could be for.');
}
