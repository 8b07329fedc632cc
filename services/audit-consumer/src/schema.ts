import type { RowColumns } from '@ai-switch/db';

/** Numbers are int8 and come back as bigint, booleans are 0 or 1, lists and maps are JSON text. */
export interface AuditSchema {
  access_records: AccessRow;
  audit_events: EventRow;
  unread_records: UnreadRow;
  dead_letters: DeadLetterRow;
  producer_logs: LogRow;
  trail_gaps: GapRow;
  trail_head: HeadRow;
  roots: RootRow;
  usage_hours: UsageRow;
  kafka_offsets: OffsetRow;
}

/** Where a row stands in its producer's log. */
export interface TrailPlace {
  producer: string;
  epoch: bigint;
  sequence: bigint;
  /** In hex, as it came. */
  chain: string;
}

interface StoredRecord extends TrailPlace {
  /** The record's text as it came, when it cannot be rebuilt from the other columns; null as a rule. */
  original: string | null;
}

export interface AccessRow extends StoredRecord {
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

export interface EventRow extends StoredRecord {
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

/** A record that cannot be read. It stays in its place of the trail. */
export interface UnreadRow extends TrailPlace {
  type: string;
  /** Base64. */
  bytes: string;
  reason: string;
  at_ms: bigint;
  /** Whether it is in the dead-letter topic. */
  is_published: bigint;
}

/** What came by Kafka and has no place in a trail. */
export interface DeadLetterRow {
  /** `<topic>/<partition>/<offset>`. */
  source: string;
  /** Base64. */
  bytes: string;
  reason: string;
  at_ms: bigint;
  /** Whether it is in the dead-letter topic. */
  is_published: bigint;
}

/** One epoch of one producer's log. */
export interface LogRow {
  producer: string;
  epoch: bigint;
  /** The highest that was announced or has come. */
  last_sequence: bigint;
  /** Records that ever were stored. */
  stored: bigint;
  /** Those of them that went because of their age; the last of these is the base. */
  deleted: bigint;
  base_sequence: bigint;
  base_chain: string;
  announced_sequence: bigint;
  announced_chain: string;
  announced_at_ms: bigint;
  is_final: bigint;
  dropped: bigint;
  /** Whether the newest root has it as it is. */
  is_rooted: bigint;
  /** Base64, over all of the above; empty when nothing is signed here. */
  signature: string;
}

/** Sequences that have not come, up to the highest that is known. */
export interface GapRow {
  producer: string;
  epoch: bigint;
  first_sequence: bigint;
  last_sequence: bigint;
  since_ms: bigint;
}

/** One row: how much there is, so that nothing of it can go as a whole. */
export interface HeadRow {
  id: bigint;
  logs: bigint;
  roots: bigint;
  /** Of the newest root. */
  root_signature: string;
  signature: string;
}

export interface RootRow {
  number: bigint;
  at_ms: bigint;
  statement: string;
  signature: string;
  /** A JSON list. */
  leaves: string;
}

/** What was used in an hour of UTC. */
export interface UsageRow {
  tenant: string;
  /** Hours since the epoch. */
  hour: bigint;
  user_id: string;
  department_path: string;
  project_id: string;
  alias: string;
  requests: bigint;
  input_tokens: bigint;
  output_tokens: bigint;
  cache_read_tokens: bigint;
  cache_write_tokens: bigint;
}

export interface OffsetRow {
  topic: string;
  partition: bigint;
  next_offset: bigint;
}

const TRAIL_COLUMNS = {
  producer: 'text',
  epoch: 'bigint',
  sequence: 'bigint',
  chain: 'text',
} as const;

export const ACCESS_COLUMNS: RowColumns<keyof AccessRow> = {
  ...TRAIL_COLUMNS,
  original: 'text',
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
  ...TRAIL_COLUMNS,
  original: 'text',
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

export const UNREAD_COLUMNS: RowColumns<keyof UnreadRow> = {
  ...TRAIL_COLUMNS,
  type: 'text',
  bytes: 'text',
  reason: 'text',
  at_ms: 'bigint',
  is_published: 'bigint',
};

export const USAGE_COLUMNS: RowColumns<keyof UsageRow> = {
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

/** Where each table says whose its rows are. */
export const scopedTables = {
  access_records: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  audit_events: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  usage_hours: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
} as const;
