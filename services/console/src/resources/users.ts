import type { User } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { OrganisationRoutes } from '../routes/organisation-routes.ts';
import { ROLES, wordOf } from '../words.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

type Routes = Pick<OrganisationRoutes, 'listUsers' | 'createUser' | 'getUser' | 'updateUser' | 'removeUser'>;

export const users = ({ organisation }: ActorPorts): Handlers<Routes> => ({
  listUsers: async ({ actor, query: { department = '', namePrefix = '', ...page } }) => {
    const { users: found, nextAfter } = await organisation.listUsers({
      actor,
      departmentId: department,
      namePrefix,
      page: pageIn(page),
    });
    return pageReply(found.map(userReply), nextAfter);
  },

  createUser: async ({ actor, body, idempotentId, audit }) => {
    const { name, departmentId = '', userId = idempotentId('usr') } = body;
    const user = answered((await organisation.createUser({ actor, userId, name, departmentId })).user);
    await audit({ action: 'user.create', ...concerning(user), details: { name, departmentId } });
    return { status: 201, body: userReply(user) };
  },

  getUser: async ({ actor, params }) => ({
    body: userReply(answered((await organisation.getUser({ actor, user: params.user })).user)),
  }),

  updateUser: async ({ actor, params, body, expectedRevision, audit }) => {
    const { name, departmentId, isSuspended } = body;
    if (name === undefined && departmentId === undefined && isSuspended === undefined) {
      throw new Fault('invalid', 'Give a new name, another department or whether he is suspended.', {
        details: { field: 'name' },
      });
    }
    const before = answered((await organisation.getUser({ actor, user: params.user })).user);
    const changed = await organisation.updateUser({
      actor,
      userId: before.userId,
      name,
      departmentId,
      isSuspended,
      expectedRevision,
    });
    const user = answered(changed.user);
    await audit({
      action: departmentId === undefined ? 'user.update' : 'user.move',
      ...concerning(user),
      details: {
        name: user.name,
        ...(name !== undefined && { formerName: before.name }),
        ...(departmentId !== undefined && { before: before.departmentPath, after: user.departmentPath }),
        ...(isSuspended !== undefined && { isSuspended: String(isSuspended) }),
      },
    });
    return { body: userReply(user) };
  },

  removeUser: async ({ actor, params, expectedRevision, audit }) => {
    const user = answered((await organisation.getUser({ actor, user: params.user })).user);
    const { userId, name } = user;
    const { keysRevoked } = await organisation.removeUser({ actor, userId, expectedRevision });
    await audit({
      action: 'user.remove',
      ...concerning(user),
      details: { name, keysRevoked: String(keysRevoked) },
    });
    return { body: { userId, name, keysRevoked } };
  },
});

function concerning({ userId, departmentPath }: User) {
  return { subject: userId, userId, departmentPath };
}

function userReply({ role, ...user }: User) {
  return { ...user, role: wordOf(ROLES, role) };
}
