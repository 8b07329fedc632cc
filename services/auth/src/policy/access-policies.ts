import type { AccessPolicies, AccessPolicy } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { type AuthRows, authorityOf } from '../authority.ts';
import { jsonText, record } from '../changes.ts';
import { projectIdsOf } from '../organisation/projects.ts';
import { departmentIdsIn } from '../organisation/rows.ts';
import { lockTree } from '../organisation/tree.ts';
import { findUser } from '../organisation/users.ts';
import { checkId, checkRevision, pageOf, readPage } from '../request-rules.ts';
import type { PolicyContext } from './context.ts';
import { mustSet, placeOf, setFrom } from './policy-scope.ts';
import { policyOf, readTerms, termsIn } from './policy-terms.ts';
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
        await lockTree(rows, 'share');
        const place = await placeOf(rows, scope);
        const before = await findPolicy(rows, scope);
        await mustSet(authority, rows, place, before);
        checkRevision(expectedRevision, before?.revision ?? 0n);
        const named = before === undefined ? [] : (termsIn(before).ruleSets ?? []);
        const added = (terms.ruleSets ?? []).filter((id) => !named.includes(id));
        await checkRuleSets(rows, added, place.departmentPath);
        const after: AccessPolicyRow = {
          tenant: authority.tenant,
          scope,
          department_path: place.departmentPath,
          user_id: place.userId,
          set_from: setFrom(authority, place),
          terms: JSON.stringify(terms),
          revision: (before?.revision ?? 0n) + 1n,
          updated_at_ms: BigInt(clock.nowMs()),
        };
        if (before === undefined) await rows.insert('access_policies', after);
        else await rows.updateTable('access_policies').set(after).where('scope', '=', scope).execute();
        const was = before === undefined ? emptyPolicy(authority.tenant, scope) : policyOf(before);
        await record(rows, authority, {
          action: 'accessPolicy.put',
          subject: scope,
          details: { before: textOf(was), after: textOf(policyOf(after)) },
          departmentPath: place.departmentPath,
          userId: place.userId,
        });
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
        const boundTo = key?.project_id ?? '';
        if (projectId !== '') await checkProject(rows, { userId, projectId, boundTo });
        return {
          tenant,
          departmentIds: departmentIdsIn(path),
          projectId: projectId || boundTo,
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

/** A request of his may draw on it. @throws Fault `notFound` */
async function checkProject(
  rows: AuthRows,
  { userId, projectId, boundTo }: Readonly<Record<'userId' | 'projectId' | 'boundTo', string>>,
): Promise<void> {
  const isPossible = boundTo === '' || boundTo === projectId;
  if (isPossible && (await projectIdsOf(rows, userId)).includes(projectId)) return;
  throw new Fault('notFound', 'The user asks for no such project.');
}

/** Those of a department are for policies of it and of what is below it. @throws Fault `notFound` */
async function checkRuleSets(rows: AuthRows, ruleSetIds: readonly string[], at: string): Promise<void> {
  if (ruleSetIds.length === 0) return;
  // As the system: who runs a department names those from above, too.
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
  const usable = found.filter((row) => at.startsWith(row.department_path)).map((row) => row.rule_set_id);
  if (ruleSetIds.every((id) => usable.includes(id))) return;
  throw new Fault('notFound', 'There is no such rule set that this policy could name.', {
    details: { field: 'ruleSets' },
  });
}

/** As the admin API shows it. */
function textOf({ models, networks, ruleSets, ...policy }: AccessPolicy): string {
  return jsonText({
    ...policy,
    models: models?.values,
    networks: networks?.values,
    ruleSets: ruleSets?.values,
  });
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
