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

  createUser: async ({ actor, body, idempotentId }) => {
    const { name, departmentId = '', userId = idempotentId('usr') } = body;
    const user = answered((await organisation.createUser({ actor, userId, name, departmentId })).user);
    return { status: 201, body: userReply(user) };
  },

  getUser: async ({ actor, params }) => ({
    body: userReply(answered((await organisation.getUser({ actor, user: params.user })).user)),
  }),

  updateUser: async ({ actor, params, body, expectedRevision }) => {
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
    return { body: userReply(user) };
  },

  removeUser: async ({ actor, params, expectedRevision }) => {
    const user = answered((await organisation.getUser({ actor, user: params.user })).user);
    const { userId, name } = user;
    const { keysRevoked } = await organisation.removeUser({ actor, userId, expectedRevision });
    return { body: { userId, name, keysRevoked } };
  },
});

function userReply({ role, ...user }: User) {
  return { ...user, role: wordOf(ROLES, role) };
}
