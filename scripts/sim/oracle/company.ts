// What the oracle knows of one company: the state that its operations should have led to.

import { Violation } from '../violation.ts';
import type { CalendarRules, PeriodKind } from './calendar.ts';
import type { MeteredType, Vector } from './vector.ts';

export type Tier = 'PERSONAL' | 'PROJECT' | 'SUPPLEMENTARY' | 'CAP' | 'PLATFORM';
export type ExpiryCharge = 'PROMPT_ESTIMATE' | 'ZERO' | 'FULL_HOLD';

export interface OracleSubject {
  readonly userId: string;
  readonly projectId: string;
  readonly departmentIds: readonly string[];
  readonly model: string;
}

export interface OracleBucket {
  readonly bucket: string;
  readonly tier: Tier;
  readonly scope: string;
  limits: readonly (bigint | null)[];
  periodKind: PeriodKind;
  validFromMs: number | null;
  validUntilMs: number | null;
  closedAtMs: number | null;
}

export interface OracleBalance {
  limits: readonly (bigint | null)[];
  openFromMs: number | null;
  openUntilMs: number | null;
  held: Vector;
  used: Vector;
  overrun: Vector;
}

export interface OracleLine {
  readonly bucket: string;
  readonly tier: Tier;
  readonly period: string;
  readonly endsAtMs: number | null;
  held: Vector;
  used: Vector;
  overrun: Vector;
}

export interface OracleBlocked {
  readonly bucket: string;
  readonly type: MeteredType;
  readonly remaining: bigint;
  readonly resetsAtMs: number | null;
}

export interface OracleReservation {
  readonly reservationId: string;
  state: string;
  readonly subject: OracleSubject;
  lines: OracleLine[];
  amounts: Vector;
  charged: Vector;
  checkpoint: Vector | null;
  readonly createdAtMs: number;
  expiresAtMs: number;
  outcome: string;
  isEstimated: boolean;
  readonly ownerToken: string;
  readonly fingerprint: string;
  blocked: OracleBlocked | null;
  readonly promptCost: bigint;
  readonly policyVersion: number;
  readonly expiryCharge: ExpiryCharge;
  extensions: number;
  lastExtension: { readonly amounts: Vector; readonly blocked: OracleBlocked | null } | null;
  platform: Vector;
  reason: string;
}

export interface OraclePolicy extends CalendarRules {
  readonly version: number;
  readonly expiryCharge: ExpiryCharge;
}

export interface Company {
  readonly tenant: string;
  readonly buckets: Map<string, OracleBucket>;
  /** By scope. */
  readonly orders: Map<string, readonly Tier[]>;
  /** By bucket and period, a NUL between. */
  readonly balances: Map<string, OracleBalance>;
  readonly reservations: Map<string, OracleReservation>;
  policy: OraclePolicy;
}

export function newCompany(tenant: string): Company {
  return {
    tenant,
    buckets: new Map(),
    orders: new Map(),
    balances: new Map(),
    reservations: new Map(),
    policy: { version: 0, timeZone: 'UTC', fiscalYearStartsInMonth: 1, expiryCharge: 'PROMPT_ESTIMATE' },
  };
}

export function companyOf(companies: ReadonlyMap<string, Company>, tenant: string): Company {
  const company = companies.get(tenant);
  if (company === undefined) throw new Violation('I12', `there is no company ${tenant}`);
  return company;
}
