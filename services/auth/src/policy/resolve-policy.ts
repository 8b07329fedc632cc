// What the policies on the way to a caller make of his requests. A nearer one narrows: lists must all hold what is asked for,
// every limit bounds, caching is allowed where nobody forbids it, rule sets add up. Only the limit of each user is replaced by
// the nearest, which is a default for those below and no bound on them together.

import type { CallerPolicy, NetworkList, PolicyValue } from '@ai-switch/contracts';
import type { Kysely } from 'kysely';
import type { AuthSchema } from '../schema.ts';
import { rateLimitOf, type Terms, termsIn } from './policy-terms.ts';

/** Whose requests a policy is resolved for. */
export interface PolicySubject {
  readonly tenant: string;
  /** From the top down. */
  readonly departmentIds: readonly string[];
  /** '' for none. */
  readonly projectId: string;
  readonly userId: string;
  /** '' for none. */
  readonly keyId: string;
  readonly keyModels: readonly string[];
  readonly keyNetworks: readonly string[];
}

export interface ResolvedPolicy {
  readonly policy: CallerPolicy;
  readonly networks: NetworkList[];
}

/** What is set at one scope on the way. */
interface Setting {
  readonly scope: string;
  readonly terms: Terms;
}

/** What holds for the subject's requests. */
export async function resolvePolicy(
  kysely: Kysely<AuthSchema>,
  subject: PolicySubject,
): Promise<ResolvedPolicy> {
  const settings = await settingsOn(kysely, subject);
  const ruleSetIds = [...new Set(settings.flatMap(({ terms }) => terms.ruleSets ?? []))];
  const revisions = await revisionsOf(kysely, subject.tenant, ruleSetIds);
  const modelLists = settings.flatMap(({ terms: { models } }) =>
    models === undefined ? [] : [{ models: [...models] }],
  );
  const networks = settings.flatMap(({ terms: { networks: list } }) =>
    list === undefined ? [] : [{ networks: [...list] }],
  );
  return {
    policy: {
      models: modelLists,
      rateLimits: rateLimitsOf(settings, subject.userId),
      isCachingAllowed: settings.every(({ terms }) => terms.isCachingAllowed !== false),
      // One that is gone since is not asked for: no policy can name one that is not there.
      ruleSets: ruleSetIds.flatMap((ruleSetId) => {
        const revision = revisions.get(ruleSetId);
        return revision === undefined ? [] : [{ ruleSetId, revision }];
      }),
    },
    networks,
  };
}

/** Every field of what holds, and everything that had a part in it, nearest last. */
export async function explainPolicy(
  kysely: Kysely<AuthSchema>,
  subject: PolicySubject,
): Promise<PolicyValue[]> {
  const settings = await settingsOn(kysely, subject);
  const { policy, networks } = await resolvePolicy(kysely, subject);
  const sourcesOf = (name: keyof Terms) =>
    settings.flatMap(({ scope, terms }) =>
      terms[name] === undefined ? [] : [{ scope, value: JSON.stringify(terms[name]) }],
    );
  const userLimit = settings.findLast(({ terms }) => terms.userRateLimit !== undefined)?.terms.userRateLimit;
  const valueAndSources: Readonly<
    Record<string, readonly [value: unknown, sources: PolicyValue['sources']]>
  > = {
    models: [policy.models.map(({ models }) => models), sourcesOf('models')],
    networks: [networks.map((list) => list.networks), sourcesOf('networks')],
    rateLimit: [
      settings.flatMap(({ scope, terms }) =>
        terms.rateLimit === undefined ? [] : [{ scope, ...terms.rateLimit }],
      ),
      sourcesOf('rateLimit'),
    ],
    userRateLimit: [userLimit ?? null, sourcesOf('userRateLimit')],
    caching: [policy.isCachingAllowed, sourcesOf('isCachingAllowed')],
    ruleSets: [policy.ruleSets.map(({ ruleSetId }) => ruleSetId), sourcesOf('ruleSets')],
  };
  return Object.entries(valueAndSources).map(([field, [value, sources]]) => ({
    field,
    value: JSON.stringify(value),
    sources,
  }));
}

/** From the company down to the key; the key's own lists come last. */
async function settingsOn(kysely: Kysely<AuthSchema>, subject: PolicySubject): Promise<Setting[]> {
  const { tenant, departmentIds, projectId, userId, keyId, keyModels, keyNetworks } = subject;
  const scopes = [
    'company',
    ...departmentIds.map((id) => `department:${id}`),
    ...(projectId === '' ? [] : [`project:${projectId}`]),
    `user:${userId}`,
    ...(keyId === '' ? [] : [`key:${keyId}`]),
  ];
  const rows = await kysely
    .selectFrom('access_policies')
    .select(['scope', 'terms'])
    .where('tenant', '=', tenant)
    .where('scope', 'in', scopes)
    .execute();
  const found = new Map(rows.map((row) => [row.scope, termsIn(row)]));
  const settings = scopes.flatMap((scope) => {
    const terms = found.get(scope);
    return terms === undefined ? [] : [{ scope, terms }];
  });
  const own = {
    ...(keyModels.length > 0 && { models: keyModels }),
    ...(keyNetworks.length > 0 && { networks: keyNetworks }),
  };
  return Object.keys(own).length === 0 ? settings : [...settings, { scope: `key:${keyId}`, terms: own }];
}

function rateLimitsOf(settings: readonly Setting[], userId: string): CallerPolicy['rateLimits'] {
  const limits = settings.flatMap(({ scope, terms: { rateLimit } }) =>
    rateLimit === undefined ? [] : [{ scope, limit: rateLimitOf(rateLimit) }],
  );
  const each = settings.findLast(({ terms }) => terms.userRateLimit !== undefined)?.terms.userRateLimit;
  return each === undefined ? limits : [...limits, { scope: `user:${userId}`, limit: rateLimitOf(each) }];
}

async function revisionsOf(
  kysely: Kysely<AuthSchema>,
  tenant: string,
  ruleSetIds: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  if (ruleSetIds.length === 0) return new Map();
  const rows = await kysely
    .selectFrom('rule_sets')
    .select(['rule_set_id', 'revision'])
    .where('tenant', '=', tenant)
    .where('rule_set_id', 'in', ruleSetIds)
    .execute();
  return new Map(rows.map((row) => [row.rule_set_id, row.revision]));
}
