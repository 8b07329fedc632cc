// What a policy sets, as it is stored. A term that is absent is not set at that scope.

import type { AccessPolicy, RateLimit } from '@ai-switch/contracts';
import { isNetwork } from '@ai-switch/kernel';
import { hasControlCharacter, invalid } from '../request-rules.ts';
import type { AccessPolicyRow } from './schema.ts';

export interface Terms {
  readonly models?: readonly string[];
  readonly networks?: readonly string[];
  readonly rateLimit?: StoredRateLimit;
  readonly userRateLimit?: StoredRateLimit;
  readonly isCachingAllowed?: boolean;
  readonly ruleSets?: readonly string[];
}

/** Numbers: a limit is far below 2^53. */
export interface StoredRateLimit {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  readonly concurrentRequests: number;
}

const TEXTS_MAX = 200;
const TEXT_CHARACTERS_MAX = 256;
const RULE_SETS_MAX = 20;
const REQUESTS_MAX = 1_000_000_000n;
const TOKENS_MAX = 1_000_000_000_000n;

/** @throws Fault `invalid` that names the field */
export function readTerms(policy: AccessPolicy): Terms {
  const { models, networks, rateLimit, userRateLimit, isCachingAllowed, ruleSets } = policy;
  if (models !== undefined) checkTexts('models', models.values, TEXTS_MAX);
  if (networks !== undefined) checkTexts('networks', networks.values, TEXTS_MAX);
  if (networks?.values.some((network) => !isNetwork(network))) {
    throw invalid('networks', 'A network is like 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32.');
  }
  if (ruleSets !== undefined) checkTexts('ruleSets', ruleSets.values, RULE_SETS_MAX);
  return {
    ...(models !== undefined && { models: models.values }),
    ...(networks !== undefined && { networks: networks.values }),
    ...(rateLimit !== undefined && { rateLimit: readRateLimit('rateLimit', rateLimit) }),
    ...(userRateLimit !== undefined && { userRateLimit: readRateLimit('userRateLimit', userRateLimit) }),
    ...(isCachingAllowed !== undefined && { isCachingAllowed }),
    ...(ruleSets !== undefined && { ruleSets: [...new Set(ruleSets.values)] }),
  };
}

export function termsIn(row: Pick<AccessPolicyRow, 'terms'>): Terms {
  return JSON.parse(row.terms) as Terms;
}

export function policyOf(row: AccessPolicyRow): AccessPolicy {
  const { models, networks, rateLimit, userRateLimit, isCachingAllowed, ruleSets } = termsIn(row);
  const texts = (values: readonly string[] | undefined) =>
    values === undefined ? undefined : { values: [...values] };
  return {
    tenant: row.tenant,
    scope: row.scope,
    models: texts(models),
    networks: texts(networks),
    rateLimit: rateLimit === undefined ? undefined : rateLimitOf(rateLimit),
    userRateLimit: userRateLimit === undefined ? undefined : rateLimitOf(userRateLimit),
    isCachingAllowed,
    ruleSets: texts(ruleSets),
    revision: row.revision,
    updatedAtMs: row.updated_at_ms,
  };
}

export function rateLimitOf(stored: StoredRateLimit): RateLimit {
  return {
    requestsPerMinute: BigInt(stored.requestsPerMinute),
    tokensPerMinute: BigInt(stored.tokensPerMinute),
    concurrentRequests: BigInt(stored.concurrentRequests),
  };
}

function readRateLimit(field: string, limit: RateLimit): StoredRateLimit {
  const { requestsPerMinute, tokensPerMinute, concurrentRequests } = limit;
  const isWithin = (value: bigint, most: bigint) => value >= 0n && value <= most;
  if (
    !isWithin(requestsPerMinute, REQUESTS_MAX) ||
    !isWithin(tokensPerMinute, TOKENS_MAX) ||
    !isWithin(concurrentRequests, REQUESTS_MAX)
  ) {
    throw invalid(field, 'A rate limit is a whole number; 0 is no bound.');
  }
  return {
    requestsPerMinute: Number(requestsPerMinute),
    tokensPerMinute: Number(tokensPerMinute),
    concurrentRequests: Number(concurrentRequests),
  };
}

function checkTexts(field: string, values: readonly string[], most: number): void {
  const isWellFormed = (text: string) =>
    text.length >= 1 && text.length <= TEXT_CHARACTERS_MAX && !hasControlCharacter(text);
  if (values.length <= most && values.every(isWellFormed)) return;
  throw invalid(field, `At most ${most} of them, each with 1 to ${TEXT_CHARACTERS_MAX} characters.`);
}
