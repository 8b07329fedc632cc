// Stored rows as the checks read them: by their columns, not through the ledger's own readers.

import type { Vector } from '../oracle/vector.ts';
import type { StoredRow } from '../store/change-log.ts';

const COLUMNS = ['input', 'output', 'cache_read', 'cache_write', 'cost'];

export interface Counts {
  readonly held: Vector;
  readonly used: Vector;
  readonly overrun: Vector;
}

export interface StoredBalance extends Counts {
  readonly tenant: string;
  readonly bucket: string;
  readonly period: string;
  readonly limits: readonly (bigint | null)[];
  readonly openFromMs: number | null;
  readonly openUntilMs: number | null;
}

export interface StoredLine extends Counts {
  readonly bucket: string;
  readonly tier: string;
  readonly period: string;
  readonly endsAtMs: number | null;
}

export interface StoredReservation {
  readonly tenant: string;
  readonly reservationId: string;
  readonly state: string;
  readonly lines: readonly StoredLine[];
  readonly amounts: Vector;
  readonly charged: Vector;
  readonly row: StoredRow;
}

export interface StoredEntry extends Counts {
  readonly tenant: string;
  readonly reservationId: string;
  readonly operation: string;
  readonly opSeq: number;
  readonly bucket: string;
  readonly period: string;
}

export function balanceOf(row: StoredRow): StoredBalance {
  return {
    tenant: text(row.tenant),
    bucket: text(row.bucket),
    period: text(row.period),
    limits: COLUMNS.map((column) => row[`limit_${column}`] as bigint | null),
    openFromMs: time(row.open_from_ms),
    openUntilMs: time(row.open_until_ms),
    ...countsOf(row),
  };
}

export function reservationOf(row: StoredRow): StoredReservation {
  const lines = JSON.parse(text(row.lines)) as string[][];
  return {
    tenant: text(row.tenant),
    reservationId: text(row.reservation_id),
    state: text(row.state),
    lines: lines.map(([bucket = '', tier = '', period = '', ends = '', held, used, overrun]) => ({
      bucket,
      tier,
      period,
      endsAtMs: ends === '' ? null : Number(ends),
      held: listOf(held),
      used: listOf(used),
      overrun: listOf(overrun),
    })),
    amounts: vectorIn(row, 'amount'),
    charged: vectorIn(row, 'charged'),
    row,
  };
}

export function entryOf(row: StoredRow): StoredEntry {
  return {
    tenant: text(row.tenant),
    reservationId: text(row.reservation_id),
    operation: text(row.operation),
    opSeq: Number(row.op_seq),
    bucket: text(row.bucket),
    period: text(row.period),
    ...countsOf(row),
  };
}

/** Amounts of a text column. */
export function listOf(list: string | undefined): Vector {
  return (list ?? '').split(',').map(BigInt);
}

function time(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function countsOf(row: StoredRow): Counts {
  return { held: vectorIn(row, 'held'), used: vectorIn(row, 'used'), overrun: vectorIn(row, 'overrun') };
}

function vectorIn(row: StoredRow, prefix: string): Vector {
  return COLUMNS.map((column) => row[`${prefix}_${column}`] as bigint);
}

function text(value: unknown): string {
  return String(value);
}
