// What is too old goes. Of a log its oldest records go, up to the first that is not too old, and the hash of the last one that
// went stays: the chain of those that are left begins there.

import type { Signer } from '@ai-switch/event-log';
import type { Kysely, Transaction } from 'kysely';
import { lockLog, storeLog } from './ingest/log-state.ts';
import { hexOf, type Identity } from './ingest/read-record.ts';
import type { AuditDatabase } from './lists.ts';
import type { AuditSchema } from './schema.ts';
import { TRAIL_TABLES } from './store.ts';
import { readTrail } from './trail.ts';
import { HOUR_MS } from './usage-hours.ts';

/** Deletes the oldest records of one log that has some; 0 once none has. */
export async function deleteOldRecords(
  database: AuditDatabase,
  signer: Signer | undefined,
  beforeMs: bigint,
  rowsMax: number,
): Promise<number> {
  const kysely = database.asSystem('upkeep');
  let after: Identity = { producer: '', epoch: 0n };
  for (;;) {
    const [log] = await kysely
      .selectFrom('producer_logs')
      .select(['producer', 'epoch'])
      .whereRef('stored', '>', 'deleted')
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple('producer', 'epoch'), '>', tuple(after.producer, after.epoch)),
      )
      .orderBy('producer')
      .orderBy('epoch')
      .limit(1)
      .execute();
    if (log === undefined) return deleteLetters(kysely, beforeMs);
    const deleted = await database.transactionAsSystem('upkeep', (trx) =>
      deleteFromLog(trx, signer, log, beforeMs, rowsMax),
    );
    if (deleted > 0) return deleted;
    after = log;
  }
}

async function deleteFromLog(
  trx: Transaction<AuditSchema>,
  signer: Signer | undefined,
  identity: Identity,
  beforeMs: bigint,
  rowsMax: number,
): Promise<number> {
  const log = await lockLog(trx, identity, signer);
  const oldest = await readTrail(trx, identity, log.base_sequence, rowsMax);
  const kept = oldest.findIndex(({ atMs }) => atMs >= beforeMs);
  const old = kept === -1 ? oldest : oldest.slice(0, kept);
  const base = old.at(-1);
  if (base === undefined) return 0;
  for (const table of TRAIL_TABLES) {
    await trx
      .deleteFrom(table)
      .where('producer', '=', identity.producer)
      .where('epoch', '=', identity.epoch)
      .where('sequence', '<=', base.sequence)
      .execute();
  }
  await trx
    .deleteFrom('trail_gaps')
    .where('producer', '=', identity.producer)
    .where('epoch', '=', identity.epoch)
    .where('last_sequence', '<=', base.sequence)
    .execute();
  const changes = {
    deleted: log.deleted + BigInt(old.length),
    base_sequence: base.sequence,
    base_chain: hexOf(base.chain),
  };
  await storeLog(trx, log, changes, signer);
  return old.length;
}

/** What came by Kafka and has no place in a trail. */
async function deleteLetters(kysely: Kysely<AuditSchema>, beforeMs: bigint): Promise<number> {
  const { numDeletedRows } = await kysely
    .deleteFrom('dead_letters')
    .where('at_ms', '<', beforeMs)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

export async function deleteOldUsage(
  kysely: Kysely<AuditSchema>,
  beforeMs: bigint,
  rowsMax: number,
): Promise<number> {
  const { numDeletedRows } = await kysely
    .deleteFrom('usage_hours')
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('tenant', 'hour'),
        'in',
        selectFrom('usage_hours')
          .select(['tenant', 'hour'])
          .distinct()
          .where('hour', '<', beforeMs / HOUR_MS)
          .limit(rowsMax)
          .$asTuple('tenant', 'hour'),
      ),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
