// What could not be read goes to Kafka's dead-letter topic with its bytes, once it is kept in the database. The topic may have it
// twice, when the process ends in between; its headers say which record it is.

import type { AuditDatabase } from '../store.ts';

const AT_ONCE_MAX = 100;

/** @param publish resolves once the topic has it */
export async function publishLetters(
  database: AuditDatabase,
  publish: (value: Buffer, headers: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  const kysely = database.asSystem('upkeep');
  const letters = await kysely
    .selectFrom('dead_letters')
    .select(['source', 'bytes', 'reason'])
    .where('is_published', '=', 0n)
    .limit(AT_ONCE_MAX)
    .execute();
  for (const { source, bytes, reason } of letters) {
    await publish(Buffer.from(bytes, 'base64'), { source, reason });
    await kysely.updateTable('dead_letters').set({ is_published: 1n }).where('source', '=', source).execute();
  }
  const records = await kysely
    .selectFrom('unread_records')
    .selectAll()
    .where('is_published', '=', 0n)
    .limit(AT_ONCE_MAX)
    .execute();
  for (const { producer, epoch, sequence, type, bytes, reason } of records) {
    const headers = { producer, epoch: String(epoch), sequence: String(sequence), type, reason };
    await publish(Buffer.from(bytes, 'base64'), headers);
    await kysely
      .updateTable('unread_records')
      .set({ is_published: 1n })
      .where('producer', '=', producer)
      .where('epoch', '=', epoch)
      .where('sequence', '=', sequence)
      .execute();
  }
}
