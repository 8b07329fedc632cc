// What was used, added up by the hour as records come, so that no question adds up the records themselves.

import { type PreparedRows, prepareRows } from '@ai-switch/db';
import { sql, type Transaction } from 'kysely';
import { type AccessRow, type AuditSchema, USAGE_COLUMNS, type UsageRow } from './schema.ts';
import type { AuditDatabase } from './store.ts';

export const HOUR_MS = 3_600_000n;
/** No request used more of a type of token: a provider that says so does not spoil the sums. */
const TOKENS_MAX = 10_000_000_000n;
const STATEMENT_ROWS_MAX = 200;

export type AddUsage = (trx: Transaction<AuditSchema>, records: readonly AccessRow[]) => Promise<void>;

export function usageAdder(database: AuditDatabase): AddUsage {
  const counts = [
    'requests',
    'input_tokens',
    'output_tokens',
    'cache_read_tokens',
    'cache_write_tokens',
  ] as const;
  const upsert: PreparedRows<keyof UsageRow, unknown> = prepareRows(database, USAGE_COLUMNS, (given) =>
    database
      .asSystem('upkeep')
      .insertInto('usage_hours')
      .columns(Object.keys(USAGE_COLUMNS) as (keyof UsageRow)[])
      // Without a condition SQLite takes what follows a query for one of its joins.
      .expression(sql<never>`select * from (${given}) as given where true`)
      .onConflict((conflict) =>
        conflict
          .columns(['tenant', 'hour', 'user_id', 'department_path', 'project_id', 'alias'])
          .doUpdateSet(
            Object.fromEntries(
              counts.map((column) => [
                column,
                sql<bigint>`${sql.ref(`usage_hours.${column}`)} + ${sql.ref(`excluded.${column}`)}`,
              ]),
            ),
          ),
      ),
  );
  return async (trx, records) => {
    const rows = sumsOf(records);
    for (let at = 0; at < rows.length; at += STATEMENT_ROWS_MAX) {
      await upsert.execute(trx, rows.slice(at, at + STATEMENT_ROWS_MAX));
    }
  };
}

/** In one order, so that two transactions never wait for each other crosswise. */
function sumsOf(records: readonly AccessRow[]): UsageRow[] {
  const sums = new Map<string, UsageRow>();
  for (const record of records) {
    const { tenant, user_id, department_path, project_id, alias } = record;
    const hour = record.started_at_ms / HOUR_MS;
    const key = JSON.stringify([tenant, String(hour), user_id, department_path, project_id, alias]);
    let sum = sums.get(key);
    if (sum === undefined) {
      sum = {
        ...{ tenant, hour, user_id, department_path, project_id, alias, requests: 0n },
        ...{ input_tokens: 0n, output_tokens: 0n, cache_read_tokens: 0n, cache_write_tokens: 0n },
      };
      sums.set(key, sum);
    }
    sum.requests += 1n;
    sum.input_tokens += bounded(record.input_tokens);
    sum.output_tokens += bounded(record.output_tokens);
    sum.cache_read_tokens += bounded(record.cache_read_tokens);
    sum.cache_write_tokens += bounded(record.cache_write_tokens);
  }
  return [...sums].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, sum]) => sum);
}

function bounded(tokens: bigint | null): bigint {
  if (tokens === null || tokens < 0n) return 0n;
  return tokens > TOKENS_MAX ? TOKENS_MAX : tokens;
}
