// What an administrator puts is checked and copied here, before anything is changed.

import * as contracts from '@ai-switch/contracts';
import type { BalanceKey, BucketKey } from './keys.ts';
import {
  type Bucket,
  FUNDING_TIERS,
  type FundingTier,
  type Limits,
  METERED_TYPES,
  type MeteredType,
  type PeriodKind,
  type Policy,
  type Tier,
  UNLIMITED,
} from './model.ts';
import { isTimeZone } from './period.ts';
import { COMPANY_SCOPE } from './plan.ts';
import { invalid, readAmount, readId, readText } from './read-operation.ts';

const BUCKET_CHARACTERS_MAX = 160;
const SCOPE_CHARACTERS_MAX = 160;
const NOTE_CHARACTERS_MAX = 200;
/** Of one list. */
const SCOPES_MAX = 10_000;
const PERIOD_CHARACTERS_MAX = 16;
const GRANT = /^grant:[A-Za-z0-9._-]{1,48}$/;
/** The end of what a date can say, 275760-09-13. */
const TIME_MAX_MS = 8_640_000_000_000_000n;
const OUTPUT_TOKENS_MAX = 10_000_000;

/** A bucket as it is to be, without what the store knows of it. */
export type WantedBucket = Omit<Bucket, 'closedAtMs' | 'createdAtMs' | 'updatedAtMs'>;

export function readBucket(bucket: contracts.Bucket | undefined): WantedBucket {
  if (bucket === undefined) throw invalid('bucket', 'bucket must be present.');
  const tier = readTier(bucket.tier);
  const scope = readScope(bucket.scope, SCOPES_OF_TIER[tier], 'bucket.scope');
  const isGrant = tier === 'SUPPLEMENTARY';
  const wanted: WantedBucket = {
    tenant: readId(bucket.tenant, 'bucket.tenant'),
    bucket: isGrant ? readGrantId(bucket.bucket) : readDerivedId(bucket.bucket, tier, scope),
    tier,
    scope,
    limits: readLimits(bucket.limits, isGrant),
    periodKind: readPeriodKind(bucket.periodKind, isGrant),
    validFromMs: readTime(bucket.validFromMs, isGrant, 'bucket.validFromMs'),
    validUntilMs: readTime(bucket.validUntilMs, isGrant, 'bucket.validUntilMs'),
    note: bucket.note === '' ? '' : readText(bucket.note, 'bucket.note', NOTE_CHARACTERS_MAX),
  };
  const { validFromMs, validUntilMs } = wanted;
  if (validFromMs !== null && validUntilMs !== null && validUntilMs <= validFromMs) {
    throw invalid('bucket.validUntilMs', 'A grant must end after it begins.');
  }
  return wanted;
}

export function readBucketKey({ tenant, bucket }: BucketKey): BucketKey {
  return {
    tenant: readId(tenant, 'tenant'),
    bucket: readText(bucket, 'bucket', BUCKET_CHARACTERS_MAX),
  };
}

/** @returns with an empty period for the current one */
export function readStatementKey(request: BalanceKey): BalanceKey {
  const { period } = request;
  const text = period === '' ? '' : readText(period, 'period', PERIOD_CHARACTERS_MAX);
  return { ...readBucketKey(request), period: text };
}

/** An empty one is for every scope. */
export function readScopeFilter(scope: string): string {
  return scope === '' ? '' : readScope(scope, ALL_SCOPES, 'scope');
}

/** None are for every scope. */
export function readScopesFilter(scopes: readonly string[]): readonly string[] {
  if (scopes.length > SCOPES_MAX) throw invalid('scopes', `scopes must be at most ${SCOPES_MAX}.`);
  return scopes.map((scope) => readScope(scope, ALL_SCOPES, 'scopes'));
}

export function readFundingOrder(order: contracts.FundingOrder | undefined): {
  readonly scope: string;
  readonly tiers: readonly FundingTier[];
} {
  if (order === undefined) throw invalid('order', 'order must be present.');
  const scope = readScope(order.scope, ['company', 'department', 'project', 'user'], 'order.scope');
  const tiers = order.tiers.map((wanted) => {
    const tier = FUNDING_TIERS.find((each) => contracts.Tier[each] === wanted);
    if (tier !== undefined) return tier;
    throw invalid('order.tiers', 'Only personal, project and supplementary buckets pay.');
  });
  if (new Set(tiers).size < tiers.length) {
    throw invalid('order.tiers', 'A tier stands in a funding order once.');
  }
  return { scope, tiers };
}

export function readPolicy(policy: contracts.Policy | undefined, version: bigint): Policy {
  if (policy === undefined) throw invalid('policy', 'policy must be present.');
  const { timeZone, fiscalYearStartsInMonth, outputTokensDefault, outputTokensMax } = policy;
  if (!isTimeZone(timeZone)) {
    throw invalid('policy.timeZone', 'The time zone must be an IANA name, like Europe/Zurich or UTC.');
  }
  readWhole(fiscalYearStartsInMonth, 12, 'policy.fiscalYearStartsInMonth');
  readWhole(outputTokensMax, OUTPUT_TOKENS_MAX, 'policy.outputTokensMax');
  readWhole(outputTokensDefault, outputTokensMax, 'policy.outputTokensDefault');
  return {
    version,
    timeZone,
    fiscalYearStartsInMonth,
    expiryCharge: readChoice(
      contracts.ExpiryCharge,
      ['PROMPT_ESTIMATE', 'ZERO', 'FULL_HOLD'],
      policy.expiryCharge,
      'policy.expiryCharge',
    ),
    holdRule: readChoice(
      contracts.HoldRule,
      ['WORST_CASE', 'STATISTICAL'],
      policy.holdRule,
      'policy.holdRule',
    ),
    dryRule: readChoice(contracts.DryRule, ['CUT', 'RUN'], policy.dryRule, 'policy.dryRule'),
    outputTokensDefault,
    outputTokensMax,
  };
}

type ScopeKind = 'user' | 'project' | 'department' | 'model' | 'company';

const ALL_SCOPES: readonly ScopeKind[] = ['user', 'project', 'department', 'model', 'company'];

const SCOPES_OF_TIER: Readonly<Record<Exclude<Tier, 'PLATFORM'>, readonly ScopeKind[]>> = {
  PERSONAL: ['user'],
  PROJECT: ['project'],
  SUPPLEMENTARY: ['user', 'project', 'department', 'company'],
  CAP: ['company', 'department', 'model'],
};

function readTier(tier: contracts.Tier): Exclude<Tier, 'PLATFORM'> {
  return readChoice(contracts.Tier, ['PERSONAL', 'PROJECT', 'SUPPLEMENTARY', 'CAP'], tier, 'bucket.tier');
}

function readScope(scope: string, kinds: readonly ScopeKind[], field: string): string {
  readText(scope, field, SCOPE_CHARACTERS_MAX);
  if (scope === COMPANY_SCOPE && kinds.includes('company')) return scope;
  const colon = scope.indexOf(':');
  const kind = kinds.find((each) => each !== 'company' && each === scope.slice(0, colon));
  const id = scope.slice(colon + 1);
  if (kind === undefined || id === '') {
    const forms = kinds.map((each) => (each === 'company' ? '`company`' : `\`${each}:<id>\``));
    throw invalid(field, `The scope must be ${forms.join(' or ')} here.`);
  }
  if (kind === 'model') readText(id, field, 128);
  else readId(id, field);
  return scope;
}

function readGrantId(bucket: string): string {
  if (GRANT.test(bucket)) return bucket;
  throw invalid(
    'bucket.bucket',
    'A grant needs an id: `grant:` and 1 to 48 letters, digits, `.`, `_` or `-`.',
  );
}

/** One bucket a scope: its id follows from it. */
function readDerivedId(bucket: string, tier: Tier, scope: string): string {
  const id = tier === 'PERSONAL' ? scope.replace(/^user:/, 'personal:') : scope;
  if (bucket === '' || bucket === id) return id;
  throw invalid('bucket.bucket', `The bucket of this scope is called "${id}". Leave the id out.`);
}

function readLimits(limits: contracts.Limits | undefined, isGrant: boolean): Limits {
  const wanted: Record<MeteredType, bigint | null> = { ...UNLIMITED };
  for (const type of METERED_TYPES) {
    const limit = limits?.[type];
    if (limit !== undefined) wanted[type] = readAmount(limit, `bucket.limits.${type}`);
    // What a grant does not name it does not give.
    else if (isGrant) wanted[type] = 0n;
  }
  return wanted;
}

function readPeriodKind(kind: contracts.PeriodKind, isGrant: boolean): PeriodKind {
  const field = 'bucket.periodKind';
  if (isGrant) {
    if (kind === contracts.PeriodKind.UNSPECIFIED) return 'WHOLE';
    return readChoice(contracts.PeriodKind, ['WHOLE'], kind, field);
  }
  if (kind === contracts.PeriodKind.UNSPECIFIED) return 'MONTH';
  return readChoice(contracts.PeriodKind, ['DAY', 'WEEK', 'MONTH', 'QUARTER'], kind, field);
}

function readTime(timeMs: bigint | undefined, isGrant: boolean, field: string): bigint | null {
  if (timeMs === undefined) return null;
  if (!isGrant) throw invalid(field, 'Only a supplementary bucket has a validity.');
  if (timeMs < 0n || timeMs > TIME_MAX_MS) throw invalid(field, 'This is no moment of a calendar.');
  return timeMs;
}

function readWhole(value: number, max: number, field: string): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return;
  throw invalid(field, `${field} must be a whole number from 1 to ${max}.`);
}

function readChoice<Name extends string, Value>(
  values: Readonly<Record<Name, Value>>,
  names: readonly Name[],
  wanted: Value,
  field: string,
): Name {
  const name = names.find((each) => values[each] === wanted);
  if (name !== undefined) return name;
  throw invalid(field, `${field} must be one of ${names.join(', ')}.`);
}
