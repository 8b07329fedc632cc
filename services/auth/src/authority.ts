// What an actor may, looked up at the time of each call: a role that was taken a moment ago no longer counts. What he sees
// is one scope, what he runs is another, narrower one: a member sees himself and runs nothing.
//
// What an actor does not see is told apart from what is not there by nothing, not even by the fault.

import { type Actor, Role } from '@ai-switch/contracts';
import type { RowScope, RowsWithin, ScopedDatabase } from '@ai-switch/db';
import { Fault } from '@ai-switch/kernel';
import { RANK_OF, roleOf } from './role-rules.ts';
import type { AuthSchema, scopedTables } from './schema.ts';

export type AuthDatabase = ScopedDatabase<AuthSchema, typeof scopedTables>;
export type AuthRows = RowsWithin<AuthSchema, typeof scopedTables>;

export class Authority {
  readonly tenant: string;
  readonly userId: string;
  readonly userName: string;
  readonly role: Role;
  /** Of the call, for the audit trail; '' when it has none. */
  readonly requestId: string;
  readonly clientAddress: string;
  /** What he sees. */
  readonly scope: RowScope;
  /** The paths that he runs with all below them: `/` for the company. */
  readonly runs: readonly string[];

  constructor(user: {
    readonly tenant: string;
    readonly userId: string;
    readonly userName: string;
    readonly role: Role;
    readonly runs: readonly string[];
    readonly requestId?: string | undefined;
    readonly clientAddress?: string | undefined;
  }) {
    this.tenant = user.tenant;
    this.userId = user.userId;
    this.userName = user.userName;
    this.role = user.role;
    this.runs = user.runs;
    this.requestId = user.requestId ?? '';
    this.clientAddress = user.clientAddress ?? '';
    const isWholeCompany = user.runs.includes('/');
    this.scope = {
      tenant: user.tenant,
      isWholeCompany,
      departmentPaths: isWholeCompany ? [] : user.runs,
      userId: user.userId,
    };
  }

  /** True for a department that he runs. */
  isRunning(departmentPath: string): boolean {
    return this.runs.some((path) => departmentPath.startsWith(path));
  }

  /** @throws Fault `forbidden` for a department that he does not run */
  mustRun(departmentPath: string): void {
    if (!this.isRunning(departmentPath)) throw forbidden('You do not run the department that this is in.');
  }

  /** @throws Fault `forbidden` below the role */
  mustBe(role: Role): void {
    if (RANK_OF[this.role] < RANK_OF[role]) throw forbidden('Your role does not permit this.');
  }

  /**
   * Asked before an actor acts for somebody or on his account: who could make a key for one above himself would be him.
   *
   * @throws Fault `forbidden` for another user of the same or a higher role; root may everything
   */
  mustOutrank(user: { readonly userId: string; readonly role: Role }): void {
    if (user.userId === this.userId || this.role === Role.ROOT) return;
    if (RANK_OF[this.role] <= RANK_OF[user.role])
      throw forbidden('This user has a role as high as yours, or higher.');
  }
}

/**
 * @throws Fault `forbidden` for an actor who is not there or suspended; `notFound` for a company that is not his or not there
 */
export async function authorityOf(database: AuthDatabase, actor: Actor | undefined): Promise<Authority> {
  const { tenant = '', userId = '' } = actor ?? {};
  const kysely = database.asSystem('authority');
  const [user, grants, company] = await Promise.all([
    kysely
      .selectFrom('users')
      .select(['user_id', 'tenant', 'name', 'role', 'is_suspended'])
      .where('user_id', '=', userId)
      .executeTakeFirst(),
    kysely
      .selectFrom('role_grants')
      .select(['role', 'department_path', 'tenant'])
      .where('user_id', '=', userId)
      .execute(),
    kysely.selectFrom('companies').select('is_suspended').where('tenant', '=', tenant).executeTakeFirst(),
  ]);
  if (user === undefined || user.is_suspended !== 0n)
    throw forbidden('The user who asks is not there any more.');
  const isRoot = grants.some((grant) => roleOf(grant.role) === Role.ROOT);
  if (company === undefined || (user.tenant !== tenant && !isRoot)) throw noCompany();
  if (company.is_suspended !== 0n && !isRoot) throw forbidden('The company is suspended.');
  return new Authority({
    tenant,
    userId: user.user_id,
    userName: user.name,
    role: isRoot ? Role.ROOT : roleOf(user.role),
    runs: isRoot ? ['/'] : grants.map((grant) => grant.department_path),
    requestId: actor?.requestId,
    clientAddress: actor?.clientAddress,
  });
}

export function forbidden(message: string): Fault {
  return new Fault('forbidden', message);
}

function noCompany(): Fault {
  return new Fault('notFound', 'There is no such company.');
}
