import type { Migration } from '@ai-switch/db';
import type { CreateTableBuilder } from 'kysely';

export interface OrganisationSchema {
  companies: CompanyRow;
  departments: DepartmentRow;
  users: UserRow;
  role_grants: RoleGrantRow;
  projects: ProjectRow;
  project_members: ProjectMemberRow;
  api_keys: ApiKeyRow;
}

export interface CompanyRow {
  tenant: string;
  name: string;
  is_suspended: bigint;
  created_at_ms: bigint;
  revision: bigint;
}

export interface DepartmentRow {
  tenant: string;
  department_id: string;
  /** '' below the company. */
  parent_id: string;
  name: string;
  /** Its own: `/dep_a/dep_b/` for `dep_b`. */
  department_path: string;
  created_at_ms: bigint;
  revision: bigint;
}

export interface UserRow {
  user_id: string;
  tenant: string;
  name: string;
  /** The highest of his grants. */
  role: string;
  /** `/` for one in no department. */
  department_path: string;
  is_suspended: bigint;
  created_at_ms: bigint;
  revision: bigint;
}

export interface RoleGrantRow {
  role_grant_id: string;
  tenant: string;
  user_id: string;
  user_name: string;
  role: string;
  /** '' but for departmentAdmin. */
  department_id: string;
  /** Of what is run: `/` for the company. */
  department_path: string;
  granted_by: string;
  created_at_ms: bigint;
}

export interface ProjectRow {
  tenant: string;
  project_id: string;
  name: string;
  department_path: string;
  created_at_ms: bigint;
  revision: bigint;
}

export interface ProjectMemberRow {
  tenant: string;
  project_id: string;
  user_id: string;
  user_name: string;
  /** The project's. */
  department_path: string;
}

export interface ApiKeyRow {
  key_id: string;
  tenant: string;
  user_id: string;
  /** The user's. */
  department_path: string;
  /** Of the secret, in hex (`key-rules.ts`). It leaves this table for authentication only. */
  digest: string;
  /** Of the secret before; '' when there is one only. */
  older_digest: string;
  older_until_ms: bigint | null;
  label: string;
  models: string;
  networks: string;
  scopes: string;
  /** '' for none. */
  project_id: string;
  created_at_ms: bigint;
  expires_at_ms: bigint | null;
  revoked_at_ms: bigint | null;
  last_used_at_ms: bigint | null;
  revision: bigint;
}

export const organisationTables = {
  companies: { tenant: 'tenant' },
  departments: { tenant: 'tenant', departmentPath: 'department_path' },
  users: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  role_grants: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  projects: { tenant: 'tenant', departmentPath: 'department_path' },
  project_members: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  api_keys: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
} as const;

export const organisationMigrations: readonly Migration[] = [
  {
    name: '001-organisation',
    up: async ({ schema }) => {
      await required(
        schema.createTable('companies'),
        ['tenant', 'name'],
        ['is_suspended', 'created_at_ms', 'revision'],
      )
        .addPrimaryKeyConstraint('companies_key', ['tenant'])
        .execute();
      await required(
        schema.createTable('departments'),
        ['tenant', 'department_id', 'parent_id', 'name', 'department_path'],
        ['created_at_ms', 'revision'],
      )
        .addPrimaryKeyConstraint('departments_key', ['tenant', 'department_id'])
        .addUniqueConstraint('departments_by_name', ['tenant', 'parent_id', 'name'])
        .execute();
      await required(
        schema.createTable('users'),
        ['user_id', 'tenant', 'name', 'role', 'department_path'],
        ['is_suspended', 'created_at_ms', 'revision'],
      )
        .addPrimaryKeyConstraint('users_key', ['user_id'])
        .addUniqueConstraint('users_by_name', ['tenant', 'name'])
        .execute();
      await required(
        schema.createTable('role_grants'),
        [
          'role_grant_id',
          'tenant',
          'user_id',
          'user_name',
          'role',
          'department_id',
          'department_path',
          'granted_by',
        ],
        ['created_at_ms'],
      )
        .addPrimaryKeyConstraint('role_grants_key', ['role_grant_id'])
        .addUniqueConstraint('role_grants_once', ['user_id', 'role', 'department_id'])
        .execute();
      await required(
        schema.createTable('projects'),
        ['tenant', 'project_id', 'name', 'department_path'],
        ['created_at_ms', 'revision'],
      )
        .addPrimaryKeyConstraint('projects_key', ['tenant', 'project_id'])
        .execute();
      await required(
        schema.createTable('project_members'),
        ['tenant', 'project_id', 'user_id', 'user_name', 'department_path'],
        [],
      )
        .addPrimaryKeyConstraint('project_members_key', ['tenant', 'project_id', 'user_id'])
        .execute();
      await required(
        schema.createTable('api_keys'),
        [
          'key_id',
          'tenant',
          'user_id',
          'department_path',
          'digest',
          'older_digest',
          'label',
          'models',
          'networks',
          'scopes',
          'project_id',
        ],
        ['created_at_ms', 'revision'],
      )
        .addColumn('older_until_ms', 'bigint')
        .addColumn('expires_at_ms', 'bigint')
        .addColumn('revoked_at_ms', 'bigint')
        .addColumn('last_used_at_ms', 'bigint')
        .addPrimaryKeyConstraint('api_keys_key', ['key_id'])
        .execute();
      const indexes = [
        ['users', 'users_by_tenant', ['tenant', 'user_id']],
        ['role_grants', 'role_grants_by_tenant', ['tenant', 'role_grant_id']],
        ['role_grants', 'role_grants_by_role', ['role']],
        ['project_members', 'project_members_by_user', ['tenant', 'user_id']],
        ['api_keys', 'api_keys_by_user', ['tenant', 'user_id', 'key_id']],
        ['api_keys', 'api_keys_by_tenant', ['tenant', 'key_id']],
        ['api_keys', 'api_keys_by_project', ['tenant', 'project_id']],
      ] as const;
      for (const [table, name, columns] of indexes) {
        await schema
          .createIndex(name)
          .on(table)
          .columns([...columns])
          .execute();
      }
    },
  },
];

/** Texts and numbers that are never null. */
export function required<Table extends string>(
  table: CreateTableBuilder<Table>,
  texts: readonly string[],
  numbers: readonly string[],
): CreateTableBuilder<Table, string> {
  let built = table as unknown as CreateTableBuilder<Table, string>;
  for (const name of texts) built = built.addColumn(name, 'text', (column) => column.notNull());
  for (const name of numbers) built = built.addColumn(name, 'bigint', (column) => column.notNull());
  return built;
}
