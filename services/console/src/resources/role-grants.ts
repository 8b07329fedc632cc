import type { RoleGrant } from '@ai-switch/contracts';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { OrganisationRoutes } from '../routes/organisation-routes.ts';
import { ROLES, wordOf } from '../words.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

type Routes = Pick<OrganisationRoutes, 'listRoleGrants' | 'grantRole' | 'revokeRole'>;

export const roleGrants = ({ organisation }: ActorPorts): Handlers<Routes> => ({
  listRoleGrants: async ({ actor, reach, query: { user, ...page } }) => {
    const userId = user === undefined ? '' : (await reach.user(user)).userId;
    const found = await organisation.listRoleGrants({ actor, userId, page: pageIn(page) });
    return pageReply(found.roleGrants.map(grantReply), found.nextAfter);
  },

  grantRole: async ({ actor, reach, body }) => {
    const { user, role, departmentId = '' } = body;
    const { userId } = await reach.user(user);
    const granted = await organisation.grantRole({ actor, userId, role: ROLES[role], departmentId });
    const grant = answered(granted.roleGrant);
    return { status: 201, body: grantReply(grant) };
  },

  revokeRole: async ({ actor, params: { roleGrantId } }) => {
    const { roleGrant } = await organisation.revokeRole({ actor, roleGrantId });
    if (roleGrant === undefined) return { body: { roleGrantId, wasHeld: false } };
    return { body: { roleGrantId, wasHeld: true } };
  },
});

function grantReply({ role, ...grant }: RoleGrant) {
  return { ...grant, role: wordOf(ROLES, role) };
}
