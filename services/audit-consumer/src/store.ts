// The audit log's rows. Appends are compiled once and bound as they are; every list has the tenant in its condition.

import type { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import { type Database, type PreparedRows, prepareRows, type RowValue } from '@ai-switch/db';
import { accessRowOf, eventOf, eventRowOf, recordOf } from './record-rules.ts';
import { ACCESS_COLUMNS, type AccessRow, type AuditSchema, EVENT_COLUMNS, type EventRow } from './schema.ts';

/** Which rows of a list: those with an id below `before`, newest first; all for an empty one. */
export interface Range {
  readonly tenant: string;
  readonly before: string;
  readonly limit: number;
}

export interface AuditStore {
  appendAccess(records: readonly AccessRecord[]): Promise<void>;
  appendEvents(events: readonly AuditEvent[]): Promise<void>;
  /** An empty `userId` lists every user's. */
  listAccess(range: Range, userId: string): Promise<AccessRecord[]>;
  listEvents(range: Range): Promise<AuditEvent[]>;
  /** Deletes the oldest ones among those from before; resolves with how many went. */
  deleteAccess(beforeMs: bigint, rowsMax: number): Promise<number>;
  deleteEvents(beforeMs: bigint, rowsMax: number): Promise<number>;
}

export function auditStore(database: Database<AuditSchema>): AuditStore {
  const { kysely } = database;
  const insertAccess = prepareRows(database, ACCESS_COLUMNS, (given) =>
    kysely
      .insertInto('access_records')
      .columns(Object.keys(ACCESS_COLUMNS) as (keyof AccessRow)[])
      .expression(given)
      .onConflict((conflict) => conflict.doNothing()),
  );
  const insertEvents = prepareRows(database, EVENT_COLUMNS, (given) =>
    kysely
      .insertInto('audit_events')
      .columns(Object.keys(EVENT_COLUMNS) as (keyof EventRow)[])
      .expression(given)
      .onConflict((conflict) => conflict.doNothing()),
  );
  return {
    appendAccess: (records) => append(database, insertAccess, records.map(accessRowOf)),
    appendEvents: (events) => append(database, insertEvents, events.map(eventRowOf)),
    listAccess: async ({ tenant, before, limit }, userId) => {
      const rows = await kysely
        .selectFrom('access_records')
        .selectAll()
        .where('tenant', '=', tenant)
        .$if(userId !== '', (query) => query.where('user_id', '=', userId))
        .$if(before !== '', (query) => query.where('request_id', '<', before))
        .orderBy('request_id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(recordOf);
    },
    listEvents: async ({ tenant, before, limit }) => {
      const rows = await kysely
        .selectFrom('audit_events')
        .selectAll()
        .where('tenant', '=', tenant)
        .$if(before !== '', (query) => query.where('event_id', '<', before))
        .orderBy('event_id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(eventOf);
    },
    deleteAccess: async (beforeMs, rowsMax) => {
      const { numDeletedRows } = await kysely
        .deleteFrom('access_records')
        .where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple('tenant', 'request_id'),
            'in',
            selectFrom('access_records')
              .select(['tenant', 'request_id'])
              .where('started_at_ms', '<', beforeMs)
              .orderBy('started_at_ms')
              .limit(rowsMax)
              .$asTuple('tenant', 'request_id'),
          ),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
    deleteEvents: async (beforeMs, rowsMax) => {
      const { numDeletedRows } = await kysely
        .deleteFrom('audit_events')
        .where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple('tenant', 'event_id'),
            'in',
            selectFrom('audit_events')
              .select(['tenant', 'event_id'])
              .where('at_ms', '<', beforeMs)
              .orderBy('at_ms')
              .limit(rowsMax)
              .$asTuple('tenant', 'event_id'),
          ),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}

/** Rows of one statement. A batch is filled up to the next of these, so that only so many statements are kept. */
const STATEMENT_ROWS = [1, 2, 5, 10, 20, 50, 100, 200];
const STATEMENT_ROWS_MAX = 200;

/** Stores all rows or none. Those whose id is there already are left as they are. */
async function append<Column extends string>(
  database: Database<AuditSchema>,
  insert: PreparedRows<Column, unknown>,
  rows: readonly Readonly<Record<Column, RowValue>>[],
): Promise<void> {
  if (rows.length === 0) return;
  if (rows.length <= STATEMENT_ROWS_MAX) {
    await insert.execute(database.kysely, filledUp(rows));
    return;
  }
  await database.transaction(async (trx) => {
    for (let at = 0; at < rows.length; at += STATEMENT_ROWS_MAX) {
      await insert.execute(trx, filledUp(rows.slice(at, at + STATEMENT_ROWS_MAX)));
    }
  });
}

/** The last row, repeated, conflicts with itself and so is stored once. */
function filledUp<Row>(rows: readonly Row[]): readonly Row[] {
  const length = STATEMENT_ROWS.find((size) => size >= rows.length) ?? rows.length;
  const last = rows.at(-1);
  if (length === rows.length || last === undefined) return rows;
  return [...rows, ...Array.from({ length: length - rows.length }, () => last)];
}
