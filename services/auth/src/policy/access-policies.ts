import type { AccessPolicies, AccessPolicy } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { type AuthRows, authorityOf } from '../authority.ts';
import { departmentIdsIn } from '../organisation/rows.ts';
import { findUser } from '../organisation/users.ts';
import { checkId, checkRevision, pageOf, readPage } from '../request-rules.ts';
import type { PolicyContext } from './context.ts';
import { mustSet, placeOf } from './policy-scope.ts';
import { policyOf, readTerms } from './policy-terms.ts';
import { explainPolicy } from './resolve-policy.ts';
import type { AccessPolicyRow } from './schema.ts';

type Calls = Pick<
  AccessPolicies,
  'putAccessPolicy' | 'getAccessPolicy' | 'listAccessPolicies' | 'explainAccessPolicy'
>;

export function accessPolicyCalls({ database, clock, onChange }: PolicyContext): Calls {
  return {
    putAccessPolicy: async ({ actor, policy, expectedRevision }) => {
      if (policy === undefined)
        throw new Fault('invalid', 'The policy is missing.', { details: { field: 'policy' } });
      const terms = readTerms(policy);
      const { scope } = policy;
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        const place = await placeOf(rows, scope);
        await mustSet(authority, rows, place);
        await checkRuleSets(rows, terms.ruleSets ?? []);
        const before = await findPolicy(rows, scope);
        checkRevision(expectedRevision, before?.revision ?? 0n);
        const after: AccessPolicyRow = {
          tenant: authority.tenant,
          scope,
          department_path: place.departmentPath,
          user_id: place.userId,
          terms: JSON.stringify(terms),
          revision: (before?.revision ?? 0n) + 1n,
          updated_at_ms: BigInt(clock.nowMs()),
        };
        if (before === undefined) await rows.insert('access_policies', after);
        else await rows.updateTable('access_policies').set(after).where('scope', '=', scope).execute();
        return after;
      });
      onChange(authority.tenant);
      return { policy: policyOf(row) };
    },

    getAccessPolicy: async ({ actor, scope }) => {
      const authority = await authorityOf(database, actor);
      const policy = await database.within(authority.scope, async (rows) => {
        await placeOf(rows, scope);
        const row = await findPolicy(rows, scope);
        return row === undefined ? emptyPolicy(authority.tenant, scope) : policyOf(row);
      });
      return { policy };
    },

    listAccessPolicies: async ({ actor, page }) => {
      const wanted = readPage(page);
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, (rows) =>
        rows
          .selectFrom('access_policies')
          .selectAll()
          .where('scope', '>', wanted.after)
          .orderBy('scope')
          .limit(wanted.rowsMax + 1)
          .execute(),
      );
      const { items, nextAfter } = pageOf(found, wanted, policyOf, (row) => row.scope);
      return { policies: items, nextAfter };
    },

    explainAccessPolicy: async ({ actor, user, keyId, projectId }) => {
      checkId('user', user);
      const { scope, tenant } = await authorityOf(database, actor);
      const subject = await database.within(scope, async (rows) => {
        const { user_id: userId, department_path: path } = await findUser(rows, user);
        const key = keyId === '' ? undefined : await findKeyOf(rows, userId, keyId);
        return {
          tenant,
          departmentIds: departmentIdsIn(path),
          projectId: projectId || (key?.project_id ?? ''),
          userId,
          keyId,
          keyModels: key === undefined ? [] : JSON.parse(key.models),
          keyNetworks: key === undefined ? [] : JSON.parse(key.networks),
        };
      });
      // As the system: what bounds one from above is his to know, and may be set where he does not see.
      return { values: await explainPolicy(database.asSystem('consequence'), subject) };
    },
  };
}

/** Policies of what is removed go with it. */
export async function removePolicy(rows: AuthRows, scope: string): Promise<void> {
  await rows.deleteFrom('access_policies').where('scope', '=', scope).execute();
}

/** The row is held to the end of the transaction. */
function findPolicy(rows: AuthRows, scope: string): Promise<AccessPolicyRow | undefined> {
  return rows
    .selectFrom('access_policies')
    .selectAll()
    .where('scope', '=', scope)
    .forUpdate()
    .executeTakeFirst();
}

async function findKeyOf(rows: AuthRows, userId: string, keyId: string) {
  const key = await rows
    .selectFrom('api_keys')
    .select(['models', 'networks', 'project_id'])
    .where('key_id', '=', keyId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (key === undefined) throw new Fault('notFound', 'The user has no such key.');
  return key;
}

/** One's own, and those of the departments above. @throws Fault `notFound` */
async function checkRuleSets(rows: AuthRows, ruleSetIds: readonly string[]): Promise<void> {
  if (ruleSetIds.length === 0) return;
  const paths = ['/', ...rows.scope.departmentPaths.flatMap(pathsAbove)];
  const found = await rows.asSystem('consequence', (trx) =>
    trx
      .selectFrom('rule_sets')
      .select(['rule_set_id', 'department_path'])
      .where('tenant', '=', rows.scope.tenant)
      .where('rule_set_id', 'in', ruleSetIds)
      // Held: it is not removed while a policy comes to name it.
      .forShare()
      .execute(),
  );
  const isUsable = (path: string) =>
    rows.scope.isWholeCompany ||
    paths.includes(path) ||
    rows.scope.departmentPaths.some((above) => path.startsWith(above));
  const usable = found.filter((row) => isUsable(row.department_path)).map((row) => row.rule_set_id);
  if (ruleSetIds.every((id) => usable.includes(id))) return;
  throw new Fault('notFound', 'There is no such rule set.', { details: { field: 'ruleSets' } });
}

/** `/`, `/dep_a/` and `/dep_a/dep_b/` for `/dep_a/dep_b/`. */
function pathsAbove(path: string): string[] {
  const ids = departmentIdsIn(path);
  return ids.map((_, depth) => `/${ids.slice(0, depth + 1).join('/')}/`);
}

function emptyPolicy(tenant: string, scope: string): AccessPolicy {
  return {
    tenant,
    scope,
    models: undefined,
    networks: undefined,
    rateLimit: undefined,
    userRateLimit: undefined,
    isCachingAllowed: undefined,
    ruleSets: undefined,
    revision: 0n,
    updatedAtMs: 0n,
  };
}
