import { Role } from '@ai-switch/contracts';
import { aims, lists } from './attempts.ts';
import type { Calls } from './calls.ts';
import type { Target, World } from './world.ts';

export const organisationCalls: Calls = {
  listCompanies: lists('company', ({ tenant }) => tenant, { company: 'default' }),
  createCompany: aims((_target, { fresh }) => ({ body: { company: fresh('company'), name: 'A company' } })),
  getCompany: aims(({ tenant }) => ({ params: { company: tenant } })),
  updateCompany: aims(({ tenant }, { fresh }) => ({
    params: { company: tenant },
    body: { name: fresh('Company') },
  })),
  'updateCompany:suspend': aims(({ tenant }) => ({
    params: { company: tenant },
    body: { isSuspended: false },
  })),

  listDepartments: lists('departmentId', ({ departmentId }) => departmentId),
  createDepartment: aims(({ departmentId }, { fresh }) => ({
    body: { parentId: departmentId, name: fresh('department') },
  })),
  getDepartment: aims(({ departmentId }) => ({ params: { department: departmentId } })),
  updateDepartment: aims(({ departmentId }, { fresh }) => ({
    params: { department: departmentId },
    body: { name: fresh('department') },
  })),
  // Somebody is in it, which only who may remove it is told.
  removeDepartment: aims(({ departmentId }) => ({
    params: { department: departmentId },
    passes: ['409 conflict'],
  })),

  listUsers: lists('userId', ({ userId }) => userId),
  createUser: aims(({ departmentId }, { fresh }) => ({ body: { name: fresh('user'), departmentId } })),
  getUser: aims(({ userId }) => ({ params: { user: userId } })),
  updateUser: aims(({ userId }, { fresh }) => ({ params: { user: userId }, body: { name: fresh('user') } })),
  removeUser: {
    spoilsActor: true,
    attempt: async (world, target) => ({ params: { user: await spoiltUser(world, target) } }),
  },

  listRoleGrants: lists('userId', async (target, world) => {
    if (target.place === 'self') return target.userId;
    const { userId } = await freshGrant(target, world);
    return userId;
  }),
  'grantRole:departmentAdmin': aims(async (target, world) => ({
    body: {
      user: await world.freshUser(target),
      role: 'departmentAdmin',
      departmentId: target.departmentId,
    },
  })),
  'grantRole:companyAdmin': aims(async (target, world) => ({
    body: { user: await world.freshUser(target), role: 'companyAdmin' },
  })),
  'grantRole:root': aims(async (target, world) => ({
    body: { user: await world.freshUser(target), role: 'root' },
  })),
  revokeRole: aims(async (target, world) => ({
    params: { roleGrantId: (await freshGrant(target, world)).roleGrantId },
    isDone: ({ wasHeld }) => wasHeld === true,
  })),

  listProjects: lists('projectId', ({ projectId }) => projectId),
  createProject: aims(({ departmentId }, { fresh }) => ({
    body: { projectId: fresh('prj'), name: 'A project', departmentId },
  })),
  getProject: aims(({ projectId }) => ({ params: { project: projectId } })),
  updateProject: aims(({ projectId }, { fresh }) => ({
    params: { project: projectId },
    body: { name: fresh('project') },
  })),
  removeProject: aims(async (target, world) => ({
    params: { project: await freshProject(target, world) },
  })),
  listProjectMembers: aims(({ projectId }) => ({ params: { project: projectId } })),
  putProjectMember: aims(({ projectId, userId }) => ({ params: { project: projectId, user: userId } })),
  removeProjectMember: aims(async (target, world) => ({
    params: { project: await freshProject(target, world), user: target.userId },
  })),

  listKeys: lists('keyId', freshKey),
  createKey: aims(({ userId }) => ({ body: { user: userId } })),
  getKey: aims(async (target, world) => ({ params: { keyId: await freshKey(target, world) } })),
  updateKey: aims(async (target, world) => ({
    params: { keyId: await freshKey(target, world) },
    body: { label: 'changed' },
  })),
  rotateKey: aims(async (target, world) => ({
    params: { keyId: await freshKey(target, world) },
    body: { overlapMs: 0 },
  })),
  revokeKey: aims(async (target, world) => ({ params: { keyId: await freshKey(target, world) } })),

  importOrganisation: aims(async (target, world) => ({
    body: { lines: [{ department: await namesOf(target, world), user: world.fresh('user') }] },
    isDone: ({ problems }) => Array.isArray(problems) && problems.length === 0,
  })),

  listSessions: lists('userId', async (target, world) => {
    if (target.place !== 'self') await freshSession(target, world);
    return target.userId;
  }),
  whoAmI: aims(({ userId }) => ({ isDone: (body) => body.userId === userId })),
  endUserSessions: {
    spoilsActor: true,
    attempt: (_world, { userId }) => ({ params: { user: userId } }),
  },
  endUserSession: aims(({ userId }) => ({ params: { user: userId, sessionId: 'ses_nothing' } })),
  resetPassword: {
    spoilsActor: true,
    attempt: (_world, { userId }) => ({ params: { user: userId }, body: {} }),
  },
  listIdentityProviders: lists('identityProviderId', freshIdentityProvider),
  putIdentityProvider: aims((target, { issuer }) => ({
    params: { identityProvider: 'put' },
    body: { name: 'Provider', issuer, clientId: 'a client' },
    isDone: () => target.tenant !== '',
  })),
  removeIdentityProvider: aims(async (target, world) => ({
    params: { identityProvider: await freshIdentityProvider(target, world) },
  })),
  linkIdentity: aims(async (target, world) => ({
    params: { user: target.userId, identityProvider: await freshIdentityProvider(target, world) },
    body: { subject: world.fresh('subject') },
  })),
};

/** Who acts removes himself; of others somebody new is removed. */
function spoiltUser(world: World, target: Target): Promise<string> | string {
  return target.place === 'self' ? target.userId : world.freshUser(target);
}

async function freshGrant(
  target: Target,
  world: World,
): Promise<{ readonly userId: string; readonly roleGrantId: string }> {
  const { tenant, departmentId } = target;
  const userId = await world.freshUser(target);
  const actor = world.actorIn(tenant);
  const role = Role.DEPARTMENT_ADMIN;
  const { roleGrant } = await world.ports.organisation.grantRole({ actor, userId, role, departmentId });
  return { userId, roleGrantId: roleGrant?.roleGrantId ?? '' };
}

async function freshProject({ place, tenant, departmentId, userId }: Target, world: World): Promise<string> {
  const projectId = world.fresh('prj');
  const { organisation } = world.ports;
  const actor = world.actorIn(tenant);
  const of = place === 'self' ? 'sibling' : departmentId;
  await organisation.createProject({ actor, projectId, name: projectId, departmentId: of });
  await organisation.putProjectMember({ actor, projectId, userId });
  return projectId;
}

export async function freshKey({ tenant, userId }: Target, world: World): Promise<string> {
  const { key } = await world.ports.organisation.createKey({
    actor: world.actorIn(tenant),
    userId,
    label: '',
    models: [],
    networks: [],
    scopes: [],
    expiresAtMs: undefined,
    projectId: '',
  });
  return key?.keyId ?? '';
}

async function namesOf({ tenant, departmentPath }: Target, world: World): Promise<string> {
  const names: string[] = [];
  for (const departmentId of departmentPath.split('/').filter((id) => id !== '')) {
    const actor = world.actorIn(tenant);
    const { department } = await world.ports.organisation.getDepartment({ actor, departmentId });
    names.push(department?.name ?? '');
  }
  return names.join('/');
}

const signedIn = new WeakMap<World, Set<string>>();

/** Once for each user: a password takes time to check. */
async function freshSession({ tenant, userId }: Target, world: World): Promise<void> {
  const known = signedIn.get(world) ?? new Set();
  signedIn.set(world, known);
  if (known.has(userId)) return;
  known.add(userId);
  const { signIn, organisation } = world.ports;
  const actor = world.actorIn(tenant);
  const { user } = await organisation.getUser({ actor, user: userId });
  const { password } = await signIn.resetPassword({ actor, userId });
  const from = { clientAddress: '192.0.2.8', userAgent: 'a test' };
  await signIn.signIn({ tenant, name: user?.name ?? '', password, ...from });
}

async function freshIdentityProvider({ tenant }: Target, world: World): Promise<string> {
  const identityProviderId = 'provider';
  await world.ports.signIn.putIdentityProvider({
    actor: world.actorIn(tenant),
    identityProvider: {
      identityProviderId,
      tenant,
      name: 'Provider',
      issuer: world.issuer,
      clientId: 'a client',
      hasClientSecret: false,
      scopes: [],
      isCreatingUsers: false,
      departmentId: '',
      nameClaim: 'preferred_username',
      updatedAtMs: 0n,
    },
    clientSecret: undefined,
  });
  return identityProviderId;
}
