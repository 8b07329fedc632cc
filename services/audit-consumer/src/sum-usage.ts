// What was used, added up over a bounded span of the access log.

import { type SumUsageResponse, TokenCounts, UsageGroup } from '@ai-switch/contracts';
import type { RowScope } from '@ai-switch/db';
import { Fault } from '@ai-switch/kernel';
import { type RawBuilder, sql } from 'kysely';
import type { AuditDatabase } from './store.ts';

const DAY_MS = 86_400_000n;
const SPAN_DAYS_MAX = 400n;
/** Stands before the last key of a page, which may be empty: of requests that no project paid. */
const AFTER = '=';

/** Days are numbers, so that both databases order them alike; ids and paths are texts. */
const KEY_OF: Readonly<Partial<Record<UsageGroup, RawBuilder<string | bigint>>>> = {
  [UsageGroup.USER]: sql.ref('user_id'),
  [UsageGroup.DEPARTMENT]: sql.ref('department_path'),
  [UsageGroup.PROJECT]: sql.ref('project_id'),
  [UsageGroup.MODEL]: sql.ref('alias'),
  [UsageGroup.DAY]: sql`started_at_ms / ${sql.lit(Number(DAY_MS))}`,
};

/** @throws Fault `invalid` for an unknown group and for a span that is none or too long */
export async function sumUsage(
  database: AuditDatabase,
  wanted: {
    readonly scope: RowScope;
    readonly group: UsageGroup;
    readonly fromMs: bigint;
    readonly untilMs: bigint;
    /** From the page before; '' for the first. */
    readonly after: string;
    readonly limit: number;
  },
): Promise<SumUsageResponse> {
  const { scope, group, fromMs, untilMs, after, limit } = wanted;
  const key = KEY_OF[group];
  if (key === undefined)
    throw invalid('group', 'Usage is added up by user, department, project, model or day.');
  if (untilMs <= fromMs || untilMs - fromMs > SPAN_DAYS_MAX * DAY_MS) {
    throw invalid('untilMs', `A span is at most ${SPAN_DAYS_MAX} days, and ends after it begins.`);
  }
  const isDay = group === UsageGroup.DAY;
  const keyAfter = after.slice(AFTER.length);
  const rows = await database.within(scope, (within) =>
    within
      .selectFrom('access_records')
      .select(({ fn }) => [
        key.as('key'),
        fn.countAll<bigint>().as('requests'),
        fn.sum<bigint | null>('input_tokens').as('input'),
        fn.sum<bigint | null>('output_tokens').as('output'),
        fn.sum<bigint | null>('cache_read_tokens').as('cache_read'),
        fn.sum<bigint | null>('cache_write_tokens').as('cache_write'),
      ])
      .where('started_at_ms', '>=', fromMs)
      .where('started_at_ms', '<', untilMs)
      .$if(after !== '', (query) => query.where(key, '>', isDay ? dayNumber(keyAfter) : keyAfter))
      .groupBy(key)
      .orderBy(key)
      .limit(limit + 1)
      .execute(),
  );
  const sums = rows.slice(0, limit).map((row) => ({
    key: isDay ? dayText(BigInt(row.key)) : String(row.key),
    requests: row.requests,
    usage: TokenCounts.create({
      input: row.input ?? 0n,
      output: row.output ?? 0n,
      cacheRead: row.cache_read ?? 0n,
      cacheWrite: row.cache_write ?? 0n,
    }),
  }));
  return { sums, nextAfter: rows.length > limit ? AFTER + (sums.at(-1)?.key ?? '') : '' };
}

/** `2026-11-30` of UTC. */
function dayText(day: bigint): string {
  return new Date(Number(day * DAY_MS)).toISOString().slice(0, 10);
}

function dayNumber(day: string): bigint {
  const atMs = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(atMs)) throw invalid('page.after', 'It is no day.');
  return BigInt(atMs) / DAY_MS;
}

function invalid(field: string, message: string): Fault {
  return new Fault('invalid', message, { details: { field } });
}
