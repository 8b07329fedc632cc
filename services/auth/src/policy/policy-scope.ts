// A policy's scope is a text; whose it is, and who runs it, is looked up. What was set from above is changed from above: who
// runs a department alone would otherwise take away what the company set for it.

import { Fault } from '@ai-switch/kernel';
import { type Authority, type AuthRows, forbidden } from '../authority.ts';
import { departmentIdsIn } from '../organisation/rows.ts';
import { findDepartment } from '../organisation/tree.ts';
import { findUserById } from '../organisation/users.ts';
import { roleOf } from '../role-rules.ts';
import { termsIn } from './policy-terms.ts';
import type { AccessPolicyRow } from './schema.ts';

export interface PolicyPlace {
  readonly departmentPath: string;
  /** '' but for a user's and a key's. */
  readonly userId: string;
}

/**
 * What it is for is held to the end of the transaction, so that no policy is left behind for what is gone; a department is
 * held with the tree.
 *
 * @throws Fault `notFound` for a scope that is not there or not in sight, `invalid` for a text that is none
 */
export async function placeOf(rows: AuthRows, scope: string): Promise<PolicyPlace> {
  const place = await findPlace(rows, scope);
  const row = { tenant: rows.scope.tenant, department_path: place.departmentPath, user_id: place.userId };
  if (!rows.takesIn('access_policies', row)) throw noScope();
  return place;
}

/** @throws Fault `forbidden` */
export async function mustSet(
  authority: Authority,
  rows: AuthRows,
  place: PolicyPlace,
  before: AccessPolicyRow | undefined,
): Promise<void> {
  authority.mustRun(place.departmentPath);
  if (before !== undefined && !authority.isRunning(setFromPath(place, before))) {
    throw forbidden('This was set from above, and is changed from there.');
  }
  if (place.userId === '') return;
  // What those above set for one of them would be his to take away.
  if (place.userId === authority.userId && !authority.isRunning('/')) {
    throw forbidden('Nobody sets his own policy but who runs the company.');
  }
  const user = await findUserById(rows, place.userId);
  authority.mustOutrank({ userId: user.user_id, role: roleOf(user.role) });
}

/** The highest department on the way that the actor runs; '' for the company. */
export function setFrom({ runs }: Authority, { departmentPath }: PolicyPlace): string {
  const highest = runs
    .filter((path) => departmentPath.startsWith(path))
    .reduce((path, other) => (other.length < path.length ? other : path), departmentPath);
  return departmentIdsIn(highest).at(-1) ?? '';
}

/** From where a policy was set; its own place when it sets nothing, or has come from elsewhere since. */
function setFromPath({ departmentPath }: PolicyPlace, before: AccessPolicyRow): string {
  if (Object.keys(termsIn(before)).length === 0) return departmentPath;
  if (before.set_from === '') return '/';
  const ids = departmentIdsIn(departmentPath);
  const depth = ids.indexOf(before.set_from);
  return depth === -1 ? departmentPath : `/${ids.slice(0, depth + 1).join('/')}/`;
}

async function findPlace(rows: AuthRows, scope: string): Promise<PolicyPlace> {
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
        .forUpdate()
        .executeTakeFirst();
      if (row === undefined) throw noScope();
      return { departmentPath: row.department_path, userId: '' };
    }
    case 'user':
      return { departmentPath: (await findUserById(rows, id)).department_path, userId: id };
    case 'key': {
      const row = await rows
        .selectFrom('api_keys')
        .select('user_id')
        .where('key_id', '=', id)
        .executeTakeFirst();
      if (row === undefined) throw noScope();
      const user = await findUserById(rows, row.user_id);
      return { departmentPath: user.department_path, userId: user.user_id };
    }
    default:
      throw new Fault(
        'invalid',
        'A policy is for company, department:<id>, project:<id>, user:<id> or key:<id>.',
        { details: { field: 'scope' } },
      );
  }
}

function noScope(): Fault {
  return new Fault('notFound', 'There is nothing of this name that a policy could be for.');
}
