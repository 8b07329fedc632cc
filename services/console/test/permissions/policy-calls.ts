import { AccessPolicy } from '@ai-switch/contracts';
import { aims, lists } from './attempts.ts';
import type { Calls } from './calls.ts';
import { freshKey } from './organisation-calls.ts';
import { recordEvent, type Target, type World } from './world.ts';

const userScope = ({ userId }: Target) => `user:${userId}`;
const departmentScope = ({ departmentId }: Target) => `department:${departmentId}`;
const keyScope = async (target: Target, world: World) => `key:${await freshKey(target, world)}`;

const withPolicy =
  (scopeOf: (target: Target) => string) =>
  async (target: Target, { ports, actorIn }: World): Promise<string> => {
    const scope = scopeOf(target);
    await ports.accessPolicies.putAccessPolicy({
      actor: actorIn(target.tenant),
      policy: AccessPolicy.create({ scope, isCachingAllowed: true }),
      expectedRevision: undefined,
    });
    return scope;
  };

const RULE = { ruleId: 'r', mode: 'contains', pattern: 'secret', action: 'flag' };
const AMOUNTS = { output: 1 };
const untilText = () => new Date(Date.now() + 86_400_000).toISOString();

export const policyCalls: Calls = {
  listQuotaRequests: lists('quotaRequestId', asked),
  createQuotaRequest: aims(async ({ userId }, world) => {
    await withdrawAll(userId, world);
    return { body: { amounts: AMOUNTS, until: untilText() } };
  }),
  getQuotaRequest: aims(async (target, world) => ({
    params: { quotaRequest: await asked(target, world) },
  })),
  approveQuotaRequest: aims(async (target, world) => ({
    params: { quotaRequest: await asked(await newcomer(target, world), world) },
    body: {},
  })),
  refuseQuotaRequest: aims(async (target, world) => ({
    params: { quotaRequest: await asked(target, world) },
    body: {},
  })),
  withdrawQuotaRequest: aims(async (target, world) => ({
    params: { quotaRequest: await asked(target, world) },
    body: {},
  })),

  'listAccessPolicies:user': lists('scope', withPolicy(userScope)),
  'listAccessPolicies:department': lists('scope', withPolicy(departmentScope)),
  'getAccessPolicy:user': aims((target) => ({ params: { scope: userScope(target) } })),
  'getAccessPolicy:department': aims((target) => ({ params: { scope: departmentScope(target) } })),
  'getAccessPolicy:key': aims(async (target, world) => ({
    params: { scope: await keyScope(target, world) },
  })),
  'putAccessPolicy:user': aims((target) => ({ params: { scope: userScope(target) }, body: {} })),
  'putAccessPolicy:department': aims((target) => ({ params: { scope: departmentScope(target) }, body: {} })),
  'putAccessPolicy:company': aims(() => ({ params: { scope: 'company' }, body: {} })),
  getEffectivePolicy: aims(({ userId }) => ({ params: { user: userId } })),

  listRuleSets: lists('ruleSetId', ruled),
  createRuleSet: aims(({ departmentId }) => ({ body: { name: 'Rules', departmentId, rules: [RULE] } })),
  getRuleSet: aims(async (target, world) => ({ params: { ruleSet: await ruled(target, world) } })),
  putRuleSet: aims(({ departmentId }, { fresh }) => ({
    params: { ruleSet: fresh('rs') },
    body: { name: 'Rules', departmentId, rules: [RULE] },
  })),
  removeRuleSet: aims(async (target, world) => ({ params: { ruleSet: await ruled(target, world) } })),
  testRules: aims(async (target, world) => ({
    body: { text: 'a secret', ruleSets: [await ruled(target, world)] },
    isDone: ({ hits }) => Array.isArray(hits) && hits.length === 0,
  })),
  countRuleHits: {
    attempt: async (world, target) => {
      const ruleSetId = world.fresh('rs');
      await recordEvent(world, target, {
        action: 'interception.block',
        subject: 'r',
        details: { ruleSetId },
      });
      const isDone = ({ items }: Readonly<Record<string, unknown>>) =>
        Array.isArray(items) && items.some((item) => item.ruleSetId === ruleSetId);
      return { isDone };
    },
  },
};

async function asked({ tenant, userId }: Target, world: World): Promise<string> {
  await withdrawAll(userId, world, tenant);
  const { quotaRequest } = await world.ports.accessPolicies.createQuotaRequest({
    actor: { tenant, userId },
    quotaRequestId: '',
    amounts: { output: 1n },
    untilMs: BigInt(Date.now() + 86_400_000),
    reason: '',
  });
  return quotaRequest?.quotaRequestId ?? '';
}

/** A user has but so many grants. */
async function newcomer(target: Target, world: World): Promise<Target> {
  return target.place === 'self' ? target : { ...target, userId: await world.freshUser(target) };
}

/** A user has but so many open ones. */
async function withdrawAll(userId: string, { ports }: World, tenant = 'default'): Promise<void> {
  const actor = { tenant, userId };
  const { quotaRequests } = await ports.accessPolicies.listQuotaRequests({
    actor,
    state: 'QUOTA_REQUEST_STATE_OPEN',
    page: { after: '', limit: 1_000 },
  });
  for (const { quotaRequestId, userId: whose } of quotaRequests) {
    if (whose !== userId) continue;
    await ports.accessPolicies.decideQuotaRequest({
      actor,
      quotaRequestId,
      state: 'QUOTA_REQUEST_STATE_WITHDRAWN',
      answer: '',
      grantId: '',
    });
  }
}

async function ruled({ tenant, departmentId }: Target, { ports, actorIn, fresh }: World): Promise<string> {
  const { ruleSet } = await ports.accessPolicies.putRuleSet({
    actor: actorIn(tenant),
    ruleSetId: fresh('rs'),
    name: 'Rules',
    departmentId,
    rules: [],
    expectedRevision: undefined,
  });
  return ruleSet?.ruleSetId ?? '';
}
