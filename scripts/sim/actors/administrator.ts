// Administrators who change limits, grants, orders, periods and policies while everything is under way.

import {
  type Bucket,
  DryRule,
  ExpiryCharge,
  HoldRule,
  PeriodKind,
  type Policy,
  Tier,
} from '@ai-switch/contracts';
import type { Call } from '../call.ts';
import { closeBucket, putBucket, putOrder, putPolicy } from '../oracle/change-settings.ts';
import type { Random } from '../random.ts';
import { grantLimitsOf, limitsOf } from './amounts.ts';
import { DEPARTMENTS, MODELS, PROJECTS, tenantOf, USERS } from './people.ts';

type Change = Omit<Call, 'replica'>;

export interface HeldBucket {
  readonly tenant: string;
  readonly bucket: string;
}

const PERIODS = [PeriodKind.DAY, PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER];
const TIME_ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'Europe/Berlin'];
const PAYING = [Tier.PERSONAL, Tier.PROJECT, Tier.SUPPLEMENTARY];
const GRANTS = 6;

/** @param held a bucket that still holds something in a period that is over, if there is one */
export function nextChange(random: Random, nowMs: number, held: HeldBucket | undefined): Change {
  if (held !== undefined && random.chance(0.5)) return closeCall(held.tenant, held.bucket);
  const tenant = tenantOf(random);
  const tenants = [tenant];
  const kind = random.weighted({ put: 40, grant: 25, close: 15, order: 12, policy: 8 });
  switch (kind) {
    case 'put':
      return putCall(bucketOf(random, tenant), 'put a bucket');
    case 'grant':
      return putCall(grantOf(random, tenant, nowMs), 'put a grant');
    case 'close': {
      const bucket = random.chance(0.6)
        ? grantOf(random, tenant, nowMs).bucket
        : idOf(bucketOf(random, tenant));
      return closeCall(tenant, bucket);
    }
    case 'order': {
      const scopes = ['company', ...scopesOf('user', USERS), ...scopesOf('project', PROJECTS)];
      const scope = random.pick([...scopes, ...scopesOf('department', DEPARTMENTS)]);
      const shuffled = PAYING.map((tier) => ({ tier, place: random.fraction() }));
      shuffled.sort((one, other) => one.place - other.place);
      const tiers = shuffled.slice(0, random.whole(0, 3)).map(({ tier }) => tier);
      const order = { scope, tiers };
      return {
        name: 'put an order',
        tenants,
        run: (to) => to.putFundingOrder({ tenant, order }),
        apply: (company) => putOrder(company, order),
      };
    }
    case 'policy': {
      const policy = policyOf(random);
      return {
        name: 'put a policy',
        tenants,
        run: (to) => to.putPolicy({ tenant, policy }),
        apply: (company) => putPolicy(company, policy),
      };
    }
  }
}

/** What a company begins with: some limits nearly everywhere. */
export function firstChanges(random: Random, tenant: string): readonly Change[] {
  const buckets = Array.from({ length: 7 }, () => bucketOf(random, tenant));
  const policy = policyOf(random);
  return [
    {
      name: 'put a policy',
      tenants: [tenant],
      run: (to) => to.putPolicy({ tenant, policy }),
      apply: (company) => putPolicy(company, policy),
    },
    ...buckets.map((bucket) => putCall(bucket, 'put a bucket')),
  ];
}

function closeCall(tenant: string, bucket: string): Change {
  return {
    name: 'close a bucket',
    tenants: [tenant],
    run: (to) => to.closeBucket({ tenant, bucket }),
    apply: (company, atMs) => closeBucket(company, bucket, atMs),
    refusalFor: ({ buckets }) => (buckets.has(bucket) ? undefined : 'notFound'),
  };
}

function putCall(bucket: Bucket, name: string): Change {
  return {
    name,
    tenants: [bucket.tenant],
    run: (to) => to.putBucket({ bucket }),
    apply: (company, atMs) => putBucket(company, bucket, atMs),
  };
}

function bucketOf(random: Random, tenant: string): Bucket {
  const place = random.weighted({ user: 30, project: 25, company: 15, department: 20, model: 16 });
  const common = { tenant, limits: limitsOf(random), periodKind: random.pick(PERIODS) };
  switch (place) {
    case 'user':
      return bucket({ ...common, tier: Tier.PERSONAL, scope: `user:${random.pick(USERS)}` });
    case 'project':
      return bucket({ ...common, tier: Tier.PROJECT, scope: `project:${random.pick(PROJECTS)}` });
    case 'company':
      return bucket({ ...common, tier: Tier.CAP, scope: 'company' });
    case 'department':
      return bucket({ ...common, tier: Tier.CAP, scope: `department:${random.pick(DEPARTMENTS)}` });
    case 'model':
      return bucket({ ...common, tier: Tier.CAP, scope: `model:${random.pick(MODELS)}` });
  }
}

/** A grant keeps its scope for good. */
function grantOf(random: Random, tenant: string, nowMs: number): Bucket {
  const number = random.whole(1, GRANTS);
  const scopes = ['user:ann', 'user:bob', 'project:apollo', 'department:all', 'department:tech', 'company'];
  const from = random.chance(0.2) ? nowMs + random.whole(1, 120) * 1_000 : undefined;
  const until = random.chance(0.7) ? (from ?? nowMs) + random.whole(10, 3_600) * 1_000 : undefined;
  return bucket({
    tenant,
    bucket: `grant:g${number}`,
    tier: Tier.SUPPLEMENTARY,
    scope: scopes[number - 1] ?? 'company',
    limits: grantLimitsOf(random),
    periodKind: PeriodKind.WHOLE,
    ...(from !== undefined && { validFromMs: BigInt(from) }),
    ...(until !== undefined && { validUntilMs: BigInt(until) }),
  });
}

function bucket(wanted: Partial<Bucket> & Pick<Bucket, 'tenant' | 'tier' | 'scope' | 'limits'>): Bucket {
  const rest = { bucket: '', periodKind: PeriodKind.MONTH, note: '', createdAtMs: 0n, updatedAtMs: 0n };
  return { ...rest, ...wanted };
}

function idOf({ bucket: id, scope }: Bucket): string {
  return id === '' ? scope.replace('user:', 'personal:') : id;
}

function policyOf(random: Random): Policy {
  return {
    version: 0n,
    timeZone: random.pick(TIME_ZONES),
    fiscalYearStartsInMonth: random.whole(1, 12),
    expiryCharge: random.pick([ExpiryCharge.PROMPT_ESTIMATE, ExpiryCharge.ZERO, ExpiryCharge.FULL_HOLD]),
    holdRule: HoldRule.WORST_CASE,
    dryRule: random.pick([DryRule.CUT, DryRule.RUN]),
    outputTokensDefault: 16_384,
    outputTokensMax: 131_072,
  };
}

function scopesOf(kind: string, ids: readonly string[]): readonly string[] {
  return ids.map((id) => `${kind}:${id}`);
}
