// Whatever stands on the way to a request, what holds is what a reader of the rules would say; and whoever sets one more
// policy permits no more by it.

import type { Database } from '@ai-switch/db';
import { databases } from '@ai-switch/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Terms } from '../../src/policy/policy-terms.ts';
import { type PolicySubject, type ResolvedPolicy, resolvePolicy } from '../../src/policy/resolve-policy.ts';
import { type AuthSchema, migrations } from '../../src/schema.ts';

const TENANT = 'default';
const MODELS = ['gpt-4', 'gpt-mini', 'claude', 'o1'];
const RULE_SETS = ['rs-1', 'rs-2', 'rs-3'];

const some = <Value>(values: readonly Value[]) => fc.subarray([...values]);
const limitOf = fc.record({
  requestsPerMinute: fc.nat({ max: 9 }),
  tokensPerMinute: fc.nat({ max: 9 }),
  concurrentRequests: fc.nat({ max: 9 }),
});
const termsOf: fc.Arbitrary<Terms> = fc.record(
  {
    models: some(['*', 'gpt-*', ...MODELS]),
    networks: some(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']),
    rateLimit: limitOf,
    userRateLimit: limitOf,
    isCachingAllowed: fc.boolean(),
    ruleSets: some(RULE_SETS),
  },
  { requiredKeys: [] },
);

/** Every scope that may be on the way, from the company down, and some that never are. */
const SCOPES = ['company', 'department:d1', 'department:d2', 'department:d3', 'project:p', 'user:u', 'key:k'];
const OTHERS = ['department:d9', 'project:q', 'user:v', 'key:l'];

const policiesOf = fc.uniqueArray(fc.tuple(fc.constantFrom(...SCOPES, ...OTHERS), termsOf), {
  selector: ([scope]) => scope,
});
const subjectOf: fc.Arbitrary<PolicySubject> = fc
  .record({
    depth: fc.nat({ max: 3 }),
    projectId: fc.constantFrom('', 'p'),
    hasKey: fc.boolean(),
    models: some(MODELS),
    networks: some(['10.1.0.0/16']),
  })
  .map(({ depth, projectId, hasKey, models, networks }) => ({
    tenant: TENANT,
    departmentIds: ['d1', 'd2', 'd3'].slice(0, depth),
    projectId,
    userId: 'u',
    keyId: hasKey ? 'k' : '',
    keyModels: hasKey ? models : [],
    keyNetworks: hasKey ? networks : [],
  }));

describe.each(databases)('what holds for a request, on $name', ({ name, open }) => {
  const runs = name === 'sqlite' ? 2_000 : 200;
  let database: Database<AuthSchema>;
  beforeAll(async () => {
    database = await open<AuthSchema>(migrations, 'auth');
    for (const [index, id] of RULE_SETS.entries()) await putRuleSet(id, index);
  });
  beforeEach(() => database.kysely.deleteFrom('access_policies').execute());
  afterAll(() => database.close());

  const putRuleSet = (id: string, index: number) =>
    database.kysely
      .insertInto('rule_sets')
      .values({
        rule_set_id: id,
        tenant: index === 2 ? 'other' : TENANT,
        name: id,
        department_path: '/',
        rules: '[]',
        rule_count: 0n,
        revision: BigInt(index + 7),
        updated_at_ms: 0n,
      })
      .execute();
  const put = async (policies: readonly (readonly [string, Terms])[], tenant = TENANT) => {
    if (policies.length === 0) return;
    const rows = policies.map(([scope, terms]) => ({
      tenant,
      scope,
      department_path: '/',
      user_id: '',
      set_from: '',
      terms: JSON.stringify(terms),
      revision: 1n,
      updated_at_ms: 0n,
    }));
    await database.kysely.insertInto('access_policies').values(rows).execute();
  };
  const resolved = async (
    policies: readonly (readonly [string, Terms])[],
    subject: PolicySubject,
    elsewhere: readonly (readonly [string, Terms])[] = [],
  ) => {
    await database.kysely.deleteFrom('access_policies').execute();
    await put(policies);
    await put(elsewhere, 'other');
    return resolvePolicy(database.kysely, subject);
  };

  it('is what each policy on its way says, and what none beside it and no other company says', async () => {
    await fc.assert(
      fc.asyncProperty(policiesOf, subjectOf, policiesOf, async (policies, subject, elsewhere) => {
        expect(await resolved(policies, subject, elsewhere)).toEqual(naive(policies, subject));
      }),
      { numRuns: runs },
    );
  });

  it('is never more for one more policy, but for the limit that a nearer one sets for each user', async () => {
    await fc.assert(
      fc.asyncProperty(
        policiesOf,
        subjectOf,
        fc.constantFrom(...SCOPES),
        termsOf,
        async (all, subject, at, terms) => {
          const policies = all.filter(([scope]) => scope !== at);
          const before = await resolved(policies, subject);
          const after = await resolved([...policies, [at, terms]], subject);
          for (const model of MODELS)
            expect(+mayUse(after, model)).toBeLessThanOrEqual(+mayUse(before, model));
          for (const network of before.networks) expect(after.networks).toContainEqual(network);
          expect(+after.policy.isCachingAllowed).toBeLessThanOrEqual(+before.policy.isCachingAllowed);
          for (const set of before.policy.ruleSets) expect(after.policy.ruleSets).toContainEqual(set);
          const bounds = ({ policy }: ResolvedPolicy) =>
            policy.rateLimits.slice(
              0,
              policies.filter(([scope, { rateLimit }]) => rateLimit && isOn(subject, scope)).length,
            );
          for (const bound of bounds(before)) expect(after.policy.rateLimits).toContainEqual(bound);
        },
      ),
      { numRuns: runs / 2 },
    );
  });
});

function mayUse({ policy }: ResolvedPolicy, alias: string): boolean {
  return policy.models.every(({ models }) =>
    models.some(
      (model) => model === '*' || model === alias || (model === 'gpt-*' && alias.startsWith('gpt-')),
    ),
  );
}

function isOn({ departmentIds, projectId, keyId }: PolicySubject, scope: string): boolean {
  if (scope === 'company' || scope === 'user:u') return true;
  if (scope === 'project:p') return projectId === 'p';
  if (scope === 'key:k') return keyId === 'k';
  return departmentIds.some((id) => scope === `department:${id}`);
}

function naive(policies: readonly (readonly [string, Terms])[], subject: PolicySubject): ResolvedPolicy {
  const way = SCOPES.filter((scope) => isOn(subject, scope)).flatMap((scope) =>
    policies.filter(([at]) => at === scope),
  );
  const big = ({
    requestsPerMinute,
    tokensPerMinute,
    concurrentRequests,
  }: NonNullable<Terms['rateLimit']>) => ({
    requestsPerMinute: BigInt(requestsPerMinute),
    tokensPerMinute: BigInt(tokensPerMinute),
    concurrentRequests: BigInt(concurrentRequests),
  });
  const result: ResolvedPolicy = {
    policy: { models: [], rateLimits: [], isCachingAllowed: true, ruleSets: [] },
    networks: [],
  };
  let each: Terms['userRateLimit'];
  for (const [scope, terms] of way) {
    if (terms.models) result.policy.models.push({ models: [...terms.models] });
    if (terms.networks) result.networks.push({ networks: [...terms.networks] });
    if (terms.rateLimit) result.policy.rateLimits.push({ scope, limit: big(terms.rateLimit) });
    if (terms.userRateLimit) each = terms.userRateLimit;
    if (terms.isCachingAllowed === false) result.policy.isCachingAllowed = false;
    for (const ruleSetId of terms.ruleSets ?? []) {
      const revision = { 'rs-1': 7n, 'rs-2': 8n }[ruleSetId];
      const isKnown = result.policy.ruleSets.some((known) => known.ruleSetId === ruleSetId);
      if (revision !== undefined && !isKnown) result.policy.ruleSets.push({ ruleSetId, revision });
    }
  }
  if (each) result.policy.rateLimits.push({ scope: 'user:u', limit: big(each) });
  if (subject.keyModels.length > 0) result.policy.models.push({ models: [...subject.keyModels] });
  if (subject.keyNetworks.length > 0) result.networks.push({ networks: [...subject.keyNetworks] });
  return result;
}
