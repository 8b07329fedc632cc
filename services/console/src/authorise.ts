import { type Auth, type Caller, Role } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Permission } from './permissions.ts';

const ROLE_FOR: Readonly<Record<Permission, Role>> = { root: Role.ROOT };

/** @throws Fault `unauthenticated` without a key in force, `forbidden` without the permission */
export async function authorise(auth: Auth, headers: Headers, permission: Permission): Promise<Caller> {
  const { caller } = await auth.authenticate({ key: keyIn(headers) });
  if (caller === undefined) throw new Fault('internal', 'Auth answered without a caller.');
  if (caller.role !== ROLE_FOR[permission]) {
    throw new Fault('forbidden', `This needs a key of a user with the role ${permission}.`);
  }
  return caller;
}

function keyIn(headers: Headers): string {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(headers.get('authorization') ?? '')?.[1];
  const key = bearer ?? headers.get('x-api-key');
  if (!key) {
    throw new Fault(
      'unauthenticated',
      'The admin API needs a key: send it as `Authorization: Bearer <key>` or as `x-api-key`.',
    );
  }
  return key;
}
