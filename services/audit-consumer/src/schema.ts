import type { Migration, RowColumns } from '@ai-switch/db';
import type { Kysely } from 'kysely';

/** Numbers are int8 and come back as bigint, booleans are 0 or 1, lists and maps are JSON text. */
export interface AuditSchema {
  access_records: AccessRow;
  audit_events: EventRow;
}

export interface AccessRow {
  tenant: string;
  request_id: string;
  user_id: string;
  key_id: string;
  started_at_ms: bigint;
  dialect: string;
  alias: string;
  provider: string;
  model: string;
  streaming: bigint;
  http_status: bigint;
  outcome: string;
  fault_code: string;
  /** The four token types are null together: the record has no usage. */
  input_tokens: bigint | null;
  output_tokens: bigint | null;
  cache_read_tokens: bigint | null;
  cache_write_tokens: bigint | null;
  usage_estimated: bigint;
  duration_ms: bigint;
  first_byte_ms: bigint | null;
  attempts: bigint;
  dropped: string;
  client_address: string;
  user_agent: string;
  /** Of the user's department when he asked. */
  department_path: string;
  project_id: string;
}

export interface EventRow {
  tenant: string;
  event_id: string;
  actor: string;
  action: string;
  subject: string;
  at_ms: bigint;
  details: string;
  request_id: string;
  department_path: string;
  /** Whom it concerns. */
  user_id: string;
  client_address: string;
}

export const ACCESS_COLUMNS: RowColumns<keyof AccessRow> = {
  tenant: 'text',
  request_id: 'text',
  user_id: 'text',
  key_id: 'text',
  started_at_ms: 'bigint',
  dialect: 'text',
  alias: 'text',
  provider: 'text',
  model: 'text',
  streaming: 'bigint',
  http_status: 'bigint',
  outcome: 'text',
  fault_code: 'text',
  input_tokens: 'bigint',
  output_tokens: 'bigint',
  cache_read_tokens: 'bigint',
  cache_write_tokens: 'bigint',
  usage_estimated: 'bigint',
  duration_ms: 'bigint',
  first_byte_ms: 'bigint',
  attempts: 'bigint',
  dropped: 'text',
  client_address: 'text',
  user_agent: 'text',
  department_path: 'text',
  project_id: 'text',
};

export const EVENT_COLUMNS: RowColumns<keyof EventRow> = {
  tenant: 'text',
  event_id: 'text',
  actor: 'text',
  action: 'text',
  subject: 'text',
  at_ms: 'bigint',
  details: 'text',
  request_id: 'text',
  department_path: 'text',
  user_id: 'text',
  client_address: 'text',
};

/** Where each table says whose its rows are. */
export const scopedTables = {
  access_records: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  audit_events: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
} as const;

export const migrations: readonly Migration[] = [
  {
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
      await schema
        .createIndex('access_records_by_age')
        .on('access_records')
        .column('started_at_ms')
        .execute();
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
  },
];
