// Records stand where they stood in their producers' logs, usage is added up by the hour as it comes, and what vouches for the
// rows is stored beside them. Rows from before become one log, so that from now on they are vouched for as well.

import type { Migration } from '@ai-switch/db';
import { type CreateTableBuilder, type Kysely, type SchemaModule, sql } from 'kysely';
import type { AuditSchema } from '../schema.ts';
import { moveRows } from './move-rows.ts';

export const trail: Migration = {
  name: '002-trail',
  up: async (database: Kysely<never>) => {
    await replaceTable(database.schema, 'access_records', ACCESS);
    await replaceTable(database.schema, 'audit_events', EVENTS);
    await createTrail(database.schema);
    const last = await moveRows(database as unknown as Kysely<AuditSchema>);
    await createIndexes(database.schema);
    await createUsage(database);
    const logs = sql.lit(last === 0n ? 0 : 1);
    await sql`insert into trail_head (id, logs, roots, root_signature, signature) values (1, ${logs}, 0, '', '')`.execute(
      database,
    );
  },
};

type Columns = Readonly<Record<string, 'text' | 'bigint' | 'text?' | 'bigint?'>>;

const ACCESS: Columns = {
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
  input_tokens: 'bigint?',
  output_tokens: 'bigint?',
  cache_read_tokens: 'bigint?',
  cache_write_tokens: 'bigint?',
  usage_estimated: 'bigint',
  duration_ms: 'bigint',
  first_byte_ms: 'bigint?',
  attempts: 'bigint',
  dropped: 'text',
  client_address: 'text',
  user_agent: 'text',
  department_path: 'text',
  project_id: 'text',
};

const EVENTS: Columns = {
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

const PLACE: Columns = { producer: 'text', epoch: 'bigint', sequence: 'bigint', chain: 'text' };
const PLACE_KEY = ['producer', 'epoch', 'sequence'];

function createTable(schema: SchemaModule, name: string, columns: Columns, key: readonly string[]) {
  const table = Object.entries(columns).reduce<CreateTableBuilder<string, string>>(
    (building, [column, type]) =>
      building.addColumn(column, type.startsWith('text') ? 'text' : 'bigint', (definition) =>
        type.endsWith('?') ? definition : definition.notNull(),
      ),
    schema.createTable(name) as CreateTableBuilder<string, string>,
  );
  return table.addPrimaryKeyConstraint(`${name}_place`, [...key]).execute();
}

/** A table that records have their places in; the one as it was is called `former_<name>` until its rows are moved. */
async function replaceTable(schema: SchemaModule, name: string, columns: Columns): Promise<void> {
  await schema.alterTable(name).renameTo(`former_${name}`).execute();
  await createTable(schema, name, { ...PLACE, original: 'text?', ...columns }, PLACE_KEY);
}

async function createIndexes(schema: SchemaModule): Promise<void> {
  const index = (name: string, table: string, columns: readonly string[]) =>
    schema
      .createIndex(name)
      .on(table)
      .columns([...columns])
      .execute();
  await index('access_records_by_id', 'access_records', ['tenant', 'request_id']);
  // Without the tenant, which a user's id implies and every list repeats: a shorter index makes appends cheaper.
  await index('access_records_by_user', 'access_records', ['user_id', 'request_id']);
  await index('audit_events_by_id', 'audit_events', ['tenant', 'event_id']);
}

async function createTrail(schema: SchemaModule): Promise<void> {
  const kept: Columns = { bytes: 'text', reason: 'text', at_ms: 'bigint', is_published: 'bigint' };
  await createTable(schema, 'unread_records', { ...PLACE, type: 'text', ...kept }, PLACE_KEY);
  const letters: Columns = { source: 'text', ...kept };
  await createTable(schema, 'dead_letters', letters, ['source']);
  const logs: Columns = {
    producer: 'text',
    epoch: 'bigint',
    last_sequence: 'bigint',
    stored: 'bigint',
    deleted: 'bigint',
    base_sequence: 'bigint',
    base_chain: 'text',
    announced_sequence: 'bigint',
    announced_chain: 'text',
    announced_at_ms: 'bigint',
    is_final: 'bigint',
    dropped: 'bigint',
    is_rooted: 'bigint',
    signature: 'text',
  };
  await createTable(schema, 'producer_logs', logs, ['producer', 'epoch']);
  const gaps: Columns = {
    producer: 'text',
    epoch: 'bigint',
    first_sequence: 'bigint',
    last_sequence: 'bigint',
    since_ms: 'bigint',
  };
  await createTable(schema, 'trail_gaps', gaps, ['producer', 'epoch', 'first_sequence']);
  const head: Columns = {
    id: 'bigint',
    logs: 'bigint',
    roots: 'bigint',
    root_signature: 'text',
    signature: 'text',
  };
  await createTable(schema, 'trail_head', head, ['id']);
  const roots: Columns = {
    number: 'bigint',
    at_ms: 'bigint',
    statement: 'text',
    signature: 'text',
    leaves: 'text',
  };
  await createTable(schema, 'roots', roots, ['number']);
  const offsets: Columns = { topic: 'text', partition: 'bigint', next_offset: 'bigint' };
  await createTable(schema, 'kafka_offsets', offsets, ['topic', 'partition']);
}

/** No request used more of a type of token: a provider that says so does not spoil the sums. */
const TOKENS_MAX = 10_000_000_000;

async function createUsage(database: Kysely<never>): Promise<void> {
  const usage: Columns = {
    tenant: 'text',
    hour: 'bigint',
    user_id: 'text',
    department_path: 'text',
    project_id: 'text',
    alias: 'text',
    requests: 'bigint',
    input_tokens: 'bigint',
    output_tokens: 'bigint',
    cache_read_tokens: 'bigint',
    cache_write_tokens: 'bigint',
  };
  const key = ['tenant', 'hour', 'user_id', 'department_path', 'project_id', 'alias'];
  await createTable(database.schema, 'usage_hours', usage, key);
  const bounded = (column: string) => {
    const ref = sql.ref(column);
    const max = sql.lit(TOKENS_MAX);
    return sql`sum(case when ${ref} is null or ${ref} < 0 then 0 when ${ref} > ${max} then ${max} else ${ref} end)`;
  };
  const tokens = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'];
  await sql`
    insert into usage_hours (${sql.join(Object.keys(usage).map((column) => sql.ref(column)))})
    select tenant, started_at_ms / 3600000, user_id, department_path, project_id, alias, count(*),
      ${sql.join(tokens.map(bounded))}
    from access_records
    group by tenant, started_at_ms / 3600000, user_id, department_path, project_id, alias
  `.execute(database);
}
