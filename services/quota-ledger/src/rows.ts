// Stored rows and what the rules know them as. Spelled out, column by column: this runs for every operation.

import type { PostedEntry } from './keys.ts';
import type { StoredBalance, StoredLimits, StoredReservation } from './ledger-rules.ts';
import type { BalanceRow, BucketRow, EntryRow, ReservationRow } from './schema.ts';

export const RESERVATION_COLUMNS = [
  'tenant',
  'reservation_id',
  'version',
  'state',
  'user_id',
  'bucket',
  'period',
  'created_at_ms',
  'expires_at_ms',
  'resolved_at_ms',
  'outcome',
  'owner_digest',
  'blocked_type',
  'blocked_remaining',
  'amount_input',
  'amount_output',
  'amount_cache_read',
  'amount_cache_write',
  'charged_input',
  'charged_output',
  'charged_cache_read',
  'charged_cache_write',
] as const satisfies (keyof ReservationRow)[];

/** What a balance holds and an entry adds to it. */
const COUNT_COLUMNS = [
  'used_input',
  'used_output',
  'used_cache_read',
  'used_cache_write',
  'held_input',
  'held_output',
  'held_cache_read',
  'held_cache_write',
  'overrun_input',
  'overrun_output',
  'overrun_cache_read',
  'overrun_cache_write',
] as const;

export const BALANCE_COLUMNS = [
  'tenant',
  'bucket',
  'period',
  'limit_input',
  'limit_output',
  'limit_cache_read',
  'limit_cache_write',
  ...COUNT_COLUMNS,
] as const satisfies (keyof BalanceRow)[];

export const ENTRY_COLUMNS = [
  'tenant',
  'reservation_id',
  'operation',
  'bucket',
  'period',
  'at_ms',
  ...COUNT_COLUMNS,
] as const satisfies (keyof EntryRow)[];

export const NO_COUNTS = {
  used_input: 0n,
  used_output: 0n,
  used_cache_read: 0n,
  used_cache_write: 0n,
  held_input: 0n,
  held_output: 0n,
  held_cache_read: 0n,
  held_cache_write: 0n,
  overrun_input: 0n,
  overrun_output: 0n,
  overrun_cache_read: 0n,
  overrun_cache_write: 0n,
} as const;

export function reservationOf(row: ReservationRow): StoredReservation {
  return {
    tenant: row.tenant,
    reservationId: row.reservation_id,
    userId: row.user_id,
    bucket: row.bucket,
    period: row.period,
    state: row.state,
    amounts: {
      input: row.amount_input,
      output: row.amount_output,
      cacheRead: row.amount_cache_read,
      cacheWrite: row.amount_cache_write,
    },
    charged: {
      input: row.charged_input,
      output: row.charged_output,
      cacheRead: row.charged_cache_read,
      cacheWrite: row.charged_cache_write,
    },
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    resolvedAtMs: row.resolved_at_ms,
    outcome: row.outcome,
    ownerDigest: row.owner_digest,
    blocked:
      row.blocked_type === null || row.blocked_remaining === null
        ? null
        : { type: row.blocked_type, remaining: row.blocked_remaining },
  };
}

export function reservationRow(reservation: StoredReservation, version: bigint): ReservationRow {
  const { amounts, charged, blocked } = reservation;
  return {
    tenant: reservation.tenant,
    reservation_id: reservation.reservationId,
    version,
    state: reservation.state,
    user_id: reservation.userId,
    bucket: reservation.bucket,
    period: reservation.period,
    created_at_ms: reservation.createdAtMs,
    expires_at_ms: reservation.expiresAtMs,
    resolved_at_ms: reservation.resolvedAtMs,
    outcome: reservation.outcome,
    owner_digest: reservation.ownerDigest,
    blocked_type: blocked === null ? null : blocked.type,
    blocked_remaining: blocked === null ? null : blocked.remaining,
    amount_input: amounts.input,
    amount_output: amounts.output,
    amount_cache_read: amounts.cacheRead,
    amount_cache_write: amounts.cacheWrite,
    charged_input: charged.input,
    charged_output: charged.output,
    charged_cache_read: charged.cacheRead,
    charged_cache_write: charged.cacheWrite,
  };
}

export function balanceOf(row: BalanceRow): StoredBalance {
  return {
    tenant: row.tenant,
    bucket: row.bucket,
    period: row.period,
    limits: limitsOf(row),
    used: {
      input: row.used_input,
      output: row.used_output,
      cacheRead: row.used_cache_read,
      cacheWrite: row.used_cache_write,
    },
    held: {
      input: row.held_input,
      output: row.held_output,
      cacheRead: row.held_cache_read,
      cacheWrite: row.held_cache_write,
    },
    overrun: {
      input: row.overrun_input,
      output: row.overrun_output,
      cacheRead: row.overrun_cache_read,
      cacheWrite: row.overrun_cache_write,
    },
  };
}

export function balanceRow({
  tenant,
  bucket,
  period,
  limits,
  used,
  held,
  overrun,
}: StoredBalance): BalanceRow {
  return {
    tenant,
    bucket,
    period,
    limit_input: limits.input,
    limit_output: limits.output,
    limit_cache_read: limits.cacheRead,
    limit_cache_write: limits.cacheWrite,
    used_input: used.input,
    used_output: used.output,
    used_cache_read: used.cacheRead,
    used_cache_write: used.cacheWrite,
    held_input: held.input,
    held_output: held.output,
    held_cache_read: held.cacheRead,
    held_cache_write: held.cacheWrite,
    overrun_input: overrun.input,
    overrun_output: overrun.output,
    overrun_cache_read: overrun.cacheRead,
    overrun_cache_write: overrun.cacheWrite,
  };
}

export function entryRow({ tenant, reservationId, bucket, period, atMs, entry }: PostedEntry): EntryRow {
  const { used, held, overrun } = entry;
  return {
    tenant,
    reservation_id: reservationId,
    operation: entry.operation,
    bucket,
    period,
    at_ms: atMs,
    used_input: used.input,
    used_output: used.output,
    used_cache_read: used.cacheRead,
    used_cache_write: used.cacheWrite,
    held_input: held.input,
    held_output: held.output,
    held_cache_read: held.cacheRead,
    held_cache_write: held.cacheWrite,
    overrun_input: overrun.input,
    overrun_output: overrun.output,
    overrun_cache_read: overrun.cacheRead,
    overrun_cache_write: overrun.cacheWrite,
  };
}

export function limitsOf(row: Omit<BucketRow, 'tenant' | 'bucket'>): StoredLimits {
  return {
    input: row.limit_input,
    output: row.limit_output,
    cacheRead: row.limit_cache_read,
    cacheWrite: row.limit_cache_write,
  };
}

export function limitColumns(limits: StoredLimits): Omit<BucketRow, 'tenant' | 'bucket'> {
  return {
    limit_input: limits.input,
    limit_output: limits.output,
    limit_cache_read: limits.cacheRead,
    limit_cache_write: limits.cacheWrite,
  };
}
