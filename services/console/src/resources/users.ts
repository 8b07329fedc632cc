import { type Auth, Role, type User } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { pageOf, pageQuery, pageReply, reference } from '../read-input.ts';

const ROLES = { root: Role.ROOT, member: Role.MEMBER } as const;

const newUser = z.strictObject({
  name: reference,
  role: z.enum(['root', 'member']).default('member'),
});

export const users: Resource<'users'> = ({ auth }) => ({
  'GET /users': async ({ caller, query }) => {
    const page = pageOf(query(pageQuery));
    const { users: found, nextAfter } = await auth.listUsers({ tenant: caller.tenant, page });
    return pageReply(found.map(userReply), nextAfter);
  },

  'POST /users': async ({ caller, body, audit }) => {
    const { name, role } = await body(newUser);
    const { user } = await auth.createUser({ tenant: caller.tenant, name, role: ROLES[role] });
    if (user === undefined) throw new Fault('internal', 'Auth answered without a user.');
    await audit('user.create', user.userId, { name, role });
    return { status: 201, body: userReply(user) };
  },

  'GET /users/:user': async ({ caller, param }) => ({
    body: userReply(await findUser(auth, caller.tenant, param('user'))),
  }),

  'DELETE /users/:user': async ({ caller, param, audit }) => {
    const { tenant } = caller;
    const { userId, name } = await findUser(auth, tenant, param('user'));
    const { keysRevoked } = await auth.removeUser({ tenant, userId });
    await audit('user.remove', userId, { name, keysRevoked: String(keysRevoked) });
    return { body: { userId, name, keysRevoked } };
  },
});

/** @throws Fault `notFound` */
export async function findUser(auth: Auth, tenant: string, user: string): Promise<User> {
  const { user: found } = await auth.getUser({ tenant, user });
  if (found === undefined) throw new Fault('notFound', 'There is no such user.');
  return found;
}

function userReply({ userId, name, role, createdAtMs }: User): object {
  return { userId, name, role: role === Role.ROOT ? 'root' : 'member', createdAtMs };
}
