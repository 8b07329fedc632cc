// What the plain ledger remembers.

import { type Numbers, TYPES } from './commands.ts';

export interface PlainRow {
  limits: readonly (number | null)[];
  used: number[];
  held: number[];
  overrun: number[];
}

export interface PlainBucket {
  tier: 'PERSONAL' | 'PROJECT' | 'SUPPLEMENTARY' | 'CAP' | 'PLATFORM';
  limits: readonly (number | null)[];
  period: 'day' | 'month' | 'whole';
  validUntilMs: number | null;
  isClosed: boolean;
}

export interface PlainLine {
  bucket: string;
  period: string;
  tier: PlainBucket['tier'];
  held: number[];
  used: number[];
  overrun: number[];
}

export interface PlainReservation {
  state: string;
  user: string;
  owner: string;
  fingerprint: string;
  amounts: number[];
  charged: number[];
  checkpoint: number[] | null;
  expiresAtMs: number;
  lines: PlainLine[];
  blocked: string;
  expiryCharge: string;
  promptCost: number;
  extensions: number;
  lastExtension: { amounts: Numbers; answer: string } | null;
  settled: string;
  reason: string;
}

export const NONE = (): number[] => TYPES.map(() => 0);
export const UNBOUNDED = TYPES.map(() => null);

export function byDeadline(one: PlainReservation, other: PlainReservation): number {
  return one.expiresAtMs - other.expiresAtMs;
}

export function standingText(key: string, used: unknown, held: unknown, overrun: unknown): string {
  const counts = `used ${used} held ${held} overrun ${overrun}`;
  return /[1-9]/.test(counts) ? `${key} ${counts}` : '';
}

export function pays({ tier }: PlainLine): boolean {
  return tier !== 'CAP' && tier !== 'PLATFORM';
}

/** Adds to a line and to the row under it. */
export function bump(line: number[], row: number[], type: number, count: number): void {
  line[type] = (line[type] ?? 0) + count;
  row[type] = (row[type] ?? 0) + count;
}
