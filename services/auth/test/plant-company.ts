// A random company, put straight into the tables. Names hold the word that no fault may hold.

import { Role } from '@ai-switch/contracts';
import type { AuthDatabase } from '../src/authority.ts';
import { keyRow } from '../src/organisation/keys.ts';
import { highestOf } from '../src/role-rules.ts';

export interface Planted {
  readonly userId: string;
  readonly name: string;
  readonly path: string;
  /** Paths that he runs. */
  readonly runs: readonly string[];
}

interface Placed {
  readonly id: string;
  readonly path: string;
  readonly userId?: string;
}

export interface Company {
  readonly tenant: string;
  readonly users: readonly Planted[];
  readonly departments: readonly Placed[];
  readonly keys: readonly Placed[];
  readonly grants: readonly Placed[];
  readonly policies: readonly Placed[];
}

/** A generator of one sequence (Lehmer's, of Park and Miller, 1988), so that a failure comes again. */
export function randomOf(seed: number) {
  let state = (seed * 7_919) % 2_147_483_647 || 1;
  const below = (bound: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  };
  return { below, pick };
}

const DEPARTMENTS_MAX = 12;
const USERS_MAX = 10;
/** Some differ in a wildcard or a capital only. */
const IDS = ['a', 'A', 'a_', 'aa', 'a-b', 'a.b', 'b', 'B', 'ab', 'a_b', 'axb', 'c'];

export async function plantCompany(database: AuthDatabase, seed: number): Promise<Company> {
  const random = randomOf(seed);
  const tenant = `company-${seed}`;
  const departments: Placed[] = [];
  for (const id of IDS.slice(0, random.below(DEPARTMENTS_MAX + 1))) {
    const parents = ['/', ...departments.map(({ path }) => path)].filter(
      (path) => path.split('/').length < 5,
    );
    departments.push({ id, path: `${random.pick(parents)}${id}/` });
  }
  const places = ['/', ...departments.map(({ path }) => path)];
  const users: Planted[] = [];
  const [keys, grants, policies]: [Placed[], Placed[], Placed[]] = [[], [], []];
  const rows = {
    users: [] as object[],
    api_keys: [] as object[],
    role_grants: [] as object[],
    access_policies: [] as object[],
  };
  const policyRow = (scope: string, path: string, userId: string) => {
    policies.push({ id: scope, path, ...(userId === '' ? {} : { userId }) });
    rows.access_policies.push({
      tenant,
      scope,
      department_path: path,
      user_id: userId,
      terms: '{}',
      set_from: '',
      revision: 1n,
      updated_at_ms: 0n,
    });
  };
  for (let index = 0; index < 1 + random.below(USERS_MAX); index += 1) {
    const [userId, name, path] = [`${tenant}-usr-${index}`, `canary-${index}`, random.pick(places)];
    const runs: string[] = [];
    const roles: Role[] = [];
    for (let grant = random.below(3); grant > 0; grant -= 1) {
      const department = departments.length === 0 ? undefined : random.pick(departments);
      const isCompany = department === undefined || random.below(8) === 0;
      const over = isCompany ? '/' : department.path;
      if (runs.includes(over)) continue;
      runs.push(over);
      const role = isCompany ? Role.COMPANY_ADMIN : Role.DEPARTMENT_ADMIN;
      roles.push(role);
      const id = `${userId}-${grant}`;
      grants.push({ id, path: over, userId });
      rows.role_grants.push({
        role_grant_id: id,
        tenant,
        user_id: userId,
        user_name: name,
        role,
        department_id: isCompany ? '' : department.id,
        department_path: over,
        granted_by: 'system',
        created_at_ms: 0n,
      });
    }
    users.push({ userId, name, path, runs });
    const user = {
      user_id: userId,
      tenant,
      name,
      role: highestOf(roles),
      department_path: path,
      is_suspended: 0n,
      created_at_ms: 0n,
      revision: 1n,
    };
    rows.users.push(user);
    const keyId = `${tenant}-key-${index}`.replace(/[^0-9a-z]/g, '');
    keys.push({ id: keyId, path, userId });
    rows.api_keys.push(
      keyRow(user, {
        keyId,
        digest: '0'.repeat(64),
        label: `canary ${index}`,
        models: [],
        networks: [],
        scopes: [],
        projectId: '',
        expiresAtMs: undefined,
        nowMs: 0,
      }),
    );
    if (random.below(3) === 0) policyRow(`user:${userId}`, path, userId);
  }
  for (const { id, path } of departments) if (random.below(2) === 0) policyRow(`department:${id}`, path, '');
  await database.transactionAsSystem('upkeep', async (trx) => {
    const company = { tenant, name: 'canary', is_suspended: 0n, created_at_ms: 0n, revision: 1n };
    await trx.insertInto('companies').values(company).execute();
    for (const { id, path } of departments) {
      const parent_id = path.split('/').at(-3) ?? '';
      await trx
        .insertInto('departments')
        .values({
          tenant,
          department_id: id,
          parent_id,
          name: `canary ${id}`,
          department_path: path,
          created_at_ms: 0n,
          revision: 1n,
        })
        .execute();
    }
    for (const [table, values] of Object.entries(rows)) {
      if (values.length > 0)
        await trx
          .insertInto(table as 'users')
          .values(values as never)
          .execute();
    }
  });
  return { tenant, users, departments, keys, grants, policies };
}
