import type { Migration } from '@ai-switch/db';
import type { CountedType, EntryOperation, State } from './ledger-rules.ts';

export interface LedgerSchema {
  readonly bucket: BucketRow;
  readonly balance: BalanceRow;
  readonly reservation: ReservationRow;
  readonly entry: EntryRow;
}

type PerType<Prefix extends string, Value> = {
  readonly [Type in 'input' | 'output' | 'cache_read' | 'cache_write' as `${Prefix}_${Type}`]: Value;
};

/** The limits of a bucket in the periods to come; null is unlimited. */
export type BucketRow = {
  readonly tenant: string;
  readonly bucket: string;
} & PerType<'limit', bigint | null>;

/** One bucket in one period: the fold of its entries, and the limits in force. One row, one lock, all token types. */
export type BalanceRow = {
  readonly tenant: string;
  readonly bucket: string;
  readonly period: string;
} & PerType<'limit', bigint | null> &
  PerType<'used' | 'held' | 'overrun', bigint>;

export type ReservationRow = {
  readonly tenant: string;
  readonly reservation_id: string;
  /** Counts the changes; who writes says which one he read. */
  readonly version: bigint;
  readonly state: State;
  readonly user_id: string;
  readonly bucket: string;
  readonly period: string;
  readonly created_at_ms: bigint;
  readonly expires_at_ms: bigint;
  readonly resolved_at_ms: bigint | null;
  readonly outcome: string;
  readonly owner_digest: string;
  readonly blocked_type: CountedType | null;
  readonly blocked_remaining: bigint | null;
} & PerType<'amount' | 'charged', bigint>;

/** Append-only: what one operation of a reservation added to a balance. */
export type EntryRow = {
  readonly tenant: string;
  readonly reservation_id: string;
  readonly operation: EntryOperation;
  readonly bucket: string;
  readonly period: string;
  readonly at_ms: bigint;
} & PerType<'used' | 'held' | 'overrun', bigint>;

const TYPES = ['input', 'output', 'cache_read', 'cache_write'] as const;

export const migrations: readonly Migration[] = [
  {
    name: '001-ledger',
    up: async ({ schema }) => {
      let bucket = schema
        .createTable('bucket')
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('bucket', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('bucket_key', ['tenant', 'bucket']);
      for (const type of TYPES) bucket = bucket.addColumn(`limit_${type}`, 'bigint');
      await bucket.execute();

      let balance = schema
        .createTable('balance')
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('bucket', 'text', (column) => column.notNull())
        .addColumn('period', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('balance_key', ['tenant', 'bucket', 'period']);
      for (const type of TYPES) balance = balance.addColumn(`limit_${type}`, 'bigint');
      for (const kind of ['used', 'held', 'overrun']) {
        for (const type of TYPES) {
          balance = balance.addColumn(`${kind}_${type}`, 'bigint', (column) => column.notNull());
        }
      }
      await balance.execute();

      let reservation = schema
        .createTable('reservation')
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('reservation_id', 'text', (column) => column.notNull())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('bucket', 'text', (column) => column.notNull())
        .addColumn('period', 'text', (column) => column.notNull())
        .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('resolved_at_ms', 'bigint')
        .addColumn('outcome', 'text', (column) => column.notNull())
        .addColumn('owner_digest', 'text', (column) => column.notNull())
        .addColumn('blocked_type', 'text')
        .addColumn('blocked_remaining', 'bigint')
        .addPrimaryKeyConstraint('reservation_key', ['tenant', 'reservation_id']);
      for (const kind of ['amount', 'charged']) {
        for (const type of TYPES) {
          reservation = reservation.addColumn(`${kind}_${type}`, 'bigint', (column) => column.notNull());
        }
      }
      await reservation.execute();

      let entry = schema
        .createTable('entry')
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('reservation_id', 'text', (column) => column.notNull())
        .addColumn('operation', 'text', (column) => column.notNull())
        .addColumn('bucket', 'text', (column) => column.notNull())
        .addColumn('period', 'text', (column) => column.notNull())
        .addColumn('at_ms', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('entry_key', ['tenant', 'reservation_id', 'operation', 'bucket', 'period']);
      for (const kind of ['used', 'held', 'overrun']) {
        for (const type of TYPES) {
          entry = entry.addColumn(`${kind}_${type}`, 'bigint', (column) => column.notNull());
        }
      }
      await entry.execute();

      // Only open holds: the sweeper's index stays as small as what is in flight.
      await schema
        .createIndex('reservation_open_holds')
        .on('reservation')
        .column('expires_at_ms')
        .where('state' as never, '=', 'HELD' as never)
        .execute();
    },
  },
];
