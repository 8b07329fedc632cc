// Random companies, and what each of their people sees and may touch, against the plain meaning of the tree: what is not at or
// below a department that one runs, and not one's own, is not read, listed, counted, searched, changed or named in a fault.
//
// AISWITCH_TEST_TREES says how many; each is a company of its own with up to 12 departments and 10 users.

import {
  CreateKeyRequest,
  CreateUserRequest,
  ListDepartmentsRequest,
  ListKeysRequest,
  ListRoleGrantsRequest,
  ListUsersRequest,
  RemoveUserRequest,
  Role,
  UpdateDepartmentRequest,
  UpdateUserRequest,
} from '@ai-switch/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuthDatabase } from '../src/authority.ts';
import { openAuth } from '../src/index.ts';
import { type Company, type Planted, plantCompany, randomOf } from './plant-company.ts';
import { treeCount } from './trees-config.ts';

let opened: Awaited<ReturnType<typeof openAuth>>;
beforeAll(async () => {
  opened = await openAuth({ databaseUrl: 'sqlite::memory:' });
});
afterAll(() => opened.close());

test(`in ${treeCount()} random companies nobody sees, touches or hears of what is outside of his scope`, async () => {
  for (let seed = 1; seed <= treeCount(); seed += 1) {
    const company = await plantCompany(opened.database, seed);
    try {
      await checkLists(company);
      await checkOne(company, seed);
    } catch (error) {
      throw new Error(`of the company with the seed ${seed}`, { cause: error });
    }
  }
}, 900_000);

/** The plain meaning of the tree. */
function isVisible(
  to: Planted,
  { path, userId }: { readonly path: string; readonly userId?: string },
): boolean {
  return to.runs.some((above) => path.startsWith(above)) || userId === to.userId;
}

async function checkLists(company: Company): Promise<void> {
  const { organisation, accessPolicies, signIn } = opened;
  for (const person of company.users) {
    const actor = { tenant: company.tenant, userId: person.userId };
    const page = { after: '', limit: 1_000 };
    const sees = <Row extends { readonly id: string; readonly path: string; readonly userId?: string }>(
      rows: readonly Row[],
    ) =>
      rows
        .filter((row) => isVisible(person, row))
        .map(({ id }) => id)
        .toSorted();
    const users = await organisation.listUsers(ListUsersRequest.create({ actor, page }));
    expect(users.users.map(({ userId }) => userId).toSorted()).toEqual(
      sees(company.users.map((user) => ({ id: user.userId, ...user }))),
    );
    const departments = await organisation.listDepartments(ListDepartmentsRequest.create({ actor, page }));
    expect(departments.departments.map(({ departmentId }) => departmentId).toSorted()).toEqual(
      sees(company.departments),
    );
    const keys = await organisation.listKeys(ListKeysRequest.create({ actor, page }));
    expect(keys.keys.map(({ keyId }) => keyId).toSorted()).toEqual(sees(company.keys));
    const grants = await organisation.listRoleGrants(ListRoleGrantsRequest.create({ actor, page }));
    expect(grants.roleGrants.map(({ roleGrantId }) => roleGrantId).toSorted()).toEqual(sees(company.grants));
    const policies = await accessPolicies.listAccessPolicies({ actor, page });
    expect(policies.policies.map(({ scope }) => scope).toSorted()).toEqual(sees(company.policies));
    const sessions = await signIn.listSessions({ actor, userId: '', page });
    expect(sessions.sessions).toEqual([]);
    const [found] = company.users.filter((user) => !isVisible(person, user));
    if (found === undefined) continue;
    const searched = ListUsersRequest.create({ actor, page, namePrefix: found.name });
    expect((await organisation.listUsers(searched)).users).toEqual([]);
  }
}

/** One person tries everything on one of everything; what he does not see answers as what is not there. */
async function checkOne(company: Company, seed: number): Promise<void> {
  const random = randomOf(seed);
  const person = random.pick(company.users);
  const actor = { tenant: company.tenant, userId: person.userId };
  const { organisation, accessPolicies } = opened;
  const user = random.pick(company.users);
  const key = random.pick(company.keys);
  const department = company.departments.length === 0 ? undefined : random.pick(company.departments);
  const attempts: (readonly [
    what: { readonly path: string; readonly userId?: string },
    call: () => Promise<unknown>,
  ])[] = [
    [user, () => organisation.getUser({ actor, user: user.name })],
    [
      user,
      () =>
        organisation.updateUser(UpdateUserRequest.create({ actor, userId: user.userId, isSuspended: false })),
    ],
    [
      user,
      () => organisation.createKey(CreateKeyRequest.create({ actor, userId: user.userId, label: 'new' })),
    ],
    [
      user,
      () =>
        organisation.grantRole({ actor, userId: user.userId, role: Role.COMPANY_ADMIN, departmentId: '' }),
    ],
    [user, () => accessPolicies.getAccessPolicy({ actor, scope: `user:${user.userId}` })],
    [
      user,
      () =>
        organisation.removeUser(
          RemoveUserRequest.create({ actor, userId: user.userId, expectedRevision: 99n }),
        ),
    ],
    [key, () => organisation.getKey({ actor, keyId: key.id })],
    [key, () => organisation.rotateKey({ actor, keyId: key.id, overlapMs: -1n })],
    [key, () => organisation.revokeKey({ actor, keyId: key.id })],
    ...(department === undefined
      ? []
      : ([
          [department, () => organisation.getDepartment({ actor, departmentId: department.id })],
          [
            department,
            () =>
              organisation.createUser(
                CreateUserRequest.create({ actor, name: 'new', departmentId: department.id }),
              ),
          ],
          [
            department,
            () =>
              organisation.updateDepartment(
                UpdateDepartmentRequest.create({
                  actor,
                  departmentId: department.id,
                  parentId: department.id,
                }),
              ),
          ],
        ] as const)),
  ];
  for (const [what, call] of attempts) {
    const isSeen = isVisible(person, what);
    const before = isSeen ? '' : await everythingOf(opened.database, company.tenant);
    const outcome = await call().then(
      () => undefined,
      (error: { readonly code: string; readonly message: string; readonly details: object }) => error,
    );
    if (outcome === undefined) {
      expect(isSeen).toBe(true);
      continue;
    }
    expect(JSON.stringify({ ...outcome, message: outcome.message })).not.toMatch(/canary/);
    if (isSeen) continue;
    expect(['notFound', 'invalid']).toContain(outcome.code);
    expect(await everythingOf(opened.database, company.tenant)).toBe(before);
  }
}

/** Every row of a company in one text. */
async function everythingOf(database: AuthDatabase, tenant: string): Promise<string> {
  const kysely = database.asSystem('upkeep');
  const rows: unknown[] = [];
  for (const table of Object.keys(database.tables) as (keyof typeof database.tables)[]) {
    rows.push(await kysely.selectFrom(table).selectAll().where('tenant', '=', tenant).execute());
  }
  return JSON.stringify(rows, (_name, value) => (typeof value === 'bigint' ? String(value) : value));
}
