import type { Migration } from '@ai-switch/db';

/** The tables of services/auth. Times are milliseconds since the epoch. */
export interface AuthSchema {
  tenants: { tenant: string; created_at_ms: bigint };
  users: {
    user_id: string;
    tenant: string;
    name: string;
    role: string;
    created_at_ms: bigint;
    /** A JSON list, from the top down. */
    department_ids: string;
  };
  api_keys: {
    key_id: string;
    tenant: string;
    user_id: string;
    /** Of the secret, in hex (`key-rules.ts`). It leaves this table for authentication only. */
    digest: string;
    label: string;
    /** A JSON list of model aliases; `[]` for every one. */
    models: string;
    created_at_ms: bigint;
    expires_at_ms: bigint | null;
    revoked_at_ms: bigint | null;
    last_used_at_ms: bigint | null;
    /** Empty for none. */
    project_id: string;
  };
}

export const migrations: readonly Migration[] = [
  {
    name: '001-users-and-keys',
    up: async (schema) => {
      await schema.schema
        .createTable('tenants')
        .addColumn('tenant', 'text', (column) => column.primaryKey())
        .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
        .execute();
      await schema.schema
        .createTable('users')
        .addColumn('user_id', 'text', (column) => column.primaryKey())
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
        .addUniqueConstraint('users_by_name', ['tenant', 'name'])
        .execute();
      await schema.schema
        .createTable('api_keys')
        .addColumn('key_id', 'text', (column) => column.primaryKey())
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('digest', 'text', (column) => column.notNull())
        .addColumn('label', 'text', (column) => column.notNull())
        .addColumn('models', 'text', (column) => column.notNull())
        .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('expires_at_ms', 'bigint')
        .addColumn('revoked_at_ms', 'bigint')
        .addColumn('last_used_at_ms', 'bigint')
        .execute();
      await schema.schema.createIndex('users_by_tenant').on('users').columns(['tenant', 'user_id']).execute();
      await schema.schema
        .createIndex('api_keys_by_user')
        .on('api_keys')
        .columns(['tenant', 'user_id', 'key_id'])
        .execute();
      await schema.schema
        .createIndex('api_keys_by_tenant')
        .on('api_keys')
        .columns(['tenant', 'key_id'])
        .execute();
    },
  },
  {
    name: '002-departments-and-projects',
    up: async ({ schema }) => {
      await schema
        .alterTable('users')
        .addColumn('department_ids', 'text', (column) => column.notNull().defaultTo('[]'))
        .execute();
      await schema
        .alterTable('api_keys')
        .addColumn('project_id', 'text', (column) => column.notNull().defaultTo(''))
        .execute();
    },
  },
];
