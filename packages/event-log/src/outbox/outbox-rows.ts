// Events of changes, stored in the transactions that make the changes: a change that is there has its event, and one that is not has
// none. They wait in the service's own database until whoever keeps them has acknowledged them.

import type { AuditEvent } from '@ai-switch/contracts';
import type { Migration } from '@ai-switch/db';
import type { Kysely, Transaction } from 'kysely';
import { dataOf } from '../data.ts';

/** Of every record in an outbox. */
export const EVENT_TYPE = 'aiswitch.audit.v1';

export interface OutboxRow {
  readonly event_id: string;
  readonly tenant: string;
  readonly at_ms: bigint;
  /** The one text of the event. */
  readonly data: string;
  /** Whose log it stands in; empty until it has a place. */
  readonly producer: string;
  /** From 1; 0 until it has a place. */
  readonly sequence: bigint;
  /** In hex. */
  readonly chain: string;
}

export interface OutboxSchema {
  readonly outbox: OutboxRow;
  /** The logs that are not announced as ended. */
  readonly outbox_logs: {
    readonly producer: string;
    readonly last_sequence: bigint;
    readonly chain: string;
  };
  /** One row: who sends, and until when nobody else does. */
  readonly outbox_lease: {
    readonly id: bigint;
    readonly holder: string;
    readonly until_ms: bigint;
  };
}

/** The tables, as a migration of the service whose changes have events. */
export function outboxMigration(name: string): Migration {
  return {
    name,
    up: async (kysely: Kysely<never>) => {
      const outbox = kysely as unknown as Kysely<OutboxSchema>;
      await outbox.schema
        .createTable('outbox')
        .addColumn('event_id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('at_ms', 'bigint', (column) => column.notNull())
        .addColumn('data', 'text', (column) => column.notNull())
        .addColumn('producer', 'text', (column) => column.notNull())
        .addColumn('sequence', 'bigint', (column) => column.notNull())
        .addColumn('chain', 'text', (column) => column.notNull())
        .execute();
      await outbox.schema
        .createIndex('outbox_place')
        .on('outbox')
        .columns(['producer', 'sequence'])
        .execute();
      await outbox.schema
        .createTable('outbox_logs')
        .addColumn('producer', 'text', (column) => column.primaryKey().notNull())
        .addColumn('last_sequence', 'bigint', (column) => column.notNull())
        .addColumn('chain', 'text', (column) => column.notNull())
        .execute();
      await outbox.schema
        .createTable('outbox_lease')
        .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
        .addColumn('holder', 'text', (column) => column.notNull())
        .addColumn('until_ms', 'bigint', (column) => column.notNull())
        .execute();
      await outbox.insertInto('outbox_lease').values({ id: 1n, holder: '', until_ms: 0n }).execute();
    },
  };
}

/** Stores the event of a change with the change. One that is there already, by its id, stays as it is. */
export async function recordChange<Schema>(trx: Transaction<Schema>, event: AuditEvent): Promise<void> {
  await (trx as unknown as Kysely<OutboxSchema>)
    .insertInto('outbox')
    .values({
      event_id: event.eventId,
      tenant: event.tenant,
      at_ms: event.atMs,
      data: dataOf({ type: EVENT_TYPE, record: event }),
      producer: '',
      sequence: 0n,
      chain: '',
    })
    .onConflict((conflict) => conflict.column('event_id').doNothing())
    .execute();
}
