import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { OrganisationRoutes } from '../routes/organisation-routes.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

type Routes = Pick<
  OrganisationRoutes,
  | 'listProjects'
  | 'createProject'
  | 'getProject'
  | 'updateProject'
  | 'removeProject'
  | 'listProjectMembers'
  | 'putProjectMember'
  | 'removeProjectMember'
>;

export const projects = ({ organisation }: ActorPorts): Handlers<Routes> => {
  const find = async (actor: Parameters<typeof organisation.getProject>[0]['actor'], projectId: string) =>
    answered((await organisation.getProject({ actor, projectId })).project);

  return {
    listProjects: async ({ actor, query }) => {
      const { projects: found, nextAfter } = await organisation.listProjects({ actor, page: pageIn(query) });
      return pageReply(found, nextAfter);
    },

    createProject: async ({ actor, body, idempotentId }) => {
      const { name, departmentId = '', projectId = idempotentId('prj') } = body;
      const made = await organisation.createProject({ actor, projectId, name, departmentId });
      const project = answered(made.project);
      return { status: 201, body: project };
    },

    getProject: async ({ actor, params }) => ({ body: await find(actor, params.project) }),

    updateProject: async ({ actor, params: { project: projectId }, body, expectedRevision }) => {
      const { name } = body;
      const changed = await organisation.updateProject({ actor, projectId, name, expectedRevision });
      const project = answered(changed.project);
      return { body: project };
    },

    removeProject: async ({ actor, params: { project: projectId } }) => {
      const { keysRevoked } = await organisation.removeProject({ actor, projectId });
      return { body: { projectId, keysRevoked } };
    },

    listProjectMembers: async ({ actor, params: { project: projectId }, query }) => {
      const found = await organisation.listProjectMembers({ actor, projectId, page: pageIn(query) });
      return pageReply(found.members, found.nextAfter);
    },

    putProjectMember: async ({ actor, reach, params }) => {
      const projectId = params.project;
      const { userId, name } = await reach.user(params.user);
      await organisation.putProjectMember({ actor, projectId, userId });
      return { body: { userId, userName: name } };
    },

    removeProjectMember: async ({ actor, reach, params }) => {
      const projectId = params.project;
      const { userId, name } = await reach.user(params.user);
      const { keysRevoked } = await organisation.removeProjectMember({ actor, projectId, userId });
      return { body: { userId, userName: name, keysRevoked } };
    },
  };
};
