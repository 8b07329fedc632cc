import { Fault } from '@ai-switch/kernel';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { OrganisationRoutes } from '../routes/organisation-routes.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

type Routes = Pick<
  OrganisationRoutes,
  'listDepartments' | 'createDepartment' | 'getDepartment' | 'updateDepartment' | 'removeDepartment'
>;

export const departments = ({ organisation }: ActorPorts): Handlers<Routes> => ({
  listDepartments: async ({ actor, query: { below = '', ...page } }) => {
    const found = await organisation.listDepartments({ actor, belowId: below, page: pageIn(page) });
    return pageReply(found.departments, found.nextAfter);
  },

  createDepartment: async ({ actor, body, idempotentId }) => {
    const { name, parentId = '', departmentId = idempotentId('dep') } = body;
    const made = await organisation.createDepartment({ actor, departmentId, parentId, name });
    const department = answered(made.department);
    return { status: 201, body: department };
  },

  getDepartment: async ({ actor, params: { department: departmentId } }) => ({
    body: answered((await organisation.getDepartment({ actor, departmentId })).department),
  }),

  updateDepartment: async ({ actor, params, body, expectedRevision }) => {
    const departmentId = params.department;
    const { name, parentId } = body;
    if (name === undefined && parentId === undefined) {
      throw new Fault('invalid', 'Give a new name or a new parent.', { details: { field: 'name' } });
    }
    const changed = await organisation.updateDepartment({
      actor,
      departmentId,
      name,
      parentId,
      expectedRevision,
    });
    const department = answered(changed.department);
    const { departmentsMoved, usersMoved } = changed;
    return { body: { ...department, departmentsMoved, usersMoved } };
  },

  removeDepartment: async ({ actor, params, expectedRevision }) => {
    const departmentId = params.department;
    const { name } = answered((await organisation.getDepartment({ actor, departmentId })).department);
    await organisation.removeDepartment({ actor, departmentId, expectedRevision });
    return { body: { departmentId, name } };
  },
});
