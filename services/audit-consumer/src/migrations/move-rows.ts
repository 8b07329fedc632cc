// The rows from before there were logs, as one log that has ended.

import { chainOf, dataOf, type Entry, NO_CHAIN } from '@ai-switch/event-log';
import { type Kysely, sql } from 'kysely';
import {
  type AccessColumns,
  accessRowOf,
  type EventColumns,
  eventOf,
  eventRowOf,
  recordOf,
} from '../record-rules.ts';
import type { AuditSchema } from '../schema.ts';

const PRODUCER = 'audit-consumer/before-logs';
const EPOCH = 1;
const ROWS_AT_ONCE = 200;

/** @returns the sequence of the last; 0 for no rows */
export async function moveRows(database: Kysely<AuditSchema>): Promise<bigint> {
  let sequence = 0;
  let chain: Uint8Array = NO_CHAIN;
  const placeOf = (entry: Entry) => {
    sequence += 1;
    chain = chainOf(
      chain,
      { producer: PRODUCER, epoch: EPOCH },
      { sequence, type: entry.type, data: dataOf(entry) },
    );
    const place = { producer: PRODUCER, epoch: BigInt(EPOCH), sequence: BigInt(sequence) };
    return { ...place, chain: Buffer.from(chain).toString('hex'), original: null };
  };
  for await (const rows of formerRows<AccessColumns>(database, 'access_records', 'request_id')) {
    const placed = rows.map((row) => {
      const columns = accessRowOf(recordOf(row));
      return { ...placeOf({ type: 'aiswitch.access.v1', record: recordOf(columns) }), ...columns };
    });
    await database.insertInto('access_records').values(placed).execute();
  }
  for await (const rows of formerRows<EventColumns>(database, 'audit_events', 'event_id')) {
    const placed = rows.map((row) => {
      const columns = eventRowOf(eventOf(row));
      return { ...placeOf({ type: 'aiswitch.audit.v1', record: eventOf(columns) }), ...columns };
    });
    await database.insertInto('audit_events').values(placed).execute();
  }
  const last = BigInt(sequence);
  if (last > 0n) await insertLog(database, last, Buffer.from(chain).toString('hex'));
  await database.schema.dropTable('former_access_records').execute();
  await database.schema.dropTable('former_audit_events').execute();
  return last;
}

async function* formerRows<Row extends { readonly tenant: string }>(
  database: Kysely<AuditSchema>,
  name: 'access_records' | 'audit_events',
  id: 'request_id' | 'event_id',
): AsyncGenerator<readonly Row[]> {
  const table = sql.table(`former_${name}`);
  let after = { tenant: '', id: '' };
  for (;;) {
    const { rows } = await sql<Row & { readonly id: string }>`
      select *, ${sql.ref(id)} as id from ${table} where (tenant, ${sql.ref(id)}) > (${after.tenant}, ${after.id})
      order by tenant, ${sql.ref(id)} limit ${sql.lit(ROWS_AT_ONCE)}
    `.execute(database);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = { tenant: last.tenant, id: last.id };
  }
}

async function insertLog(database: Kysely<AuditSchema>, last: bigint, chain: string): Promise<void> {
  await database
    .insertInto('producer_logs')
    .values({
      ...{ producer: PRODUCER, epoch: BigInt(EPOCH), last_sequence: last, stored: last, deleted: 0n },
      ...{ base_sequence: 0n, base_chain: '', announced_sequence: last, announced_chain: chain },
      ...{ announced_at_ms: 0n, is_final: 1n, dropped: 0n, is_rooted: 0n, signature: '' },
    })
    .execute();
}
