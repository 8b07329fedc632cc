// Rows as the messages of the port, field by field, so that a digest stays behind.

import type { ApiKey, Company, Department, KeyScope, Project, RoleGrant, User } from '@ai-switch/contracts';
import { roleOf } from '../role-rules.ts';
import type { ApiKeyRow, CompanyRow, DepartmentRow, ProjectRow, RoleGrantRow, UserRow } from './schema.ts';

export function companyOf(row: CompanyRow): Company {
  return {
    tenant: row.tenant,
    name: row.name,
    isSuspended: row.is_suspended !== 0n,
    createdAtMs: row.created_at_ms,
    revision: row.revision,
  };
}

export function departmentOf(row: DepartmentRow): Department {
  return {
    departmentId: row.department_id,
    tenant: row.tenant,
    parentId: row.parent_id,
    name: row.name,
    path: row.department_path,
    tier: departmentIdsIn(row.department_path).length + 1,
    createdAtMs: row.created_at_ms,
    revision: row.revision,
  };
}

export function userOf(row: UserRow): User {
  return {
    userId: row.user_id,
    tenant: row.tenant,
    name: row.name,
    role: roleOf(row.role),
    createdAtMs: row.created_at_ms,
    departmentIds: departmentIdsIn(row.department_path),
    departmentPath: row.department_path,
    isSuspended: row.is_suspended !== 0n,
    revision: row.revision,
  };
}

export function roleGrantOf(row: RoleGrantRow): RoleGrant {
  return {
    roleGrantId: row.role_grant_id,
    tenant: row.tenant,
    userId: row.user_id,
    userName: row.user_name,
    role: roleOf(row.role),
    departmentId: row.department_id,
    grantedBy: row.granted_by,
    createdAtMs: row.created_at_ms,
  };
}

export function projectOf(row: ProjectRow): Project {
  return {
    projectId: row.project_id,
    tenant: row.tenant,
    name: row.name,
    departmentPath: row.department_path,
    createdAtMs: row.created_at_ms,
    revision: row.revision,
  };
}

/** @param nowMs an older secret that has ended is not mentioned */
export function keyOf(row: ApiKeyRow, nowMs: number): ApiKey {
  const isOlderInForce = row.older_until_ms !== null && row.older_until_ms > BigInt(nowMs);
  return {
    keyId: row.key_id,
    tenant: row.tenant,
    userId: row.user_id,
    label: row.label,
    models: JSON.parse(row.models),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    revokedAtMs: row.revoked_at_ms ?? undefined,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
    projectId: row.project_id,
    scopes: JSON.parse(row.scopes) as KeyScope[],
    networks: JSON.parse(row.networks),
    olderSecretUntilMs: isOlderInForce ? (row.older_until_ms ?? undefined) : undefined,
    revision: row.revision,
  };
}

/** From the top down. */
export function departmentIdsIn(departmentPath: string): string[] {
  return departmentPath.split('/').filter((id) => id !== '');
}
