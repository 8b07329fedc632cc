import { changeFeedMigration, type Migration } from '@ai-switch/db';
import { outboxMigration } from '@ai-switch/event-log';
import type { CreateTableBuilder, Kysely } from 'kysely';
import type { EntryOperation, State, Tier } from './model.ts';

type Type = 'input' | 'output' | 'cache_read' | 'cache_write' | 'cost';
type CountColumns<Kind extends string> = { [Name in `${Kind}_${Type}`]: bigint };
type LimitColumns = { [Name in `limit_${Type}`]: bigint | null };

/** Amounts are tokens, and millionths of the currency; times are milliseconds since the epoch; flags are 0 or 1. */
export interface LedgerSchema {
  bucket: BucketRow;
  balance: BalanceRow;
  reservation: ReservationRow;
  entry: EntryRow;
  funding_order: FundingOrderRow;
  policy: PolicyRow;
}

export interface BucketRow extends LimitColumns {
  tenant: string;
  bucket: string;
  tier: Tier;
  /** `user:<id>`, `project:<id>`, `department:<id>`, `model:<name>` or `company`. */
  scope: string;
  period_kind: string;
  valid_from_ms: bigint | null;
  valid_until_ms: bigint | null;
  closed_at_ms: bigint | null;
  note: string;
  created_at_ms: bigint;
  updated_at_ms: bigint;
}

/** Limits and opening times are the bucket's, repeated here so that one locked row decides. */
export interface BalanceRow
  extends LimitColumns,
    CountColumns<'used'>,
    CountColumns<'held'>,
    CountColumns<'overrun'> {
  tenant: string;
  bucket: string;
  period: string;
  open_from_ms: bigint | null;
  open_until_ms: bigint | null;
}

export interface ReservationRow extends CountColumns<'amount'>, CountColumns<'charged'> {
  tenant: string;
  reservation_id: string;
  /** Counts the changes of the row, so that two writers never overwrite each other. */
  version: bigint;
  state: State;
  user_id: string;
  project_id: string;
  /** A JSON list, from the top down. */
  department_ids: string;
  model: string;
  /** The plan with its shares, in JSON (rows.ts). */
  lines: string;
  /** What a heartbeat said was used, in JSON; empty before the first. */
  checkpoint: string;
  created_at_ms: bigint;
  expires_at_ms: bigint;
  resolved_at_ms: bigint | null;
  outcome: string;
  is_estimated: bigint;
  owner_digest: string;
  fingerprint: string;
  /** What blocked it, in JSON; empty unless rejected. */
  blocked: string;
  price_version: string;
  /** The part of `amount_cost` that the prompt alone costs. */
  prompt_cost: bigint;
  policy_version: bigint;
  expiry_charge: string;
  extensions: bigint;
  /** The last extension and what became of it, in JSON; empty before the first. */
  last_extension: string;
  reversal_reason: string;
}

export interface EntryRow extends CountColumns<'used'>, CountColumns<'held'>, CountColumns<'overrun'> {
  tenant: string;
  reservation_id: string;
  operation: EntryOperation;
  op_seq: bigint;
  bucket: string;
  period: string;
  at_ms: bigint;
}

export interface FundingOrderRow {
  tenant: string;
  scope: string;
  /** Tiers, separated by commas. */
  tiers: string;
}

export interface PolicyRow {
  tenant: string;
  version: bigint;
  time_zone: string;
  fiscal_year_starts_in_month: bigint;
  expiry_charge: string;
  hold_rule: string;
  dry_rule: string;
  output_tokens_default: bigint;
  output_tokens_max: bigint;
}

const TYPES: readonly Type[] = ['input', 'output', 'cache_read', 'cache_write', 'cost'];

export const migrations: readonly Migration[] = [
  {
    name: '001-ledger',
    up: async ({ schema }: Kysely<never>) => {
      await withLimits(schema.createTable('bucket'))
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('bucket', 'text', (column) => column.notNull())
        .addColumn('tier', 'text', (column) => column.notNull())
        .addColumn('scope', 'text', (column) => column.notNull())
        .addColumn('period_kind', 'text', (column) => column.notNull())
        .addColumn('valid_from_ms', 'bigint')
        .addColumn('valid_until_ms', 'bigint')
        .addColumn('closed_at_ms', 'bigint')
        .addColumn('note', 'text', (column) => column.notNull())
        .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('bucket_key', ['tenant', 'bucket'])
        .execute();
      await schema.createIndex('bucket_by_scope').on('bucket').columns(['tenant', 'scope']).execute();

      await withCounts(withLimits(schema.createTable('balance')), ['used', 'held', 'overrun'])
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('bucket', 'text', (column) => column.notNull())
        .addColumn('period', 'text', (column) => column.notNull())
        .addColumn('open_from_ms', 'bigint')
        .addColumn('open_until_ms', 'bigint')
        .addPrimaryKeyConstraint('balance_key', ['tenant', 'bucket', 'period'])
        .execute();

      await withCounts(schema.createTable('reservation'), ['amount', 'charged'])
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('reservation_id', 'text', (column) => column.notNull())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('project_id', 'text', (column) => column.notNull())
        .addColumn('department_ids', 'text', (column) => column.notNull())
        .addColumn('model', 'text', (column) => column.notNull())
        .addColumn('lines', 'text', (column) => column.notNull())
        .addColumn('checkpoint', 'text', (column) => column.notNull())
        .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('resolved_at_ms', 'bigint')
        .addColumn('outcome', 'text', (column) => column.notNull())
        .addColumn('is_estimated', 'bigint', (column) => column.notNull())
        .addColumn('owner_digest', 'text', (column) => column.notNull())
        .addColumn('fingerprint', 'text', (column) => column.notNull())
        .addColumn('blocked', 'text', (column) => column.notNull())
        .addColumn('price_version', 'text', (column) => column.notNull())
        .addColumn('prompt_cost', 'bigint', (column) => column.notNull())
        .addColumn('policy_version', 'bigint', (column) => column.notNull())
        .addColumn('expiry_charge', 'text', (column) => column.notNull())
        .addColumn('extensions', 'bigint', (column) => column.notNull())
        .addColumn('last_extension', 'text', (column) => column.notNull())
        .addColumn('reversal_reason', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('reservation_key', ['tenant', 'reservation_id'])
        .execute();
      // Only open holds: the sweeper's index stays as small as what is in flight.
      await schema
        .createIndex('reservation_open_holds')
        .on('reservation')
        .column('expires_at_ms')
        .where('state' as never, '=', 'HELD' as never)
        .execute();

      await withCounts(schema.createTable('entry'), ['used', 'held', 'overrun'])
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('reservation_id', 'text', (column) => column.notNull())
        .addColumn('operation', 'text', (column) => column.notNull())
        .addColumn('op_seq', 'bigint', (column) => column.notNull())
        .addColumn('bucket', 'text', (column) => column.notNull())
        .addColumn('period', 'text', (column) => column.notNull())
        .addColumn('at_ms', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('entry_key', [
          'tenant',
          'reservation_id',
          'operation',
          'op_seq',
          'bucket',
          'period',
        ])
        .execute();
      await schema
        .createIndex('entry_statement')
        .on('entry')
        .columns(['tenant', 'bucket', 'period', 'at_ms', 'reservation_id'])
        .execute();

      await schema
        .createTable('funding_order')
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('scope', 'text', (column) => column.notNull())
        .addColumn('tiers', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('funding_order_key', ['tenant', 'scope'])
        .execute();
      await schema
        .createTable('policy')
        .addColumn('tenant', 'text', (column) => column.primaryKey())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .addColumn('time_zone', 'text', (column) => column.notNull())
        .addColumn('fiscal_year_starts_in_month', 'bigint', (column) => column.notNull())
        .addColumn('expiry_charge', 'text', (column) => column.notNull())
        .addColumn('hold_rule', 'text', (column) => column.notNull())
        .addColumn('dry_rule', 'text', (column) => column.notNull())
        .addColumn('output_tokens_default', 'bigint', (column) => column.notNull())
        .addColumn('output_tokens_max', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
  changeFeedMigration('002-changes'),
  outboxMigration('003-outbox'),
];

type Table = CreateTableBuilder<string, string>;

function withLimits(table: Table): Table {
  return TYPES.reduce((built, type) => built.addColumn(`limit_${type}`, 'bigint'), table);
}

function withCounts(table: Table, kinds: readonly string[]): Table {
  const names = kinds.flatMap((kind) => TYPES.map((type) => `${kind}_${type}`));
  return names.reduce((built, name) => built.addColumn(name, 'bigint', (column) => column.notNull()), table);
}
