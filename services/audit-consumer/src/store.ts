// The rows of the trail: stored by their place in it, compiled once and bound as they are.

import type { LogRecord } from '@ai-switch/contracts';
import { type PreparedRows, prepareRows, type RowValue } from '@ai-switch/db';
import { type Kysely, sql, type Transaction } from 'kysely';
import { hexOf, type Identity, type ReadRecord } from './ingest/read-record.ts';
import type { AuditDatabase } from './lists.ts';
import {
  ACCESS_COLUMNS,
  type AccessRow,
  type AuditSchema,
  EVENT_COLUMNS,
  type EventRow,
  UNREAD_COLUMNS,
  type UnreadRow,
} from './schema.ts';
import { usageAdder } from './usage-hours.ts';

export type { AuditDatabase } from './lists.ts';

type Trx = Transaction<AuditSchema>;

/** The tables that a trail's records are in. */
export const TRAIL_TABLES = ['access_records', 'audit_events', 'unread_records'] as const;

export interface AuditStore {
  /** Stores records that are not there yet, and adds up what those of requests used. */
  insert(trx: Trx, records: readonly ReadRecord[]): Promise<void>;
  /** Those of these records that are stored with another hash. */
  withOtherChains(trx: Trx, identity: Identity, records: readonly LogRecord[]): Promise<readonly LogRecord[]>;
  /** In hex; undefined when there is no such record. */
  chainAt(executor: Kysely<AuditSchema>, identity: Identity, sequence: bigint): Promise<string | undefined>;
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
  const insertUnread = prepareRows(database, UNREAD_COLUMNS, (given) =>
    kysely
      .insertInto('unread_records')
      .columns(Object.keys(UNREAD_COLUMNS) as (keyof UnreadRow)[])
      .expression(given)
      .onConflict((conflict) => conflict.doNothing()),
  );
  const selectRepeated = prepareRows(database, { tenant: 'text', request_id: 'text' }, (given) =>
    kysely
      .selectFrom('access_records')
      .select(['tenant', 'request_id'])
      .where(sql<boolean>`(tenant, request_id) in (${given})`),
  );
  const addUsage = usageAdder(database);

  /** Those that no other place of the trail has already: a producer that begins anew sends again what it is not sure of. */
  const countedOnce = async (trx: Trx, rows: readonly AccessRow[]): Promise<readonly AccessRow[]> => {
    const counted = new Set<string>();
    for (const part of partsOf(rows)) {
      const found = await selectRepeated.execute(trx, part);
      for (const { tenant, request_id } of found.rows) counted.add(`${tenant}\n${request_id}`);
    }
    return rows.filter(({ tenant, request_id }) => {
      const key = `${tenant}\n${request_id}`;
      return !counted.has(key) && counted.add(key);
    });
  };

  return {
    insert: async (trx, records) => {
      const access = records.flatMap((record) => (record.table === 'access_records' ? [record.row] : []));
      const events = records.flatMap((record) => (record.table === 'audit_events' ? [record.row] : []));
      const unread = records.flatMap((record) => (record.table === 'unread_records' ? [record.row] : []));
      if (access.length > 0) await addUsage(trx, await countedOnce(trx, access));
      await insertAll(trx, insertAccess, access);
      await insertAll(trx, insertEvents, events);
      await insertAll(trx, insertUnread, unread);
    },
    withOtherChains: async (trx, { producer, epoch }, records) => {
      if (records.length === 0) return [];
      const chains = new Map<bigint, string>();
      for (const table of TRAIL_TABLES) {
        const rows = await trx
          .selectFrom(table)
          .select(['sequence', 'chain'])
          .where('producer', '=', producer)
          .where('epoch', '=', epoch)
          .where('sequence', '>=', records[0]?.sequence ?? 0n)
          .where('sequence', '<=', records.at(-1)?.sequence ?? 0n)
          .execute();
        for (const row of rows) chains.set(row.sequence, row.chain);
      }
      return records.filter(({ sequence, chain }) => chains.get(sequence) !== hexOf(chain));
    },
    chainAt: async (executor, { producer, epoch }, sequence) => {
      for (const table of TRAIL_TABLES) {
        const row = await executor
          .selectFrom(table)
          .select('chain')
          .where('producer', '=', producer)
          .where('epoch', '=', epoch)
          .where('sequence', '=', sequence)
          .executeTakeFirst();
        if (row !== undefined) return row.chain;
      }
      return undefined;
    },
  };
}

/** Rows of one statement. A batch is filled up to the next of these, so that only so many statements are kept. */
const STATEMENT_ROWS = [1, 2, 5, 10, 20, 50, 100, 200];
const STATEMENT_ROWS_MAX = 200;

async function insertAll<Column extends string>(
  trx: Trx,
  insert: PreparedRows<Column, unknown>,
  rows: readonly Readonly<Record<Column, RowValue>>[],
): Promise<void> {
  for (const part of partsOf(rows)) await insert.execute(trx, part);
}

/** The last row of a part, repeated, conflicts with itself and so is stored once. */
function partsOf<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  const parts: (readonly Row[])[] = [];
  for (let at = 0; at < rows.length; at += STATEMENT_ROWS_MAX) {
    const part = rows.slice(at, at + STATEMENT_ROWS_MAX);
    const length = STATEMENT_ROWS.find((size) => size >= part.length) ?? part.length;
    const last = part.at(-1);
    if (length === part.length || last === undefined) parts.push(part);
    else parts.push([...part, ...Array.from({ length: length - part.length }, () => last)]);
  }
  return parts;
}
