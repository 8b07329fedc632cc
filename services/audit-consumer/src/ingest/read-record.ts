// A record of a log as the row that it becomes. What cannot be read becomes a row as well, with its bytes: it has its place in
// the trail, and what follows it is proven through it. Pure.

import type { LogRecord } from '@ai-switch/contracts';
import { dataOf, type Entry, entryOf, isRecordType } from '@ai-switch/event-log';
import { Fault } from '@ai-switch/kernel';
import { accessRowOf, eventOf, eventRowOf, recordOf, whyUnread } from '../record-rules.ts';
import type { AccessRow, EventRow, TrailPlace, UnreadRow } from '../schema.ts';

export interface Identity {
  readonly producer: string;
  readonly epoch: bigint;
}

/** The records of one log in one call. */
export const RECORDS_MAX = 1_000;
const PRODUCER = /^[!-~]{1,128}$/;
const TYPE = /^[!-~]{1,128}$/;
const CHAIN_BYTES = 32;
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

export type ReadRecord =
  | { readonly table: 'access_records'; readonly row: AccessRow }
  | { readonly table: 'audit_events'; readonly row: EventRow }
  | { readonly table: 'unread_records'; readonly row: UnreadRow };

/** @throws Fault `invalid` for what no producer writes */
export function checkIdentity({ producer, epoch }: Identity): void {
  if (!PRODUCER.test(producer)) throw invalid('producer', 'A producer has 1 to 128 printable characters.');
  if (epoch < 1n || epoch > SAFE_MAX) throw invalid('epoch', 'Epochs are counted from 1.');
}

/** @throws Fault `invalid` for what no producer writes */
export function checkRecord({ sequence, type, chain }: LogRecord): void {
  if (sequence < 1n || sequence > SAFE_MAX) throw invalid('sequence', 'Sequences are counted from 1.');
  if (!TYPE.test(type)) throw invalid('type', 'A type has 1 to 128 printable characters.');
  if (chain.length !== CHAIN_BYTES) throw invalid('chain', `A hash has ${CHAIN_BYTES} bytes.`);
}

/** @param nowMs the time of a record that tells none */
export function readRecord(identity: Identity, record: LogRecord, nowMs: bigint): ReadRecord {
  const place = { ...identity, sequence: record.sequence, chain: hexOf(record.chain) };
  try {
    if (!isRecordType(record.type)) throw new Error(`its type ${record.type} is not known here`);
    return rowFrom(place, entryOf(record.type, record.data), record.data);
  } catch (error) {
    return {
      table: 'unread_records',
      row: {
        ...place,
        type: record.type,
        bytes: Buffer.from(record.data).toString('base64'),
        reason: error instanceof Error ? error.message.slice(0, REASON_CHARACTERS_MAX) : 'it cannot be read',
        at_ms: nowMs,
        is_published: 0n,
      },
    };
  }
}

const REASON_CHARACTERS_MAX = 256;

function rowFrom(place: TrailPlace, entry: Entry, data: string): ReadRecord {
  if (entry.type === 'aiswitch.access.v1') {
    refuse(whyUnread(entry.record.requestId, entry.record.tenant));
    const columns = accessRowOf(entry.record);
    const rebuilt = dataOf({ type: entry.type, record: recordOf(columns) });
    return {
      table: 'access_records',
      row: { ...place, original: rebuilt === data ? null : data, ...columns },
    };
  }
  refuse(whyUnread(entry.record.eventId, entry.record.tenant));
  const columns = eventRowOf(entry.record);
  const rebuilt = dataOf({ type: entry.type, record: eventOf(columns) });
  return { table: 'audit_events', row: { ...place, original: rebuilt === data ? null : data, ...columns } };
}

function refuse(reason: string | undefined): void {
  if (reason !== undefined) throw new Error(reason);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function invalid(field: string, message: string): Fault {
  return new Fault('invalid', message, { details: { field } });
}
