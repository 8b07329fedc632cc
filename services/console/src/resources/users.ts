import { type Auth, Role, type User } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { pageOf, pageQuery, pageReply, reference, unitId } from '../read-input.ts';

const ROLES = { root: Role.ROOT, member: Role.MEMBER } as const;

/** From the top down. */
const departmentIds = z.array(unitId).max(4);

const newUser = z.strictObject({
  name: reference,
  role: z.enum(['root', 'member']).default('member'),
  departmentIds: departmentIds.default([]),
});
const move = z.strictObject({ departmentIds });

export const users: Resource<'users'> = ({ auth }) => ({
  'GET /users': async ({ caller, query }) => {
    const page = pageOf(query(pageQuery));
    const { users: found, nextAfter } = await auth.listUsers({ tenant: caller.tenant, page });
    return pageReply(found.map(userReply), nextAfter);
  },

  'POST /users': async ({ caller, body, audit }) => {
    const { name, role, departmentIds } = await body(newUser);
    const request = { tenant: caller.tenant, name, role: ROLES[role], departmentIds };
    const { user } = await auth.createUser(request);
    if (user === undefined) throw new Fault('internal', 'Auth answered without a user.');
    await audit('user.create', user.userId, { name, role, departmentIds: pathOf(user) });
    return { status: 201, body: userReply(user) };
  },

  'GET /users/:user': async ({ caller, param }) => ({
    body: userReply(await findUser(auth, caller.tenant, param('user'))),
  }),

  'PATCH /users/:user': async ({ caller: { tenant }, param, body, audit }) => {
    const { departmentIds } = await body(move);
    const before = await findUser(auth, tenant, param('user'));
    const { user } = await auth.updateUser({ tenant, userId: before.userId, departmentIds });
    if (user === undefined) throw new Fault('internal', 'Auth answered without a user.');
    await audit('user.move', user.userId, {
      name: user.name,
      before: pathOf(before),
      after: pathOf(user),
    });
    return { body: userReply(user) };
  },

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

function userReply({ userId, name, role, departmentIds, createdAtMs }: User): object {
  return { userId, name, role: role === Role.ROOT ? 'root' : 'member', departmentIds, createdAtMs };
}

/** Departments from the top down, in one text. */
function pathOf({ departmentIds }: User): string {
  return departmentIds.join(' > ');
}
