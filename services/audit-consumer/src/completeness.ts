// What is known of each producer's log: how far it goes, what is stored of it, and what has been missing for too long.

import { type GetCompletenessResponse, ProducerLog } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { type Kysely, sql } from 'kysely';
import { statementOf as headStatementOf, selectHead } from './head.ts';
import { statementOf } from './ingest/log-state.ts';
import type { AuditSchema, LogRow } from './schema.ts';
import { sealIn } from './seals.ts';
import { TRAIL_TABLES } from './store.ts';

/** What has not come by then is missing: Kafka, the inbox and the spool of a producer had time enough. */
const MISSING_AFTER_MS = 60_000n;
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
    .$if(from !== undefined, (query) => query.where(isAfter(from ?? NOWHERE)))
    .orderBy('producer')
    .orderBy('epoch')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const logs: ProducerLog[] = [];
  let before = from ?? NOWHERE;
  for (const row of page) {
    logs.push(...(await straysBetween(kysely, before, row)), await logOf(kysely, row, nowMs));
    before = row;
  }
  const isLast = rows.length <= limit;
  if (isLast) logs.push(...(await straysBetween(kysely, before, undefined)));
  const head = await selectHead(kysely).executeTakeFirst();
  const seal = sealIn(head?.signature ?? '');
  return {
    logs,
    nextAfter: isLast ? '' : `${before.epoch}@${before.producer}`,
    unread: await countUnread(kysely),
    statement: head === undefined ? '' : headStatementOf(head)(seal.keyId),
    signature: seal.signature,
  };
}

type Place = Pick<LogRow, 'producer' | 'epoch'>;
const NOWHERE: Place = { producer: '', epoch: 0n };

/** Records of a log that is not known: nobody who writes here makes such. One of them is told, without a statement. */
async function straysBetween(
  kysely: Kysely<AuditSchema>,
  after: Place,
  before: Place | undefined,
): Promise<readonly ProducerLog[]> {
  for (const table of TRAIL_TABLES) {
    let stray = await placeBetween(kysely, table, after, before);
    // One that has begun meanwhile is known by now.
    while (stray !== undefined && (await isKnown(kysely, stray)))
      stray = await placeBetween(kysely, table, stray, before);
    if (stray !== undefined) return [ProducerLog.create(stray)];
  }
  return [];
}

function placeBetween(
  kysely: Kysely<AuditSchema>,
  table: (typeof TRAIL_TABLES)[number],
  after: Place,
  before: Place | undefined,
): Promise<Place | undefined> {
  return kysely
    .selectFrom(table)
    .select(['producer', 'epoch'])
    .where(after === NOWHERE ? sql<boolean>`true` : isAfter(after))
    .$if(before !== undefined, (query) =>
      query.where(sql<boolean>`(producer, epoch) < (${before?.producer}, ${before?.epoch})`),
    )
    .orderBy('producer')
    .orderBy('epoch')
    .limit(1)
    .executeTakeFirst();
}

async function isKnown(kysely: Kysely<AuditSchema>, { producer, epoch }: Place): Promise<boolean> {
  const log = await kysely
    .selectFrom('producer_logs')
    .select('producer')
    .where('producer', '=', producer)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  return log !== undefined;
}

function isAfter({ producer, epoch }: Place) {
  return sql<boolean>`(producer, epoch) > (${producer}, ${epoch})`;
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
  const [, epoch, producer] = /^(-?\d{1,18})@(.*)$/s.exec(after) ?? [];
  if (epoch === undefined || producer === undefined) {
    throw new Fault('invalid', 'It is no place of this list.', { details: { field: 'page.after' } });
  }
  return { producer, epoch: BigInt(epoch) };
}
