// Stores what producers' logs hold. A record is known by producer, epoch and sequence, and stored once, however often and by
// whatever way it comes; its row, the sums it counts in and the note of how far its log has come are one transaction.
//
// When the database is down, nothing of a batch is stored: whoever sent it keeps it and sends it again.

import type { LogRecord } from '@ai-switch/contracts';
import type { Signer } from '@ai-switch/event-log';
import { Fault } from '@ai-switch/kernel';
import { sql, type Transaction } from 'kysely';
import type { AuditSchema } from '../schema.ts';
import type { AuditStore } from '../store.ts';
import { lockLog, storeLog } from './log-state.ts';
import { type Identity, readRecord } from './read-record.ts';
import { arrive, type Gap } from './spans.ts';

export interface IngestParts {
  readonly store: AuditStore;
  readonly signer: Signer | undefined;
  readonly nowMs: () => bigint;
}

/**
 * @param records by ascending sequence, each once
 * @returns those whose sequence is there with another hash; they are not stored
 */
export async function ingestRecords(
  trx: Transaction<AuditSchema>,
  { store, signer, nowMs }: IngestParts,
  identity: Identity,
  records: readonly LogRecord[],
): Promise<readonly LogRecord[]> {
  const [first] = records;
  if (first === undefined) return [];
  const log = await lockLog(trx, identity, signer);
  const now = nowMs();
  const sequences = records.map(({ sequence }) => sequence);
  const gaps = first.sequence > log.last_sequence ? [] : await gapsOver(trx, identity, sequences);
  const arrival = arrive(sequences, gaps, log.last_sequence, now);
  const fresh = records.filter(({ sequence }) => arrival.fresh.has(sequence));
  const known = records.filter(
    ({ sequence }) => !arrival.fresh.has(sequence) && sequence > log.base_sequence,
  );
  const conflicts = await store.withOtherChains(trx, identity, known);
  if (fresh.length === 0) return conflicts;
  await store.insert(
    trx,
    fresh.map((record) => readRecord(identity, record, now)),
  );
  await storeGaps(trx, identity, arrival.closed, arrival.opened);
  const { lastSequence: last_sequence } = arrival;
  await storeLog(trx, log, { last_sequence, stored: log.stored + BigInt(fresh.length) }, signer);
  return conflicts;
}

export interface Announcement {
  readonly lastSequence: bigint;
  /** In hex; empty when the log has no record. */
  readonly chain: string;
  readonly atMs: bigint;
  readonly isFinal: boolean;
  readonly dropped: bigint;
}

/** @throws Fault `conflict` when the record that it names is there with another hash */
export async function ingestAnnouncement(
  trx: Transaction<AuditSchema>,
  { store, signer, nowMs }: IngestParts,
  identity: Identity,
  { lastSequence, chain, atMs, isFinal, dropped }: Announcement,
): Promise<void> {
  const log = await lockLog(trx, identity, signer);
  const stored = await store.chainAt(trx, identity, lastSequence);
  if (stored !== undefined && stored !== chain) throw conflict(identity, lastSequence);
  const isOlder = lastSequence < log.announced_sequence || atMs < log.announced_at_ms;
  const isLast = isFinal || log.is_final === 1n;
  if (isOlder && isLast === (log.is_final === 1n)) return;
  if (lastSequence > log.last_sequence) {
    const opened = [{ first: log.last_sequence + 1n, last: lastSequence, sinceMs: nowMs() }];
    await storeGaps(trx, identity, [], opened);
  }
  const announced = {
    announced_sequence: lastSequence,
    announced_chain: chain,
    announced_at_ms: atMs,
    dropped: dropped > log.dropped ? dropped : log.dropped,
  };
  const last_sequence = lastSequence > log.last_sequence ? lastSequence : log.last_sequence;
  const is_final = isLast ? 1n : 0n;
  await storeLog(trx, log, { ...(isOlder ? {} : announced), last_sequence, is_final }, signer);
}

export function conflict({ producer, epoch }: Identity, sequence: bigint): Fault {
  return new Fault('conflict', 'The log has another record of this sequence: begin a new epoch.', {
    details: { producer, epoch: String(epoch), sequence: String(sequence) },
  });
}

async function gapsOver(
  trx: Transaction<AuditSchema>,
  { producer, epoch }: Identity,
  sequences: readonly bigint[],
): Promise<Gap[]> {
  const rows = await trx
    .selectFrom('trail_gaps')
    .selectAll()
    .where('producer', '=', producer)
    .where('epoch', '=', epoch)
    // Gaps stand in order and never overlap: the one at the first sequence, if any, is the last that begins before it.
    .where(
      'first_sequence',
      '>=',
      sql<bigint>`coalesce((
        select max(first_sequence) from trail_gaps
        where producer = ${producer} and epoch = ${epoch} and first_sequence <= ${sequences[0] ?? 0n}
      ), 0)`,
    )
    .where('first_sequence', '<=', sequences.at(-1) ?? 0n)
    .orderBy('first_sequence')
    .execute();
  return rows.map((row) => ({ first: row.first_sequence, last: row.last_sequence, sinceMs: row.since_ms }));
}

async function storeGaps(
  trx: Transaction<AuditSchema>,
  identity: Identity,
  closed: readonly bigint[],
  opened: readonly Gap[],
): Promise<void> {
  if (closed.length > 0) {
    await trx
      .deleteFrom('trail_gaps')
      .where('producer', '=', identity.producer)
      .where('epoch', '=', identity.epoch)
      .where('first_sequence', 'in', closed)
      .execute();
  }
  if (opened.length > 0) {
    const rows = opened.map(({ first, last, sinceMs }) => ({
      producer: identity.producer,
      epoch: identity.epoch,
      first_sequence: first,
      last_sequence: last,
      since_ms: sinceMs,
    }));
    await trx.insertInto('trail_gaps').values(rows).execute();
  }
}
