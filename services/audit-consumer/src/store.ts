// The audit log's rows. Appends are compiled once and bound as they are; what is read is read within a scope.

import type { AccessFilter, AccessRecord, AuditEvent, EventFilter } from '@ai-switch/contracts';
import {
  type PreparedRows,
  prepareRows,
  type RowScope,
  type RowValue,
  type ScopedDatabase,
} from '@ai-switch/db';
import { sql } from 'kysely';
import { accessRowOf, eventOf, eventRowOf, recordOf } from './record-rules.ts';
import {
  ACCESS_COLUMNS,
  type AccessRow,
  type AuditSchema,
  EVENT_COLUMNS,
  type EventRow,
  type scopedTables,
} from './schema.ts';

export type AuditDatabase = ScopedDatabase<AuditSchema, typeof scopedTables>;

/** Which rows of a list: those with an id below `before`, newest first; all for an empty one. */
export interface Range {
  readonly scope: RowScope;
  readonly before: string;
  readonly limit: number;
}

export interface AuditStore {
  appendAccess(records: readonly AccessRecord[]): Promise<void>;
  appendEvents(events: readonly AuditEvent[]): Promise<void>;
  /** An empty `userId` lists every user's. */
  listAccess(range: Range, userId: string, filter: AccessFilter | undefined): Promise<AccessRecord[]>;
  listEvents(range: Range, filter: EventFilter | undefined): Promise<AuditEvent[]>;
  /** Deletes the oldest ones among those from before; resolves with how many went. */
  deleteAccess(beforeMs: bigint, rowsMax: number): Promise<number>;
  deleteEvents(beforeMs: bigint, rowsMax: number): Promise<number>;
}

export function auditStore(database: AuditDatabase): AuditStore {
  const kysely = database.asSystem('upkeep');
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
    listAccess: async ({ scope, before, limit }, userId, filter) => {
      const found = await database.within(scope, (rows) =>
        rows
          .selectFrom('access_records')
          .selectAll()
          .$if(userId !== '', (query) => query.where('user_id', '=', userId))
          .$if(before !== '', (query) => query.where('request_id', '<', before))
          .$if(isSet(filter?.departmentPath), (query) =>
            query.where(isAtOrBelow(filter?.departmentPath ?? '')),
          )
          .$if(isSet(filter?.projectId), (query) => query.where('project_id', '=', filter?.projectId ?? ''))
          .$if(isSet(filter?.keyId), (query) => query.where('key_id', '=', filter?.keyId ?? ''))
          .$if(isSet(filter?.alias), (query) => query.where('alias', '=', filter?.alias ?? ''))
          .$if(isSet(filter?.outcome), (query) => query.where('outcome', '=', filter?.outcome ?? ''))
          .$if(filter?.fromMs !== undefined, (query) =>
            query.where('started_at_ms', '>=', filter?.fromMs ?? 0n),
          )
          .$if(filter?.untilMs !== undefined, (query) =>
            query.where('started_at_ms', '<', filter?.untilMs ?? 0n),
          )
          .orderBy('request_id', 'desc')
          .limit(limit)
          .execute(),
      );
      return found.map(recordOf);
    },
    listEvents: async ({ scope, before, limit }, filter) => {
      const { action = '' } = filter ?? {};
      const found = await database.within(scope, (rows) =>
        rows
          .selectFrom('audit_events')
          .selectAll()
          .$if(before !== '', (query) => query.where('event_id', '<', before))
          .$if(isSet(filter?.actor), (query) => query.where('actor', '=', filter?.actor ?? ''))
          .$if(isSet(filter?.subject), (query) => query.where('subject', '=', filter?.subject ?? ''))
          .$if(action !== '' && !action.endsWith('.'), (query) => query.where('action', '=', action))
          .$if(action.endsWith('.'), (query) => query.where(beginsWith('action', action)))
          .$if(filter?.fromMs !== undefined, (query) => query.where('at_ms', '>=', filter?.fromMs ?? 0n))
          .$if(filter?.untilMs !== undefined, (query) => query.where('at_ms', '<', filter?.untilMs ?? 0n))
          .orderBy('event_id', 'desc')
          .limit(limit)
          .execute(),
      );
      return found.map(eventOf);
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

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

function isAtOrBelow(path: string) {
  return beginsWith('department_path', path);
}

/** Not `like`, whose wildcards an id may hold. */
function beginsWith(column: string, text: string) {
  return sql<boolean>`substr(${sql.ref(column)}, 1, ${sql.lit(text.length)}) = ${text}`;
}

/** Rows of one statement. A batch is filled up to the next of these, so that only so many statements are kept. */
const STATEMENT_ROWS = [1, 2, 5, 10, 20, 50, 100, 200];
const STATEMENT_ROWS_MAX = 200;

/** Stores all rows or none. Those whose id is there already are left as they are. */
async function append<Column extends string>(
  database: AuditDatabase,
  insert: PreparedRows<Column, unknown>,
  rows: readonly Readonly<Record<Column, RowValue>>[],
): Promise<void> {
  if (rows.length === 0) return;
  if (rows.length <= STATEMENT_ROWS_MAX) {
    await insert.execute(database.asSystem('upkeep'), filledUp(rows));
    return;
  }
  await database.transactionAsSystem('upkeep', async (trx) => {
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
