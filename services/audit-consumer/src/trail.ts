// A producer's log as it is stored. Each record is rebuilt from the columns of its row, so that its hash proves those and not a
// copy of what came. Where the columns hold less than what came, both have to agree.

import type { LogRecord } from '@ai-switch/contracts';
import { dataOf, entryOf } from '@ai-switch/event-log';
import type { Kysely } from 'kysely';
import type { Identity } from './ingest/read-record.ts';
import { accessRowOf, eventOf, eventRowOf, recordOf } from './record-rules.ts';
import type { AccessRow, AuditSchema, EventRow, UnreadRow } from './schema.ts';

/** A record with what retention has to know of it. */
export interface StoredRecord extends LogRecord {
  readonly atMs: bigint;
}

/** The records after a sequence, ascending. */
export async function readTrail(
  executor: Kysely<AuditSchema>,
  { producer, epoch }: Identity,
  afterSequence: bigint,
  limit: number,
): Promise<StoredRecord[]> {
  const rowsOf = <Table extends 'access_records' | 'audit_events' | 'unread_records'>(table: Table) =>
    executor
      .selectFrom(table as 'access_records')
      .selectAll()
      .where('producer', '=', producer)
      .where('epoch', '=', epoch)
      .where('sequence', '>', afterSequence)
      .orderBy('sequence')
      .limit(limit)
      .execute() as unknown as Promise<AuditSchema[Table][]>;
  const access = (await rowsOf('access_records')).map((row) =>
    storedRecord(row, 'aiswitch.access.v1', accessData(row), row.started_at_ms),
  );
  const events = (await rowsOf('audit_events')).map((row) =>
    storedRecord(row, 'aiswitch.audit.v1', eventData(row), row.at_ms),
  );
  const unread = (await rowsOf('unread_records')).map((row) =>
    storedRecord(row, row.type, unreadData(row), row.at_ms),
  );
  return [...access, ...events, ...unread]
    .sort((left, right) => Number(left.sequence - right.sequence))
    .slice(0, limit);
}

function storedRecord(
  { sequence, chain }: { readonly sequence: bigint; readonly chain: string },
  type: string,
  data: string,
  atMs: bigint,
): StoredRecord {
  const hash = Buffer.from(chain, 'hex');
  // A text that was changed, even where it would stand for the same bytes, is no hash.
  return { sequence, type, data, chain: hash.toString('hex') === chain ? hash : Buffer.alloc(0), atMs };
}

function accessData({ producer, epoch, sequence, chain, original, ...columns }: AccessRow): string {
  const came = original === null ? undefined : originalOf('aiswitch.access.v1', original);
  try {
    const record = recordOf(columns);
    const wanted = accessRowOf(came?.type === 'aiswitch.access.v1' ? came.record : record);
    if (isSame(wanted, columns)) return original ?? dataOf({ type: 'aiswitch.access.v1', record });
  } catch {
    // A column that holds what no record has.
  }
  return asItStands({ ...columns, original });
}

function eventData({ producer, epoch, sequence, chain, original, ...columns }: EventRow): string {
  const came = original === null ? undefined : originalOf('aiswitch.audit.v1', original);
  try {
    const record = eventOf(columns);
    const wanted = eventRowOf(came?.type === 'aiswitch.audit.v1' ? came.record : record);
    if (isSame(wanted, columns)) return original ?? dataOf({ type: 'aiswitch.audit.v1', record });
  } catch {
    // A column that holds what no event has.
  }
  return asItStands({ ...columns, original });
}

function unreadData({ bytes, ...row }: UnreadRow): string {
  const data = Buffer.from(bytes, 'base64');
  return data.toString('base64') === bytes ? data.toString() : asItStands({ ...row, bytes });
}

function originalOf(type: 'aiswitch.access.v1' | 'aiswitch.audit.v1', original: string) {
  try {
    return entryOf(type, original);
  } catch {
    return undefined;
  }
}

function isSame(wanted: object, columns: object): boolean {
  const stored = columns as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([name, value]) => stored[name] === value);
}

/** Of a row that was changed: it is no record, and no hash is of it. */
function asItStands(row: object): string {
  return JSON.stringify({ changed: row }, (_name, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}
