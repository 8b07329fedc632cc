// Every call that changes something leaves one event with the change, and none without.

import { randomBytes } from 'node:crypto';
import {
  AccessPoliciesDefinition,
  AccessPolicy,
  type Actor,
  AuthDefinition,
  CreateKeyRequest,
  CreateQuotaRequestRequest,
  CreateUserRequest,
  IdentityProvider,
  ImportLine,
  OrganisationDefinition,
  QuotaRequestState,
  Role,
  SignInDefinition,
  SignInRequest,
  UpdateCompanyRequest,
  UpdateDepartmentRequest,
  UpdateKeyRequest,
  UpdateUserRequest,
} from '@ai-switch/contracts';
import { entryOf } from '@ai-switch/event-log';
import { databases, type FreshDatabase, LOOPBACK_NETWORKS } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenAuth, openAuth } from '../src/index.ts';
import { type RunningProvider, startProvider } from './sign-in/identity-provider.ts';

/** Calls that change nothing that is anybody's to know of later. */
const WITHOUT_EVENT = /^(get|list|explain|authenticate|watch|beginOidc$)/;
const PASSWORD = 'a long enough passphrase 1';

let issuer: RunningProvider;
beforeAll(async () => {
  issuer = await startProvider();
});
afterAll(() => issuer.close());

describe.each(databases)('changes on $name', ({ create }) => {
  let fresh: FreshDatabase;
  let opened: OpenAuth;
  let actor: Actor;

  beforeAll(async () => {
    fresh = await create();
    opened = await openAuth({
      databaseUrl: fresh.url,
      secret: randomBytes(32),
      upstreamNetworks: LOOPBACK_NETWORKS,
    });
    actor = { ...opened.root, requestId: 'req_1', clientAddress: '192.0.2.7' };
  });
  afterAll(async () => {
    await opened.close();
    await fresh.drop();
  });

  /** What waits to be sent, which is taken away. */
  async function events() {
    const kysely = opened.database.asSystem('upkeep');
    const { rows } = await sql<{ data: string }>`select data from outbox order by event_id`.execute(kysely);
    await sql`delete from outbox`.execute(kysely);
    return rows.map(({ data }) => {
      const { record } = entryOf('aiswitch.audit.v1', data);
      return record as Extract<ReturnType<typeof entryOf>, { type: 'aiswitch.audit.v1' }>['record'];
    });
  }

  test('have their event, whichever call makes them', async () => {
    const { organisation, accessPolicies, signIn } = opened;
    const called = new Set<string>();
    const step = async <Answer>(call: string, action: string | undefined, work: () => Promise<Answer>) => {
      called.add(call);
      const answer = await work();
      const found = await events();
      expect(
        found.map((event) => event.action),
        call,
      ).toEqual(action === undefined ? [] : [action]);
      for (const event of found)
        expect(event).toMatchObject({ tenant: expect.any(String), subject: expect.any(String) });
      return answer;
    };
    await events();

    await step('createCompany', 'company.create', () =>
      organisation.createCompany({ actor, tenant: 'acme', name: 'Acme' }),
    );
    await step('createCompany', undefined, () =>
      organisation.createCompany({ actor, tenant: 'acme', name: 'Acme' }),
    );
    await step('updateCompany', 'company.update', () =>
      organisation.updateCompany(UpdateCompanyRequest.create({ actor, name: 'Home' })),
    );
    const department = { actor, departmentId: 'sales', parentId: '', name: 'Sales' };
    await step('createDepartment', 'department.create', () => organisation.createDepartment(department));
    await step('createDepartment', undefined, () => organisation.createDepartment(department));
    await step('createDepartment', 'department.create', () =>
      organisation.createDepartment({ ...department, departmentId: 'emea', name: 'EMEA' }),
    );
    await step('updateDepartment', 'department.rename', () =>
      organisation.updateDepartment(
        UpdateDepartmentRequest.create({ actor, departmentId: 'sales', name: 'Sale' }),
      ),
    );
    await step('updateDepartment', 'department.move', () =>
      organisation.updateDepartment(
        UpdateDepartmentRequest.create({ actor, departmentId: 'emea', parentId: 'sales' }),
      ),
    );
    const { user } = await step('createUser', 'user.create', () =>
      organisation.createUser(CreateUserRequest.create({ actor, name: 'mia', departmentId: 'emea' })),
    );
    const userId = user?.userId ?? '';
    const mia = { tenant: 'default', userId };
    await step('updateUser', 'user.update', () =>
      organisation.updateUser(UpdateUserRequest.create({ actor, userId, name: 'maria' })),
    );
    await step('updateUser', 'user.move', () =>
      organisation.updateUser(UpdateUserRequest.create({ actor, userId, departmentId: 'sales' })),
    );
    const { roleGrant } = await step('grantRole', 'role.grant', () =>
      organisation.grantRole({ actor, userId, role: Role.DEPARTMENT_ADMIN, departmentId: 'sales' }),
    );
    const roleGrantId = roleGrant?.roleGrantId ?? '';
    await step('revokeRole', 'role.revoke', () => organisation.revokeRole({ actor, roleGrantId }));
    await step('revokeRole', undefined, () => organisation.revokeRole({ actor, roleGrantId }));
    await step('createProject', 'project.create', () =>
      organisation.createProject({ actor, projectId: 'apollo', name: 'Apollo', departmentId: 'sales' }),
    );
    await step('updateProject', 'project.rename', () =>
      organisation.updateProject({ actor, projectId: 'apollo', name: 'Ares', expectedRevision: undefined }),
    );
    await step('putProjectMember', 'project.addMember', () =>
      organisation.putProjectMember({ actor, projectId: 'apollo', userId }),
    );
    const { key } = await step('createKey', 'key.create', () =>
      organisation.createKey(CreateKeyRequest.create({ actor, userId, label: 'laptop' })),
    );
    const keyId = key?.keyId ?? '';
    await step('updateKey', 'key.update', () =>
      organisation.updateKey(UpdateKeyRequest.create({ actor, keyId, label: 'desk' })),
    );
    await step('rotateKey', 'key.rotate', () => organisation.rotateKey({ actor, keyId, overlapMs: 0n }));
    await step('revokeKey', 'key.revoke', () => organisation.revokeKey({ actor, keyId }));
    await step('removeProjectMember', 'project.removeMember', () =>
      organisation.removeProjectMember({ actor, projectId: 'apollo', userId }),
    );
    await step('removeProject', 'project.remove', () =>
      organisation.removeProject({ actor, projectId: 'apollo' }),
    );
    const lines = [ImportLine.create({ line: 1, department: ['Law'], user: 'leo', role: 'member' })];
    await step('importOrganisation', undefined, () =>
      organisation.importOrganisation({ actor, lines, isDryRun: true }),
    );
    await step('importOrganisation', 'organisation.import', () =>
      organisation.importOrganisation({ actor, lines, isDryRun: false }),
    );

    const policy = AccessPolicy.create({
      tenant: 'default',
      scope: `user:${userId}`,
      models: { values: ['m'] },
    });
    await step('putAccessPolicy', 'accessPolicy.put', () =>
      accessPolicies.putAccessPolicy({ actor, policy, expectedRevision: undefined }),
    );
    const ruleSet = {
      actor,
      ruleSetId: 'guard',
      name: 'Guard',
      departmentId: '',
      rules: [],
      expectedRevision: undefined,
    };
    await step('putRuleSet', 'ruleSet.put', () => accessPolicies.putRuleSet(ruleSet));
    await step('removeRuleSet', 'ruleSet.remove', () =>
      accessPolicies.removeRuleSet({ actor, ruleSetId: 'guard' }),
    );
    const asked = CreateQuotaRequestRequest.create({
      actor: mia,
      quotaRequestId: 'qr-1',
      amounts: { output: 5n },
      untilMs: BigInt(Date.now() + 86_400_000),
      reason: 'a busy week',
    });
    await step('createQuotaRequest', 'quotaRequest.create', () => accessPolicies.createQuotaRequest(asked));
    const decision = { quotaRequestId: 'qr-1', state: QuotaRequestState.REFUSED, answer: 'no', grantId: '' };
    await step('decideQuotaRequest', 'quotaRequest.refuse', () =>
      accessPolicies.decideQuotaRequest({ actor, ...decision }),
    );
    await step('decideQuotaRequest', undefined, () =>
      accessPolicies.decideQuotaRequest({ actor, ...decision }),
    );

    const identityProvider = IdentityProvider.create({
      tenant: 'default',
      identityProviderId: 'sso',
      name: 'SSO',
      issuer: issuer.issuer,
      clientId: 'ai-switch',
    });
    await step('putIdentityProvider', 'identityProvider.put', () =>
      signIn.putIdentityProvider({ actor, identityProvider, clientSecret: 'client-secret-canary' }),
    );
    const link = { actor, userId, identityProviderId: 'sso', subject: 'mia' };
    await step('linkIdentity', 'user.linkIdentity', () => signIn.linkIdentity(link));
    await step('linkIdentity', undefined, () => signIn.linkIdentity(link));
    const { authorizationUrl, state } = await step('beginOidc', undefined, () =>
      signIn.beginOidc({
        tenant: 'default',
        identityProviderId: 'sso',
        redirectUri: 'https://gateway.example/callback',
      }),
    );
    expect([authorizationUrl, state]).toEqual([expect.any(String), expect.any(String)]);
    // The provider knows another secret: it is refused, and nothing of it is written down.
    await step('finishOidc', undefined, () =>
      signIn
        .finishOidc({
          state,
          cookieState: state,
          code: 'x',
          issuer: undefined,
          clientAddress: '',
          userAgent: '',
        })
        .catch(() => undefined),
    );
    await step('removeIdentityProvider', 'identityProvider.remove', () =>
      signIn.removeIdentityProvider({ actor, identityProviderId: 'sso' }),
    );
    const reset = await step('resetPassword', 'password.reset', () =>
      signIn.resetPassword({ actor, userId }),
    );
    const change = {
      actor: mia,
      currentPassword: reset.password,
      newPassword: PASSWORD,
      sessionId: '',
      clientAddress: '',
    };
    await step('changePassword', 'password.change', () => signIn.changePassword(change));
    const entry = SignInRequest.create({ tenant: 'default', name: 'maria', password: PASSWORD });
    const { session } = await step('signIn', 'session.begin', () => signIn.signIn(entry));
    await step('signOut', 'session.signOut', () => signIn.signOut({ token: session?.token ?? '' }));
    await step('endSessions', 'session.end', () =>
      signIn.endSessions({ actor, userId, sessionId: '', exceptSessionId: '' }),
    );
    await step('removeUser', 'user.remove', () =>
      organisation.removeUser({ actor, userId, expectedRevision: undefined }),
    );
    await step('removeDepartment', 'department.remove', () =>
      organisation.removeDepartment({ actor, departmentId: 'emea', expectedRevision: undefined }),
    );

    const all = [AuthDefinition, OrganisationDefinition, AccessPoliciesDefinition, SignInDefinition];
    const changing = all
      .flatMap(({ methods }) => Object.keys(methods))
      .filter((name) => !WITHOUT_EVENT.test(name));
    expect(
      changing.filter((name) => !called.has(name)),
      'calls that this test does not know',
    ).toEqual([]);
  });

  test('say who made them, from where, and on what', async () => {
    await events();
    const made = await opened.organisation.createUser(CreateUserRequest.create({ actor, name: 'noa' }));
    const userId = made.user?.userId ?? '';
    expect(await events()).toMatchObject([
      {
        tenant: 'default',
        actor: actor.userId,
        action: 'user.create',
        subject: userId,
        userId,
        departmentPath: '/',
        requestId: 'req_1',
        clientAddress: '192.0.2.7',
        details: { name: 'noa', departmentId: '' },
      },
    ]);
  });

  test('that are refused have none', async () => {
    await events();
    const { organisation } = opened;
    const refused = [
      organisation.createUser(CreateUserRequest.create({ actor, name: 'noa', userId: 'other-id' })),
      organisation.removeUser({ actor, userId: opened.root.userId, expectedRevision: undefined }),
      organisation.updateUser(UpdateUserRequest.create({ actor, userId: 'nobody', name: 'x' })),
      organisation.grantRole({ actor, userId: 'nobody', role: Role.ROOT, departmentId: '' }),
    ];
    for (const { status } of await Promise.allSettled(refused)) expect(status).toBe('rejected');
    expect(await events()).toEqual([]);
  });

  test('are not made when their event cannot be stored', async () => {
    const kysely = opened.database.asSystem('upkeep');
    await sql`alter table outbox rename to outbox_away`.execute(kysely);
    const made = opened.organisation.createUser(CreateUserRequest.create({ actor, name: 'ada' }));
    await expect(made).rejects.toThrow();
    await sql`alter table outbox_away rename to outbox`.execute(kysely);
    const { users } = await opened.organisation.listUsers({
      actor,
      departmentId: '',
      namePrefix: 'ada',
      page: { after: '', limit: 10 },
    });
    expect(users).toEqual([]);
  });
});
