import {
  CreateProjectRequest,
  ImportLine,
  ImportOrganisationRequest,
  ListDepartmentsRequest,
  ListProjectsRequest,
  ListUsersRequest,
  Role,
} from '@ai-switch/contracts';
import { describe, expect, it } from 'vitest';
import { describeAuth, TENANT } from './harness.ts';

describeAuth('projects and imports', (subject) => {
  const makeProject = (projectId: string, departmentId = '') =>
    subject.organisation.createProject(
      CreateProjectRequest.create({ actor: subject.root, projectId, name: projectId, departmentId }),
    );

  describe('a project', () => {
    it('is seen by its members, wherever they are, and by those who run its department', async () => {
      await subject.makeBranch('emea');
      await subject.makeBranch('apac');
      await makeProject('web', 'dep-emea');
      await makeProject('other', 'dep-emea');
      const mia = await subject.makeUser('mia', { departmentId: 'dep-apac' });
      const ada = await subject.makeUser('ada', { departmentId: 'dep-emea', role: Role.DEPARTMENT_ADMIN });
      await subject.organisation.putProjectMember({
        actor: subject.root,
        projectId: 'web',
        userId: mia.userId,
      });
      const seen = async (userId: string) => {
        const request = ListProjectsRequest.create({ actor: { tenant: TENANT, userId } });
        return (await subject.organisation.listProjects(request)).projects.map(({ projectId }) => projectId);
      };
      expect(await seen(mia.userId)).toEqual(['web']);
      expect(await seen(ada.userId)).toEqual(['other', 'web']);
    });

    it('is drawn on by keys that are bound to it, and by requests that name it', async () => {
      await makeProject('web.shop_2-b');
      await makeProject('api');
      const { userId } = await subject.makeUser('mia');
      const bind = () => subject.makeKeyFor(userId, { projectId: 'web.shop_2-b' });
      await expect(bind()).rejects.toMatchObject({ code: 'forbidden', details: { field: 'projectId' } });
      for (const projectId of ['web.shop_2-b', 'api']) {
        await subject.organisation.putProjectMember({ actor: subject.root, projectId, userId });
      }
      const bound = (await bind()).plaintext;
      const free = (await subject.makeKeyFor(userId)).plaintext;
      const projectOf = async (key: string, projectId?: string) =>
        (await subject.auth.authenticate({ key, projectId })).caller?.projectId;
      expect(await projectOf(bound)).toBe('web.shop_2-b');
      expect(await projectOf(free)).toBe('');
      expect(await projectOf(free, 'api')).toBe('api');
      const refused = { code: 'forbidden', details: { field: 'project' } };
      for (const [key, projectId] of [
        [bound, 'api'],
        [free, 'unknown'],
        [free, '../api'],
      ] as const) {
        await expect(projectOf(key, projectId)).rejects.toMatchObject(refused);
      }
      await subject.organisation.removeProjectMember({
        actor: subject.root,
        projectId: 'web.shop_2-b',
        userId,
      });
      await expect(projectOf(bound)).rejects.toMatchObject({ code: 'unauthenticated' });
      expect(await subject.organisation.removeProject({ actor: subject.root, projectId: 'api' })).toEqual({
        keysRevoked: 0,
      });
      await expect(projectOf(free, 'api')).rejects.toMatchObject(refused);
    });
  });

  describe('an import', () => {
    const LINES = [
      {
        line: 2,
        department: ['EMEA', 'Research'],
        user: 'ada',
        role: 'departmentAdmin',
        projects: ['web', 'api'],
      },
      { line: 3, department: ['EMEA', 'Research', 'Models'], user: 'bob', role: '', projects: ['web'] },
      { line: 4, department: ['APAC'], user: '', role: '', projects: [] },
      { line: 5, department: [], user: 'cora', role: 'companyAdmin', projects: [] },
    ];
    const bring = (lines: readonly Partial<ImportLine>[], isDryRun = false, actor = subject.root) =>
      subject.organisation.importOrganisation(
        ImportOrganisationRequest.create({
          actor,
          lines: lines.map((line) => ImportLine.create(line)),
          isDryRun,
        }),
      );
    const counts = async () => {
      const actor = subject.root;
      const { departments } = await subject.organisation.listDepartments(
        ListDepartmentsRequest.create({ actor }),
      );
      const { users } = await subject.organisation.listUsers(ListUsersRequest.create({ actor }));
      return [departments.length, users.length];
    };

    it('makes a tree with its people, and changes nothing when it comes again', async () => {
      expect(await bring(LINES, true)).toMatchObject({
        problems: [],
        departmentsCreated: 4,
        usersCreated: 3,
      });
      expect(await counts()).toEqual([0, 1]);
      expect(await bring(LINES)).toEqual({
        problems: [],
        departmentsCreated: 4,
        usersCreated: 3,
        rolesGranted: 2,
        projectsCreated: 2,
        membersAdded: 3,
        linesUnchanged: 0,
      });
      expect(await counts()).toEqual([4, 4]);
      expect((await subject.user('ada')).role).toBe(Role.DEPARTMENT_ADMIN);
      expect((await subject.user('bob')).departmentIds).toHaveLength(3);
      expect(await bring(LINES)).toMatchObject({ problems: [], usersCreated: 0, linesUnchanged: 4 });
      expect(await counts()).toEqual([4, 4]);
    });

    it('with bad lines names every one of them and does nothing', async () => {
      await bring(LINES);
      const before = await counts();
      const { problems } = await bring([
        { line: 2, department: ['New'], user: 'new' },
        { line: 3, department: ['a', 'b', 'c', 'd'], user: 'deep' },
        { line: 4, department: ['x/y'], user: 'slash' },
        { line: 5, user: 'not a name' },
        { line: 6, user: 'eva', role: 'king' },
        { line: 7, user: 'eva', role: 'departmentAdmin' },
        { line: 8, department: ['APAC'], user: 'ada' },
        { line: 9, user: 'eva', projects: ['a:b'] },
        { line: 10, user: '', role: 'member' },
        { line: 11 },
      ]);
      expect(problems.map(({ line, column }) => [line, column])).toEqual([
        [3, 'department'],
        [4, 'department'],
        [5, 'user'],
        [6, 'role'],
        [7, 'role'],
        [8, 'user'],
        [9, 'projects'],
        [10, 'user'],
        [11, 'user'],
      ]);
      expect(problems.every(({ problem }) => problem.length > 10)).toBe(true);
      expect(await counts()).toEqual(before);
    });

    it('makes nothing and nobody outside of what its sender runs', async () => {
      await bring(LINES);
      const actor = { tenant: TENANT, userId: (await subject.user('ada')).userId };
      const { problems } = await bring(
        [
          { line: 2, department: ['EMEA', 'Research', 'Data'], user: 'dan' },
          { line: 3, department: ['APAC', 'Sales'], user: 'sam' },
          { line: 4, department: ['EMEA', 'Research'], user: 'kim', role: 'companyAdmin' },
          { line: 5, department: ['APAC'], user: 'cora' },
        ],
        false,
        actor,
      );
      expect(problems.map(({ line }) => line)).toEqual([3, 4, 5]);
      expect(
        await bring([{ line: 2, department: ['EMEA', 'Research', 'Data'], user: 'dan' }], false, actor),
      ).toMatchObject({
        problems: [],
        departmentsCreated: 1,
        usersCreated: 1,
      });
    });

    it('of more than 20,000 lines is refused', async () => {
      const many = Array.from({ length: 20_001 }, (_, index) => ({ line: index, user: `u${index}` }));
      await expect(bring(many, true)).rejects.toMatchObject({ code: 'tooLarge' });
    });
  });
});
