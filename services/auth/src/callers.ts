// Who a key or a user stands for, with everything that holds for his requests. Looked up without a scope, for nobody is known
// yet; what comes out is about one user.

import { type Caller, KeyScope, Role } from '@ai-switch/contracts';
import type { AuthDatabase } from './authority.ts';
import { departmentIdsIn } from './organisation/rows.ts';
import type { ApiKeyRow, UserRow } from './organisation/schema.ts';
import { resolvePolicy } from './policy/resolve-policy.ts';
import { roleOf } from './role-rules.ts';

/** A key, and the project that a request with it names: '' for none. */
export interface KeyUse {
  readonly keyId: string;
  readonly projectId: string;
}

/** What authentication has to know about a key. */
export interface KeyRecord {
  readonly caller: Caller;
  readonly digest: string;
  readonly olderDigest: string;
  readonly olderUntilMs: number;
  readonly expiresAtMs: number;
  readonly isRevoked: boolean;
}

/** No user has this id. */
const NOBODY = '';

export class Callers {
  readonly #database: AuthDatabase;

  constructor(database: AuthDatabase) {
    this.#database = database;
  }

  /**
   * Undefined for an unknown key, and for one whose user or company is not in force. The caller draws on the project that
   * the key is bound to, or on the one that is named if the user is in it.
   */
  async ofKey({ keyId, projectId }: KeyUse): Promise<KeyRecord | undefined> {
    const key = await this.#database
      .asSystem('authentication')
      .selectFrom('api_keys')
      .selectAll()
      .where('key_id', '=', keyId)
      .executeTakeFirst();
    // For a key that is not there nobody is looked up, with the same work: the time does not tell which keys are there.
    const caller = await this.#callerOf(key?.user_id ?? NOBODY, key, projectId);
    if (key === undefined || caller === undefined) return undefined;
    return {
      caller,
      digest: key.digest,
      olderDigest: key.older_digest,
      olderUntilMs: key.older_until_ms === null ? 0 : Number(key.older_until_ms),
      expiresAtMs: key.expires_at_ms === null ? Number.POSITIVE_INFINITY : Number(key.expires_at_ms),
      isRevoked: key.revoked_at_ms !== null,
    };
  }

  /** Undefined for one who, or whose company, is not there or is suspended. */
  ofUser(userId: string): Promise<Caller | undefined> {
    return this.#callerOf(userId, undefined, '');
  }

  async #callerOf(
    userId: string,
    key: ApiKeyRow | undefined,
    wantedProjectId: string,
  ): Promise<Caller | undefined> {
    const kysely = this.#database.asSystem('authentication');
    const [user, grants, memberships] = await Promise.all([
      kysely
        .selectFrom('users')
        .innerJoin('companies', 'companies.tenant', 'users.tenant')
        .selectAll('users')
        .select('companies.is_suspended as is_company_suspended')
        .where('user_id', '=', userId)
        .executeTakeFirst(),
      kysely
        .selectFrom('role_grants')
        .select(['role', 'department_path'])
        .where('user_id', '=', userId)
        .execute(),
      kysely.selectFrom('project_members').select('project_id').where('user_id', '=', userId).execute(),
    ]);
    const departmentIds = departmentIdsIn(user?.department_path ?? '/');
    const projectIds = memberships.map((row) => row.project_id);
    const isOwn = projectIds.includes(wantedProjectId);
    const projectId = key?.project_id || (isOwn ? wantedProjectId : '');
    const { policy, networks } = await resolvePolicy(kysely, {
      tenant: user?.tenant ?? '',
      departmentIds,
      projectId,
      userId,
      keyId: key?.key_id ?? '',
      keyModels: key === undefined ? [] : JSON.parse(key.models),
      keyNetworks: key === undefined ? [] : JSON.parse(key.networks),
    });
    if (user === undefined || user.is_suspended !== 0n || user.is_company_suspended !== 0n) return undefined;
    return {
      tenant: user.tenant,
      userId,
      userName: user.name,
      keyId: key?.key_id ?? '',
      role: roleOf(user.role),
      departmentIds,
      projectId,
      departmentPath: user.department_path,
      keyScopes: key === undefined ? [KeyScope.INFERENCE, KeyScope.ADMIN] : JSON.parse(key.scopes),
      scope: scopeOf(user, grants),
      projectIds,
      networks,
      policy,
      sessionId: '',
      csrfToken: '',
    };
  }
}

function scopeOf(
  { tenant, user_id: userId }: UserRow,
  grants: readonly { readonly role: string; readonly department_path: string }[],
): NonNullable<Caller['scope']> {
  const isWholeCompany = grants.some(
    ({ role, department_path: path }) => roleOf(role) === Role.ROOT || path === '/',
  );
  const departmentPaths = isWholeCompany ? [] : grants.map((grant) => grant.department_path);
  return { tenant, isWholeCompany, departmentPaths, userId };
}
