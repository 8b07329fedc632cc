import { z } from 'zod';
import { ROLES, wordsOf } from '../words.ts';
import type { Route } from './route.ts';
import { flag, pageOf, pageQuery, reference, revision, timeMs, unitId } from './schemas.ts';

const title = z.string().min(1).max(128);
const departmentIds = z.array(z.string()).describe('From the top down.');

const company = z
  .object({
    company: z.string(),
    name: z.string(),
    isSuspended: z.boolean().describe('Its keys and sessions are refused until it is resumed.'),
    createdAtMs: timeMs,
    revision,
  })
  .meta({ id: 'Company' });

const department = z
  .object({
    departmentId: z.string(),
    parentId: z.string().describe('Empty: the company.'),
    name: z.string(),
    path: z.string().describe('`/<division>/<department>/`'),
    tier: z.number().int().describe('2 division, 3 department, 4 team.'),
    createdAtMs: timeMs,
    revision,
  })
  .meta({ id: 'Department' });

const user = z
  .object({
    userId: z.string(),
    name: z.string(),
    role: z.enum(wordsOf(ROLES)).describe('The highest that he holds.'),
    departmentIds,
    departmentPath: z.string(),
    isSuspended: z.boolean(),
    createdAtMs: timeMs,
    revision,
  })
  .meta({ id: 'User' });

const roleGrant = z
  .object({
    roleGrantId: z.string(),
    userId: z.string(),
    userName: z.string(),
    role: z.enum(wordsOf(ROLES)),
    departmentId: z.string().describe('With `departmentAdmin`; empty otherwise.'),
    grantedBy: z.string(),
    createdAtMs: timeMs,
  })
  .meta({ id: 'RoleGrant' });

const project = z
  .object({
    projectId: z.string(),
    name: z.string(),
    departmentPath: z.string().describe('Whose admins run it; `/` for the company’s.'),
    createdAtMs: timeMs,
    revision,
  })
  .meta({ id: 'Project' });

const projectMember = z.object({ userId: z.string(), userName: z.string() }).meta({ id: 'ProjectMember' });

const organisationReport = z
  .object({
    isDryRun: z.boolean(),
    departmentsCreated: z.number().int(),
    usersCreated: z.number().int(),
    rolesGranted: z.number().int(),
    projectsCreated: z.number().int(),
    membersAdded: z.number().int(),
    linesUnchanged: z.number().int().describe('Everything of them was there already.'),
    problems: z
      .array(z.object({ line: z.number().int(), column: z.string(), problem: z.string() }))
      .describe('Every line that is wrong. With one, nothing is changed.'),
  })
  .meta({ id: 'ImportReport' });

const importLine = z.strictObject({
  department: z.string().max(512).default('').describe('`Division/Department/Team`; empty: the company.'),
  user: z.string().max(128).default('').describe('Empty: the line makes departments only.'),
  role: z.enum(['', 'member', 'departmentAdmin', 'companyAdmin']).default(''),
  projects: z.array(unitId).max(100).default([]).describe('Made when missing; the user becomes a member.'),
});

export const organisationRoutes = {
  listCompanies: {
    method: 'get',
    path: '/companies',
    tag: 'companies',
    summary: 'List every company, for root; one’s own for everybody else',
    permission: 'member',
    query: pageQuery,
    reply: pageOf(company),
  },
  createCompany: {
    method: 'post',
    path: '/companies',
    tag: 'companies',
    summary: 'Make a company; the same again makes nothing more',
    permission: 'root',
    body: z.strictObject({
      company: z
        .string()
        .regex(/^[a-z0-9-]{1,48}$/, 'it has 1 to 48 small letters, digits and dashes')
        .describe('Its id.'),
      name: title,
    }),
    creates: true,
    reply: company,
    hasRevision: true,
  },
  getCompany: {
    method: 'get',
    path: '/companies/:company',
    tag: 'companies',
    summary: 'Read a company',
    permission: 'member',
    reply: company,
    hasRevision: true,
  },
  updateCompany: {
    method: 'patch',
    path: '/companies/:company',
    tag: 'companies',
    summary: 'Rename a company, or suspend and resume it, which is for root',
    permission: 'companyAdmin',
    body: z.strictObject({ name: title.optional(), isSuspended: z.boolean().optional() }),
    reply: company,
    hasRevision: true,
  },

  listDepartments: {
    method: 'get',
    path: '/departments',
    tag: 'departments',
    summary: 'List the departments that one runs, or those below one of them',
    permission: 'departmentAdmin',
    query: pageQuery.extend({ below: unitId.optional().describe('A department: only those below it.') }),
    reply: pageOf(department),
  },
  createDepartment: {
    method: 'post',
    path: '/departments',
    tag: 'departments',
    summary: 'Add a department below another, or below the company',
    permission: 'departmentAdmin',
    body: z.strictObject({
      departmentId: unitId.optional().describe('Chosen by the caller, who may send the same again.'),
      parentId: unitId.optional().describe('Left out: the company.'),
      name: title,
    }),
    creates: true,
    takesIdempotencyKey: true,
    reply: department,
    hasRevision: true,
  },
  getDepartment: {
    method: 'get',
    path: '/departments/:department',
    tag: 'departments',
    summary: 'Read a department',
    permission: 'departmentAdmin',
    reply: department,
    hasRevision: true,
  },
  updateDepartment: {
    method: 'patch',
    path: '/departments/:department',
    tag: 'departments',
    summary: 'Rename a department, or move it with all below it',
    permission: 'departmentAdmin',
    body: z.strictObject({
      name: title.optional(),
      parentId: z
        .union([unitId, z.literal('')])
        .optional()
        .describe('Empty: the company.'),
    }),
    reply: department.extend({
      departmentsMoved: z.number().int(),
      usersMoved: z.number().int(),
    }),
    hasRevision: true,
  },
  removeDepartment: {
    method: 'delete',
    path: '/departments/:department',
    tag: 'departments',
    summary: 'Remove an empty department',
    permission: 'departmentAdmin',
    reply: z.object({ departmentId: z.string(), name: z.string() }),
    hasRevision: true,
  },

  listUsers: {
    method: 'get',
    path: '/users',
    tag: 'users',
    summary: 'List the users that one sees',
    permission: 'member',
    query: pageQuery.extend({
      department: unitId.optional().describe('Of this department and all below it.'),
      namePrefix: reference.optional(),
    }),
    reply: pageOf(user),
  },
  createUser: {
    method: 'post',
    path: '/users',
    tag: 'users',
    summary: 'Add a user, who is a member; roles are granted to him after that',
    permission: 'departmentAdmin',
    body: z.strictObject({
      userId: unitId.optional().describe('Chosen by the caller, who may send the same again.'),
      name: reference,
      departmentId: unitId.optional().describe('Left out: none, directly in the company.'),
    }),
    creates: true,
    takesIdempotencyKey: true,
    reply: user,
    hasRevision: true,
  },
  getUser: {
    method: 'get',
    path: '/users/:user',
    tag: 'users',
    summary: 'Read a user',
    permission: 'member',
    reply: user,
    hasRevision: true,
  },
  updateUser: {
    method: 'patch',
    path: '/users/:user',
    tag: 'users',
    summary: 'Rename a user, move him to another department, or suspend him',
    permission: 'departmentAdmin',
    body: z.strictObject({
      name: reference.optional(),
      departmentId: z
        .union([unitId, z.literal('')])
        .optional()
        .describe('Empty: none.'),
      isSuspended: z.boolean().optional(),
    }),
    reply: user,
    hasRevision: true,
  },
  removeUser: {
    method: 'delete',
    path: '/users/:user',
    tag: 'users',
    summary: 'Remove a user, revoke every key of his and end his sessions',
    permission: 'departmentAdmin',
    reply: z.object({ userId: z.string(), name: z.string(), keysRevoked: z.number().int() }),
    hasRevision: true,
  },

  listRoleGrants: {
    method: 'get',
    path: '/role-grants',
    tag: 'roles',
    summary: 'List who holds which role',
    permission: 'member',
    query: pageQuery.extend({ user: reference.optional() }),
    reply: pageOf(roleGrant),
  },
  grantRole: {
    method: 'post',
    path: '/role-grants',
    tag: 'roles',
    summary: 'Grant a role that is not above one’s own; granting it again changes nothing',
    permission: 'departmentAdmin',
    body: z.strictObject({
      user: reference,
      role: z.enum(['root', 'companyAdmin', 'departmentAdmin']),
      departmentId: unitId.optional().describe('With `departmentAdmin`.'),
    }),
    creates: true,
    reply: roleGrant,
  },
  revokeRole: {
    method: 'delete',
    path: '/role-grants/:roleGrantId',
    tag: 'roles',
    summary: 'Take a role',
    permission: 'departmentAdmin',
    reply: z.object({ roleGrantId: z.string(), wasHeld: z.boolean() }),
  },

  listProjects: {
    method: 'get',
    path: '/projects',
    tag: 'projects',
    summary: 'List the projects that one runs or is a member of',
    permission: 'member',
    query: pageQuery,
    reply: pageOf(project),
  },
  createProject: {
    method: 'post',
    path: '/projects',
    tag: 'projects',
    summary: 'Make a project',
    permission: 'departmentAdmin',
    body: z.strictObject({
      projectId: unitId
        .optional()
        .describe('Names its bucket. Chosen by the caller, who may send the same again.'),
      name: title,
      departmentId: unitId.optional().describe('Whose admins run it; left out: the company’s.'),
    }),
    creates: true,
    takesIdempotencyKey: true,
    reply: project,
    hasRevision: true,
  },
  getProject: {
    method: 'get',
    path: '/projects/:project',
    tag: 'projects',
    summary: 'Read a project',
    permission: 'member',
    reply: project,
    hasRevision: true,
  },
  updateProject: {
    method: 'patch',
    path: '/projects/:project',
    tag: 'projects',
    summary: 'Rename a project',
    permission: 'departmentAdmin',
    body: z.strictObject({ name: title }),
    reply: project,
    hasRevision: true,
  },
  removeProject: {
    method: 'delete',
    path: '/projects/:project',
    tag: 'projects',
    summary: 'Remove a project and revoke the keys that are bound to it',
    permission: 'departmentAdmin',
    reply: z.object({ projectId: z.string(), keysRevoked: z.number().int() }),
  },
  listProjectMembers: {
    method: 'get',
    path: '/projects/:project/members',
    tag: 'projects',
    summary: 'List the members of a project',
    permission: 'member',
    query: pageQuery,
    reply: pageOf(projectMember),
  },
  putProjectMember: {
    method: 'put',
    path: '/projects/:project/members/:user',
    tag: 'projects',
    summary: 'Add a user to a project',
    permission: 'departmentAdmin',
    reply: projectMember,
  },
  removeProjectMember: {
    method: 'delete',
    path: '/projects/:project/members/:user',
    tag: 'projects',
    summary: 'Take a user out of a project and revoke his keys that are bound to it',
    permission: 'departmentAdmin',
    reply: projectMember.extend({ keysRevoked: z.number().int() }),
  },

  importOrganisation: {
    method: 'post',
    path: '/import',
    tag: 'import',
    summary: 'Add departments, users, roles, projects and members: all of it or nothing',
    description:
      'As CSV with the columns `department` (`Division/Department/Team`), `user`, `role` and `projects` (separated by `;`), or as JSON. What is there already is left as it is.',
    permission: 'departmentAdmin',
    query: z.strictObject({ dryRun: flag.optional().describe('Checks and reports, changes nothing.') }),
    body: z.strictObject({ lines: z.array(importLine).min(1).max(20_000) }),
    textBody: 'text/csv',
    reply: organisationReport,
  },
} as const satisfies Record<string, Route>;

export type OrganisationRoutes = typeof organisationRoutes;
