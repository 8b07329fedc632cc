// What administrators change, in the oracle. A limit holds for the current period and those to come; a bucket that is
// closed or not yet valid admits nothing in any of its periods.

import type * as contracts from '@ai-switch/contracts';
import { oraclePeriodAt, type PeriodKind } from './calendar.ts';
import type { Company, ExpiryCharge, OracleBucket, Tier } from './company.ts';
import { openingOf } from './plan.ts';
import { TYPES } from './vector.ts';

export function putBucket(company: Company, wanted: contracts.Bucket, nowMs: number): void {
  const tier = wanted.tier.replace('TIER_', '') as Tier;
  const isGrant = tier === 'SUPPLEMENTARY';
  const id = wanted.bucket !== '' ? wanted.bucket : wanted.scope.replace('user:', 'personal:');
  const kind = wanted.periodKind.replace('PERIOD_KIND_', '');
  const bucket: OracleBucket = {
    bucket: id,
    tier,
    scope: wanted.scope,
    limits: TYPES.map((type) => wanted.limits?.[type] ?? (isGrant ? 0n : null)),
    periodKind: (isGrant ? 'WHOLE' : kind) as PeriodKind,
    validFromMs: wanted.validFromMs === undefined ? null : Number(wanted.validFromMs),
    validUntilMs: wanted.validUntilMs === undefined ? null : Number(wanted.validUntilMs),
    closedAtMs: null,
  };
  company.buckets.set(id, bucket);
  applyTo(company, bucket, nowMs);
}

export function closeBucket(company: Company, id: string, nowMs: number): void {
  const bucket = company.buckets.get(id);
  if (bucket === undefined || bucket.closedAtMs !== null) return;
  bucket.closedAtMs = nowMs;
  applyTo(company, bucket, nowMs);
}

export function putOrder(company: Company, { scope, tiers }: contracts.FundingOrder): void {
  if (tiers.length === 0) company.orders.delete(scope);
  else
    company.orders.set(
      scope,
      tiers.map((tier) => tier.replace('TIER_', '') as Tier),
    );
}

export function putPolicy(company: Company, wanted: contracts.Policy): void {
  company.policy = {
    version: company.policy.version + 1,
    timeZone: wanted.timeZone,
    fiscalYearStartsInMonth: wanted.fiscalYearStartsInMonth,
    expiryCharge: wanted.expiryCharge.replace('EXPIRY_CHARGE_', '') as ExpiryCharge,
  };
}

function applyTo(company: Company, bucket: OracleBucket, nowMs: number): void {
  const current = oraclePeriodAt(bucket.periodKind, nowMs, company.policy).id;
  for (const [key, balance] of company.balances) {
    const [id, period = ''] = key.split('\0');
    if (id !== bucket.bucket) continue;
    Object.assign(balance, openingOf(bucket));
    if (period >= current) balance.limits = bucket.limits;
  }
}
