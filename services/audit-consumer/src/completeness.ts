// What is known of each producer's log: how far it goes, what is stored of it, and what has been missing for too long.

import type { GetCompletenessResponse, ProducerLog } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Kysely } from 'kysely';
import { statementOf as headStatementOf, selectHead } from './head.ts';
import { statementOf } from './ingest/log-state.ts';
import type { AuditSchema, LogRow } from './schema.ts';
import { sealIn } from './seals.ts';

/** What has not come by then is missing: Kafka, the inbox and the spool of a producer had time enough. */
export const MISSING_AFTER_MS = 60_000n;
const SPANS_MAX = 100;

/** @throws Fault `invalid` for an `after` that no page gave */
export async function readCompleteness(
  kysely: Kysely<AuditSchema>,
  { after, limit, nowMs }: { readonly after: string; readonly limit: number; readonly nowMs: bigint },
): Promise<GetCompletenessResponse> {
  const from = after === '' ? undefined : placeIn(after);
  const rows = await kysely
    .selectFrom('producer_logs')
    .selectAll()
    .$if(from !== undefined, (query) =>
      query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('producer', 'epoch'), '>', tuple(from?.producer ?? '', from?.epoch ?? 0n)),
      ),
    )
    .orderBy('producer')
    .orderBy('epoch')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const logs: ProducerLog[] = [];
  for (const row of page) logs.push(await logOf(kysely, row, nowMs));
  const last = page.at(-1);
  const head = await selectHead(kysely).executeTakeFirstOrThrow();
  const seal = sealIn(head.signature);
  return {
    logs,
    nextAfter: rows.length > limit && last !== undefined ? `${last.epoch}@${last.producer}` : '',
    unread: await countUnread(kysely),
    statement: headStatementOf(head)(seal.keyId),
    signature: seal.signature,
  };
}

/** Over all logs. */
export async function countMissing(kysely: Kysely<AuditSchema>, nowMs: bigint): Promise<bigint> {
  const { missing } = await kysely
    .selectFrom('trail_gaps')
    .where('since_ms', '<=', nowMs - MISSING_AFTER_MS)
    .select(({ fn, eb }) =>
      fn.sum<bigint | null>(eb(eb('last_sequence', '-', eb.ref('first_sequence')), '+', 1n)).as('missing'),
    )
    .executeTakeFirstOrThrow();
  return BigInt(missing ?? 0n);
}

async function logOf(kysely: Kysely<AuditSchema>, row: LogRow, nowMs: bigint): Promise<ProducerLog> {
  const missing = () =>
    kysely
      .selectFrom('trail_gaps')
      .where('producer', '=', row.producer)
      .where('epoch', '=', row.epoch)
      .where('since_ms', '<=', nowMs - MISSING_AFTER_MS);
  const hasGaps = row.stored < row.last_sequence;
  const spans = hasGaps
    ? await missing()
        .select(['first_sequence as first', 'last_sequence as last'])
        .orderBy('first_sequence')
        .limit(SPANS_MAX)
        .execute()
    : [];
  const count = hasGaps
    ? await missing()
        .select(({ fn, eb }) =>
          fn.sum<bigint | null>(eb(eb('last_sequence', '-', eb.ref('first_sequence')), '+', 1n)).as('count'),
        )
        .executeTakeFirstOrThrow()
    : { count: 0n };
  const seal = sealIn(row.signature);
  return {
    producer: row.producer,
    epoch: row.epoch,
    lastSequence: row.last_sequence,
    stored: row.stored,
    deletedSequence: row.base_sequence,
    missing: spans,
    missingCount: BigInt(count.count ?? 0n),
    announcedAtMs: row.announced_at_ms,
    isFinal: row.is_final === 1n,
    dropped: row.dropped,
    statement: statementOf(row)(seal.keyId),
    signature: seal.signature,
  };
}

async function countUnread(kysely: Kysely<AuditSchema>): Promise<bigint> {
  const { inTrail } = await kysely
    .selectFrom('unread_records')
    .select(({ fn }) => fn.countAll<bigint>().as('inTrail'))
    .executeTakeFirstOrThrow();
  const { besides } = await kysely
    .selectFrom('dead_letters')
    .select(({ fn }) => fn.countAll<bigint>().as('besides'))
    .executeTakeFirstOrThrow();
  return BigInt(inTrail) + BigInt(besides);
}

function placeIn(after: string): { readonly producer: string; readonly epoch: bigint } {
  const [, epoch, producer] = /^(\d{1,18})@(.+)$/.exec(after) ?? [];
  if (epoch === undefined || producer === undefined) {
    throw new Fault('invalid', 'It is no place of this list.', { details: { field: 'page.after' } });
  }
  return { producer, epoch: BigInt(epoch) };
}
