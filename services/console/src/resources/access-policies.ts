import type { AccessPolicy, RateLimit } from '@ai-switch/contracts';
import { AddressSet, Fault, isNetwork } from '@ai-switch/kernel';
import type { AdminRequest, Handlers } from '../handler.ts';
import { FUNDING_TIERS } from '../quota/words.ts';
import { splitName } from '../reach/reach.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { PolicyRoutes } from '../routes/policy-routes.ts';
import { wordFor } from '../words.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

/** Where nobody set one; the nearest that is set holds by itself. */
const DEFAULT_ORDER = Object.keys(FUNDING_TIERS);

type Routes = Pick<
  PolicyRoutes,
  'listAccessPolicies' | 'getAccessPolicy' | 'putAccessPolicy' | 'getEffectivePolicy'
>;

export const accessPoliciesOf = ({ accessPolicies }: ActorPorts): Handlers<Routes> => {
  return {
    listAccessPolicies: async ({ actor, query }) => {
      const found = await accessPolicies.listAccessPolicies({ actor, page: pageIn(query) });
      return pageReply(found.policies.map(policyReply), found.nextAfter);
    },

    getAccessPolicy: async ({ actor, reach, params }) => {
      const scope = await scopeIn(reach, params.scope);
      return { body: policyReply(answered((await accessPolicies.getAccessPolicy({ actor, scope })).policy)) };
    },

    putAccessPolicy: async (request) => {
      const { actor, tenant, reach, params, body, expectedRevision } = request;
      const scope = await scopeIn(reach, params.scope);
      if (body.networks !== undefined) mustStayInside(request, scope, body.networks);
      const put = await accessPolicies.putAccessPolicy({
        actor,
        policy: {
          tenant,
          scope,
          models: body.models && { values: body.models },
          networks: body.networks && { values: body.networks },
          rateLimit: body.rateLimit && bigLimit(body.rateLimit),
          userRateLimit: body.userRateLimit && bigLimit(body.userRateLimit),
          isCachingAllowed: body.isCachingAllowed,
          ruleSets: body.ruleSets && { values: body.ruleSets },
          revision: 0n,
          updatedAtMs: 0n,
        },
        expectedRevision,
      });
      const policy = answered(put.policy);
      return { body: policyReply(policy) };
    },

    getEffectivePolicy: async ({ actor, reach, ledger, params, query: { key = '', project = '' } }) => {
      const user = await reach.user(params.user);
      const { userId } = user;
      const named = project === '' ? undefined : await reach.project(project);
      const explained = await accessPolicies.explainAccessPolicy({
        actor,
        user: userId,
        keyId: key,
        projectId: named?.projectId ?? '',
      });
      const values = explained.values.map(({ field, value, sources }) => ({
        field,
        value: JSON.parse(value) as unknown,
        sources: sources.map((source) => ({
          scope: source.scope,
          value: JSON.parse(source.value) as unknown,
        })),
      }));
      const orders = (await ledger.ordersFor(user, named)).map(({ scope, tiers }) => ({
        scope,
        value: tiers.map((tier) => wordFor(FUNDING_TIERS, tier) ?? tier),
      }));
      const fundingOrder = {
        field: 'fundingOrder',
        value: orders.at(-1)?.value ?? DEFAULT_ORDER,
        sources: orders,
      };
      return { body: { userId, keyId: key, projectId: project, values: [...values, fundingOrder] } };
    },
  };
};

/** Who shuts himself out cannot take it back. @throws Fault `conflict` */
function mustStayInside(
  { caller, tenant, clientAddress }: Pick<AdminRequest, 'caller' | 'tenant' | 'clientAddress'>,
  scope: string,
  networks: readonly string[],
): void {
  const { userId, keyId, departmentIds } = caller;
  const own = ['company', `user:${userId}`, `key:${keyId}`, ...departmentIds.map((id) => `department:${id}`)];
  if (tenant !== caller.tenant || !own.includes(scope)) return;
  if (!networks.every(isNetwork) || new AddressSet(networks).has(clientAddress)) return;
  throw new Fault(
    'conflict',
    `This would shut you out: you ask from ${clientAddress || 'an address that is not known'}, which is in none of the networks.`,
    { details: { field: 'networks' } },
  );
}

/** A user may be named by his name; the port knows ids only. */
async function scopeIn(reach: AdminRequest['reach'], text: string): Promise<string> {
  const { kind, id } = splitName(text);
  return kind === 'user' ? `user:${(await reach.user(id)).userId}` : text;
}

interface GivenLimit {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  readonly concurrentRequests: number;
}

function bigLimit({ requestsPerMinute, tokensPerMinute, concurrentRequests }: GivenLimit): RateLimit {
  return {
    requestsPerMinute: BigInt(requestsPerMinute),
    tokensPerMinute: BigInt(tokensPerMinute),
    concurrentRequests: BigInt(concurrentRequests),
  };
}

function policyReply({ models, networks, ruleSets, ...policy }: AccessPolicy) {
  return { ...policy, models: models?.values, networks: networks?.values, ruleSets: ruleSets?.values };
}
