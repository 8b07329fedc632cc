// A batch of Kafka's, stored with the offset behind it in one transaction: a reader that is killed at any moment reads on where
// its rows end. What comes again is known by its place and stored no second time.
//
// When the database is down, the batch is not stored, and comes again.

import type { KafkaBatch } from '@ai-switch/event-log';
import { Fault } from '@ai-switch/kernel';
import type { Transaction } from 'kysely';
import { type IngestParts, ingestAnnouncement, ingestRecords } from '../ingest/ingest.ts';
import { RECORDS_MAX } from '../ingest/read-record.ts';
import type { AuditSchema } from '../schema.ts';
import type { AuditDatabase } from '../store.ts';
import { type Letter, type LogPart, OTHER_RECORD, readBatch } from './read-batch.ts';

/** @returns how many of its messages have no place in a log; they are kept apart */
export async function storeBatch(
  database: AuditDatabase,
  parts: IngestParts,
  batch: KafkaBatch,
): Promise<number> {
  const read = readBatch(batch.messages);
  const letters = await database.transactionAsSystem('upkeep', async (trx) => {
    const refused: Letter[] = [];
    for (const part of read.parts) refused.push(...(await ingestPart(trx, parts, part)));
    await storeLetters(trx, batch, [...read.letters, ...refused], parts.nowMs());
    await storeOffset(trx, batch);
    return read.letters.length + refused.length;
  });
  await database.flush();
  return letters;
}

async function ingestPart(
  trx: Transaction<AuditSchema>,
  parts: IngestParts,
  { identity, records, messages, announcements }: LogPart,
): Promise<readonly Letter[]> {
  const letters: Letter[] = [];
  for (let at = 0; at < records.length; at += RECORDS_MAX) {
    const others = await ingestRecords(trx, parts, identity, records.slice(at, at + RECORDS_MAX));
    for (const { sequence } of others) {
      const message = messages.get(sequence);
      if (message !== undefined) letters.push({ message, reason: OTHER_RECORD });
    }
  }
  for (const { announcement, message } of announcements) {
    try {
      await ingestAnnouncement(trx, parts, identity, announcement);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'conflict') throw error;
      letters.push({ message, reason: OTHER_RECORD });
    }
  }
  return letters;
}

async function storeLetters(
  trx: Transaction<AuditSchema>,
  { topic, partition }: KafkaBatch,
  letters: readonly Letter[],
  nowMs: bigint,
): Promise<void> {
  for (const { message, reason } of letters) {
    const bytes = message.value.toString('base64');
    await trx
      .insertInto('dead_letters')
      .values({
        ...{
          source: `${topic}/${partition}/${message.offset}`,
          bytes,
          reason,
          at_ms: nowMs,
          is_published: 0n,
        },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function storeOffset(
  trx: Transaction<AuditSchema>,
  { topic, partition, nextOffset }: KafkaBatch,
): Promise<void> {
  await trx
    .insertInto('kafka_offsets')
    .values({ topic, partition: BigInt(partition), next_offset: nextOffset })
    .onConflict((conflict) =>
      conflict.columns(['topic', 'partition']).doUpdateSet({ next_offset: nextOffset }),
    )
    .execute();
}

/** Undefined for a partition that was never read. */
export async function storedOffset(
  database: AuditDatabase,
  topic: string,
  partition: number,
): Promise<bigint | undefined> {
  const row = await database
    .asSystem('upkeep')
    .selectFrom('kafka_offsets')
    .select('next_offset')
    .where('topic', '=', topic)
    .where('partition', '=', BigInt(partition))
    .executeTakeFirst();
  return row?.next_offset;
}
