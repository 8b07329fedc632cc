// What was used, added up over a bounded span from the sums by hour.

import { type SumUsageResponse, TokenCounts, UsageGroup } from '@ai-switch/contracts';
import type { RowScope } from '@ai-switch/db';
import { Fault } from '@ai-switch/kernel';
import { type RawBuilder, sql } from 'kysely';
import type { AuditDatabase } from './lists.ts';
import { HOUR_MS } from './usage-hours.ts';

const DAY_MS = 86_400_000n;
const DAY_HOURS = 24n;
const SPAN_DAYS_MAX = 400n;
/** Stands before the last key of a page, which may be empty: of requests that no project paid. */
const AFTER = '=';

/** Days and hours are numbers, so that both databases order them alike; ids and paths are texts. */
const KEY_OF: Readonly<Partial<Record<UsageGroup, RawBuilder<string | bigint>>>> = {
  [UsageGroup.USER]: sql.ref('user_id'),
  [UsageGroup.DEPARTMENT]: sql.ref('department_path'),
  [UsageGroup.PROJECT]: sql.ref('project_id'),
  [UsageGroup.MODEL]: sql.ref('alias'),
  [UsageGroup.DAY]: sql`hour / ${sql.lit(Number(DAY_HOURS))}`,
  [UsageGroup.HOUR]: sql.ref('hour'),
};

/**
 * The span is widened to whole hours.
 *
 * @throws Fault `invalid` for an unknown group and for a span that is none or too long
 */
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
    throw invalid('group', 'Usage is added up by user, department, project, model, day or hour.');
  if (untilMs <= fromMs || untilMs - fromMs > SPAN_DAYS_MAX * DAY_MS) {
    throw invalid('untilMs', `A span is at most ${SPAN_DAYS_MAX} days, and ends after it begins.`);
  }
  const moments = MOMENTS[group];
  const keyAfter = after.slice(AFTER.length);
  const rows = await database.within(scope, (within) =>
    within
      .selectFrom('usage_hours')
      .select(({ fn }) => [
        key.as('key'),
        fn.sum<bigint>('requests').as('requests'),
        fn.sum<bigint>('input_tokens').as('input'),
        fn.sum<bigint>('output_tokens').as('output'),
        fn.sum<bigint>('cache_read_tokens').as('cache_read'),
        fn.sum<bigint>('cache_write_tokens').as('cache_write'),
      ])
      .where('hour', '>=', fromMs / HOUR_MS)
      .where('hour', '<', (untilMs + HOUR_MS - 1n) / HOUR_MS)
      .$if(after !== '', (query) => query.where(key, '>', moments?.numberOf(keyAfter) ?? keyAfter))
      .groupBy(key)
      .orderBy(key)
      .limit(limit + 1)
      .execute(),
  );
  const sums = rows.slice(0, limit).map((row) => ({
    key: moments?.textOf(BigInt(row.key)) ?? String(row.key),
    requests: BigInt(row.requests),
    usage: TokenCounts.create({
      input: BigInt(row.input),
      output: BigInt(row.output),
      cacheRead: BigInt(row.cache_read),
      cacheWrite: BigInt(row.cache_write),
    }),
  }));
  return { sums, nextAfter: rows.length > limit ? AFTER + (sums.at(-1)?.key ?? '') : '' };
}

/** How the number of a day or an hour is written. */
interface Moments {
  textOf(number: bigint): string;
  /** @throws Fault `invalid` */
  numberOf(text: string): bigint;
}

/** `2026-11-30` and `2026-11-30T14` of UTC. */
const MOMENTS: Readonly<Partial<Record<UsageGroup, Moments>>> = {
  [UsageGroup.DAY]: momentsOf(DAY_MS, 'yyyy-mm-dd'.length, 'T00:00Z'),
  [UsageGroup.HOUR]: momentsOf(HOUR_MS, 'yyyy-mm-ddThh'.length, ':00Z'),
};

function momentsOf(lengthMs: bigint, characters: number, rest: string): Moments {
  return {
    textOf: (number) => new Date(Number(number * lengthMs)).toISOString().slice(0, characters),
    numberOf: (text) => {
      const atMs = Date.parse(`${text}${rest}`);
      if (Number.isNaN(atMs)) throw invalid('page.after', 'It is no moment of the sums.');
      return BigInt(atMs) / lengthMs;
    },
  };
}

function invalid(field: string, message: string): Fault {
  return new Fault('invalid', message, { details: { field } });
}
