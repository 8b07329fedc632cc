// How stored rows are named, and what is posted under those names.

import type { Entry, StoredReservation } from './ledger-rules.ts';

export interface ReservationKey {
  readonly tenant: string;
  readonly reservationId: string;
}
export interface BalanceKey {
  readonly tenant: string;
  readonly bucket: string;
  readonly period: string;
}
export interface Versioned {
  readonly reservation: StoredReservation;
  readonly version: bigint;
}
export interface PostedEntry extends ReservationKey, BalanceKey {
  readonly entry: Entry;
  readonly atMs: bigint;
}
