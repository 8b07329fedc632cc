// Which buckets a request touches, and in which order they pay. Resolved once, when it reserves: what an administrator
// changes later does not touch what is already held.

import { Fault } from '@ai-switch/kernel';
import type { Bucket, ExpiryCharge, FundingTier, Line, PeriodKind, Policy, Subject } from './model.ts';
import { FUNDING_TIERS, NOTHING } from './model.ts';
import { type Period, periodAt } from './period.ts';

/** What a company has set, as far as it concerns the subjects of a batch. */
export interface Context {
  readonly policy: Policy;
  /** By scope; closed ones as well, but for grants that are over. */
  readonly buckets: ReadonlyMap<string, readonly Bucket[]>;
  /** By scope. */
  readonly orders: ReadonlyMap<string, readonly FundingTier[]>;
}

export interface Plan {
  /** Funding buckets in the order in which they pay, then caps. */
  readonly lines: readonly Line[];
  readonly policyVersion: bigint;
  readonly expiryCharge: ExpiryCharge;
}

export const COMPANY_SCOPE = 'company';
/** Where the cost of failed attempts is counted. */
export const PLATFORM_BUCKET = 'platform';

/** Every scope whose buckets may concern the subject; those that may set a funding order first, the nearest of all first. */
export function scopesOf(subject: Subject): readonly string[] {
  const { model } = subject;
  return [...orderScopesOf(subject), ...(model === '' ? [] : [`model:${model}`])];
}

function orderScopesOf({ userId, projectId, departmentIds }: Subject): readonly string[] {
  return [
    `user:${userId}`,
    ...(projectId === '' ? [] : [`project:${projectId}`]),
    ...departmentIds.toReversed().map((id) => `department:${id}`),
    COMPANY_SCOPE,
  ];
}

/** The plan of a request, or the fault that nothing funds it. */
export function planFor(subject: Subject, context: Context, nowMs: bigint): Plan | Fault {
  const { policy } = context;
  const lines = bucketsOf(subject, context, nowMs).map(({ bucket, tier, periodKind }) =>
    lineOf(bucket, tier, periodAt(periodKind, nowMs, policy)),
  );
  if (lines[0] === undefined || lines[0].tier === 'CAP') {
    return new Fault(
      'quotaExhausted',
      'No bucket pays for this request: by the funding order in force, neither a personal nor a project nor a ' +
        'supplementary quota does. Ask an administrator for one.',
      { details: { reason: 'noBuckets' }, retryAfterMs: 3_600_000 },
    );
  }
  return { lines, policyVersion: policy.version, expiryCharge: policy.expiryCharge };
}

/**
 * The plan of a settlement whose hold is not on record. The tokens are spent, so that there is one for every subject:
 * where nothing would fund it any more, the user's own bucket is charged, as overrun if it is closed.
 */
export function orphanPlanFor(subject: Subject, context: Context, nowMs: bigint): Plan {
  const plan = planFor(subject, context, nowMs);
  if (!(plan instanceof Fault)) return plan;
  const { policy } = context;
  const { bucket, tier, periodKind } = personalOf(subject, context);
  const lines = [lineOf(bucket, tier, periodAt(periodKind, nowMs, policy))];
  return { lines, policyVersion: policy.version, expiryCharge: policy.expiryCharge };
}

/** The account of what the platform bears, in its current period. */
export function platformLine(policy: Policy, nowMs: bigint): Line {
  return lineOf(PLATFORM_BUCKET, 'PLATFORM', periodAt('MONTH', nowMs, policy));
}

/** As `planFor`; a bucket that nobody put has no limits. */
export function bucketsOf(subject: Subject, context: Context, nowMs: bigint): readonly PlannedBucket[] {
  const { buckets, orders } = context;
  const inScope = (scope: string) => (buckets.get(scope) ?? []).filter((bucket) => isOpenAt(bucket, nowMs));
  const scopes = scopesOf(subject);
  const order = orderScopesOf(subject)
    .map((scope) => orders.get(scope))
    .find((tiers) => tiers !== undefined);
  const funding = (order ?? FUNDING_TIERS).flatMap((tier): readonly PlannedBucket[] => {
    if (tier === 'PERSONAL') {
      const personal = personalOf(subject, context);
      return isOpenAt(personal, nowMs) ? [personal] : [];
    }
    const found = scopes.flatMap((scope) => inScope(scope).filter((bucket) => bucket.tier === tier));
    return tier === 'SUPPLEMENTARY' ? found.toSorted(byExpiry) : found;
  });
  const capScopes = [
    COMPANY_SCOPE,
    ...subject.departmentIds.map((id) => `department:${id}`),
    ...(subject.model === '' ? [] : [`model:${subject.model}`]),
  ];
  const caps = capScopes.flatMap((scope) => inScope(scope).filter(({ tier }) => tier === 'CAP'));
  return [...funding, ...caps];
}

export interface PlannedBucket {
  readonly bucket: string;
  readonly tier: Bucket['tier'];
  readonly periodKind: PeriodKind;
}

/** A user's own bucket; one that nobody put has no limits. */
function personalOf({ userId }: Subject, { buckets }: Context): PlannedBucket & Opening {
  const put = buckets.get(`user:${userId}`)?.find(({ tier }) => tier === 'PERSONAL');
  if (put !== undefined) return put;
  return { bucket: `personal:${userId}`, tier: 'PERSONAL', periodKind: 'MONTH', ...ALWAYS_OPEN };
}

type Opening = Pick<Bucket, 'closedAtMs' | 'validFromMs' | 'validUntilMs'>;
const ALWAYS_OPEN: Opening = { closedAtMs: null, validFromMs: null, validUntilMs: null };

function isOpenAt({ closedAtMs, validFromMs, validUntilMs }: Opening, nowMs: bigint): boolean {
  return (
    (closedAtMs === null || nowMs < closedAtMs) &&
    (validFromMs === null || validFromMs <= nowMs) &&
    (validUntilMs === null || nowMs < validUntilMs)
  );
}

/** What expires first burns first; the id decides between equals, so that the order is always the same. */
function byExpiry(one: Bucket, other: Bucket): number {
  if (one.validUntilMs !== other.validUntilMs) {
    if (one.validUntilMs === null) return 1;
    if (other.validUntilMs === null) return -1;
    return one.validUntilMs < other.validUntilMs ? -1 : 1;
  }
  return one.bucket < other.bucket ? -1 : 1;
}

function lineOf(bucket: string, tier: Line['tier'], period: Period): Line {
  return {
    bucket,
    tier,
    period: period.id,
    periodEndsAtMs: period.endsAtMs,
    held: NOTHING,
    used: NOTHING,
    overrun: NOTHING,
  };
}
