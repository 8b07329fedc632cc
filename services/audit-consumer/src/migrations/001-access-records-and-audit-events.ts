import type { Migration } from '@ai-switch/db';
import type { Kysely } from 'kysely';

export const accessRecordsAndAuditEvents: Migration = {
  name: '001-access-records-and-audit-events',
  up: async ({ schema }: Kysely<never>) => {
    await schema
      .createTable('access_records')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('key_id', 'text', (column) => column.notNull())
      .addColumn('started_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('dialect', 'text', (column) => column.notNull())
      .addColumn('alias', 'text', (column) => column.notNull())
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('streaming', 'bigint', (column) => column.notNull())
      .addColumn('http_status', 'bigint', (column) => column.notNull())
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('fault_code', 'text', (column) => column.notNull())
      .addColumn('input_tokens', 'bigint')
      .addColumn('output_tokens', 'bigint')
      .addColumn('cache_read_tokens', 'bigint')
      .addColumn('cache_write_tokens', 'bigint')
      .addColumn('usage_estimated', 'bigint', (column) => column.notNull())
      .addColumn('duration_ms', 'bigint', (column) => column.notNull())
      .addColumn('first_byte_ms', 'bigint')
      .addColumn('attempts', 'bigint', (column) => column.notNull())
      .addColumn('dropped', 'text', (column) => column.notNull())
      .addColumn('client_address', 'text', (column) => column.notNull())
      .addColumn('user_agent', 'text', (column) => column.notNull())
      .addColumn('department_path', 'text', (column) => column.notNull())
      .addColumn('project_id', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('access_records_key', ['tenant', 'request_id'])
      .execute();
    // Without the tenant, which a user's id implies and every list repeats: a shorter index makes appends cheaper.
    await schema
      .createIndex('access_records_by_user')
      .on('access_records')
      .columns(['user_id', 'request_id'])
      .execute();
    // For retention, which goes by age whatever the ids look like.
    await schema.createIndex('access_records_by_age').on('access_records').column('started_at_ms').execute();
    await schema
      .createTable('audit_events')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('event_id', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('at_ms', 'bigint', (column) => column.notNull())
      .addColumn('details', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('department_path', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('client_address', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_events_key', ['tenant', 'event_id'])
      .execute();
    await schema.createIndex('audit_events_by_age').on('audit_events').column('at_ms').execute();
  },
};
