// How stored rows are named, and what is posted under those names.

import type { Reservation } from './model.ts';
import type { Posting } from './posting.ts';

export interface ReservationKey {
  readonly tenant: string;
  readonly reservationId: string;
}
export interface BucketKey {
  readonly tenant: string;
  readonly bucket: string;
}
export interface BalanceKey extends BucketKey {
  readonly period: string;
}
export interface Versioned {
  readonly reservation: Reservation;
  readonly version: bigint;
}
export interface PostedEntry extends ReservationKey {
  readonly posting: Posting;
  readonly atMs: bigint;
}

// Ids hold no control character, so a NUL between them keeps every key apart.

export function reservationText({ tenant, reservationId }: ReservationKey): string {
  return `${tenant}\0${reservationId}`;
}

export function bucketText({ tenant, bucket }: BucketKey): string {
  return `${tenant}\0${bucket}`;
}

export function balanceText({ tenant, bucket, period }: BalanceKey): string {
  return `${tenant}\0${bucket}\0${period}`;
}

/** One of each key, in order. */
export function inKeyOrder<Key>(keys: readonly Key[], textOf: (key: Key) => string): readonly Key[] {
  const byText = new Map(keys.map((key) => [textOf(key), key]));
  return [...byText].sort(([a], [b]) => compare(a, b)).map(([, key]) => key);
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
