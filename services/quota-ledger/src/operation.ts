// What a caller asks of the ledger, checked and copied (read-operation.ts).

import type { AuditEvent } from '@ai-switch/contracts';
import type { Amounts, Subject } from './model.ts';

interface Addressed {
  readonly tenant: string;
  readonly reservationId: string;
}
export interface Reserve extends Addressed {
  readonly kind: 'reserve';
  readonly subject: Subject;
  readonly amounts: Amounts;
  readonly ttlMs: bigint;
  readonly ownerDigest: string;
  readonly fingerprint: string;
  readonly priceVersion: string;
  readonly promptCost: bigint;
}
export interface Extend extends Addressed {
  readonly kind: 'extend';
  readonly ownerDigest: string;
  readonly opSeq: number;
  readonly amounts: Amounts;
}
export interface Beat extends Addressed {
  readonly kind: 'beat';
  readonly ownerDigest: string;
  readonly ttlMs: bigint;
  /** Null when nothing was dispatched yet. */
  readonly used: Amounts | null;
}
export interface Settle extends Addressed {
  readonly kind: 'settle';
  readonly subject: Subject;
  readonly actual: Amounts;
  readonly outcome: string;
  readonly isEstimated: boolean;
  /** What failed attempts cost besides. */
  readonly platform: Amounts;
  readonly priceVersion: string;
}
export interface Void extends Addressed {
  readonly kind: 'void';
  readonly ownerDigest: string;
}
/** The sweeper's: ends a hold whose deadline passed. */
export interface Expire extends Addressed {
  readonly kind: 'expire';
}
export interface Reverse extends Addressed {
  readonly kind: 'reverse';
  readonly reason: string;
  /** What the audit trail says of it. */
  readonly event?: AuditEvent | undefined;
}
export type Operation = Reserve | Extend | Beat | Settle | Void | Expire | Reverse;
