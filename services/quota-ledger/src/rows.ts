// Stored rows and what the rules know them as. Spelled out, column by column: this runs for every operation.

import type { RowColumns } from '@ai-switch/db';
import type { PostedEntry } from './keys.ts';
import type { Balance, Bucket, ExpiryCharge, Limits, PeriodKind, Policy } from './model.ts';
import type { BalanceRow, BucketRow, EntryRow, PolicyRow } from './schema.ts';

const LIMIT_COLUMNS = {
  limit_input: 'bigint',
  limit_output: 'bigint',
  limit_cache_read: 'bigint',
  limit_cache_write: 'bigint',
  limit_cost: 'bigint',
} as const;

/** What a balance holds and an entry adds to it. */
export const COUNT_COLUMNS = {
  used_input: 'bigint',
  used_output: 'bigint',
  used_cache_read: 'bigint',
  used_cache_write: 'bigint',
  used_cost: 'bigint',
  held_input: 'bigint',
  held_output: 'bigint',
  held_cache_read: 'bigint',
  held_cache_write: 'bigint',
  held_cost: 'bigint',
  overrun_input: 'bigint',
  overrun_output: 'bigint',
  overrun_cache_read: 'bigint',
  overrun_cache_write: 'bigint',
  overrun_cost: 'bigint',
} as const;

export const BALANCE_COLUMNS: RowColumns<keyof BalanceRow> = {
  tenant: 'text',
  bucket: 'text',
  period: 'text',
  open_from_ms: 'bigint',
  open_until_ms: 'bigint',
  ...LIMIT_COLUMNS,
  ...COUNT_COLUMNS,
};

export const BUCKET_COLUMNS: RowColumns<keyof BucketRow> = {
  tenant: 'text',
  bucket: 'text',
  tier: 'text',
  scope: 'text',
  period_kind: 'text',
  valid_from_ms: 'bigint',
  valid_until_ms: 'bigint',
  closed_at_ms: 'bigint',
  note: 'text',
  created_at_ms: 'bigint',
  updated_at_ms: 'bigint',
  ...LIMIT_COLUMNS,
};

export const ENTRY_COLUMNS: RowColumns<keyof EntryRow> = {
  tenant: 'text',
  reservation_id: 'text',
  operation: 'text',
  op_seq: 'bigint',
  bucket: 'text',
  period: 'text',
  at_ms: 'bigint',
  ...COUNT_COLUMNS,
};

const NO_COUNTS = {
  used_input: 0n,
  used_output: 0n,
  used_cache_read: 0n,
  used_cache_write: 0n,
  used_cost: 0n,
  held_input: 0n,
  held_output: 0n,
  held_cache_read: 0n,
  held_cache_write: 0n,
  held_cost: 0n,
  overrun_input: 0n,
  overrun_output: 0n,
  overrun_cache_read: 0n,
  overrun_cache_write: 0n,
  overrun_cost: 0n,
} as const;

export function balanceOf(row: BalanceRow): Balance {
  return {
    tenant: row.tenant,
    bucket: row.bucket,
    period: row.period,
    limits: limitsOf(row),
    openFromMs: row.open_from_ms,
    openUntilMs: row.open_until_ms,
    ...countsOf(row),
  };
}

export function balanceRow(balance: Balance): BalanceRow {
  return {
    tenant: balance.tenant,
    bucket: balance.bucket,
    period: balance.period,
    open_from_ms: balance.openFromMs,
    open_until_ms: balance.openUntilMs,
    ...limitColumns(balance.limits),
    ...countColumns(balance),
  };
}

/** The balance of a bucket that nobody touched in this period yet. */
export function untouchedBalance(bucket: Bucket, period: string): Balance {
  const row = { ...NO_COUNTS, ...limitColumns(bucket.limits), ...openingColumns(bucket) };
  return balanceOf({ tenant: bucket.tenant, bucket: bucket.bucket, period, ...row });
}

/** From when and until when a bucket admits: closing it ends what its validity allowed. */
export function openingColumns({
  validFromMs,
  validUntilMs,
  closedAtMs,
}: Bucket): Pick<BalanceRow, 'open_from_ms' | 'open_until_ms'> {
  const isClosedFirst = closedAtMs !== null && (validUntilMs === null || closedAtMs < validUntilMs);
  return { open_from_ms: validFromMs, open_until_ms: isClosedFirst ? closedAtMs : validUntilMs };
}

export function entryRow({ tenant, reservationId, posting, atMs }: PostedEntry): EntryRow {
  return {
    tenant,
    reservation_id: reservationId,
    operation: posting.operation,
    op_seq: BigInt(posting.opSeq),
    bucket: posting.bucket,
    period: posting.period,
    at_ms: atMs,
    ...countColumns(posting),
  };
}

type CountRow = Pick<BalanceRow, keyof typeof COUNT_COLUMNS>;

export function countsOf(row: CountRow): Pick<Balance, 'used' | 'held' | 'overrun'> {
  return {
    used: {
      input: row.used_input,
      output: row.used_output,
      cacheRead: row.used_cache_read,
      cacheWrite: row.used_cache_write,
      cost: row.used_cost,
    },
    held: {
      input: row.held_input,
      output: row.held_output,
      cacheRead: row.held_cache_read,
      cacheWrite: row.held_cache_write,
      cost: row.held_cost,
    },
    overrun: {
      input: row.overrun_input,
      output: row.overrun_output,
      cacheRead: row.overrun_cache_read,
      cacheWrite: row.overrun_cache_write,
      cost: row.overrun_cost,
    },
  };
}

function countColumns({ used, held, overrun }: Pick<Balance, 'used' | 'held' | 'overrun'>): CountRow {
  return {
    used_input: used.input,
    used_output: used.output,
    used_cache_read: used.cacheRead,
    used_cache_write: used.cacheWrite,
    used_cost: used.cost,
    held_input: held.input,
    held_output: held.output,
    held_cache_read: held.cacheRead,
    held_cache_write: held.cacheWrite,
    held_cost: held.cost,
    overrun_input: overrun.input,
    overrun_output: overrun.output,
    overrun_cache_read: overrun.cacheRead,
    overrun_cache_write: overrun.cacheWrite,
    overrun_cost: overrun.cost,
  };
}

type LimitRow = Pick<BucketRow, keyof typeof LIMIT_COLUMNS>;

function limitsOf(row: LimitRow): Limits {
  return {
    input: row.limit_input,
    output: row.limit_output,
    cacheRead: row.limit_cache_read,
    cacheWrite: row.limit_cache_write,
    cost: row.limit_cost,
  };
}

export function limitColumns(limits: Limits): LimitRow {
  return {
    limit_input: limits.input,
    limit_output: limits.output,
    limit_cache_read: limits.cacheRead,
    limit_cache_write: limits.cacheWrite,
    limit_cost: limits.cost,
  };
}

export function bucketOf(row: BucketRow): Bucket {
  return {
    tenant: row.tenant,
    bucket: row.bucket,
    tier: row.tier,
    scope: row.scope,
    limits: limitsOf(row),
    periodKind: row.period_kind as PeriodKind,
    validFromMs: row.valid_from_ms,
    validUntilMs: row.valid_until_ms,
    closedAtMs: row.closed_at_ms,
    note: row.note,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

export function bucketRow(bucket: Bucket): BucketRow {
  return {
    tenant: bucket.tenant,
    bucket: bucket.bucket,
    tier: bucket.tier,
    scope: bucket.scope,
    period_kind: bucket.periodKind,
    valid_from_ms: bucket.validFromMs,
    valid_until_ms: bucket.validUntilMs,
    closed_at_ms: bucket.closedAtMs,
    note: bucket.note,
    created_at_ms: bucket.createdAtMs,
    updated_at_ms: bucket.updatedAtMs,
    ...limitColumns(bucket.limits),
  };
}

export function policyOf(row: PolicyRow): Policy {
  return {
    version: row.version,
    timeZone: row.time_zone,
    fiscalYearStartsInMonth: Number(row.fiscal_year_starts_in_month),
    expiryCharge: row.expiry_charge as ExpiryCharge,
    holdRule: row.hold_rule as Policy['holdRule'],
    dryRule: row.dry_rule as Policy['dryRule'],
    outputTokensDefault: Number(row.output_tokens_default),
    outputTokensMax: Number(row.output_tokens_max),
  };
}
