import {
  CreateDepartmentRequest,
  ListDepartmentsRequest,
  ListUsersRequest,
  RemoveDepartmentRequest,
  Role,
  UpdateDepartmentRequest,
  UpdateUserRequest,
} from '@ai-switch/contracts';
import { describe, expect, it } from 'vitest';
import { type AuthSubject, describeAuth, TENANT } from './harness.ts';

const departmentsOf = async (port: AuthSubject['auth'], key: string) =>
  (await port.authenticate({ key })).caller?.departmentIds;

describeAuth('departments', (subject) => {
  const create = (departmentId: string, parentId: string, name = departmentId, actor = subject.root) =>
    subject.organisation.createDepartment(
      CreateDepartmentRequest.create({ actor, departmentId, parentId, name }),
    );
  const update = (departmentId: string, change: Parameters<typeof UpdateDepartmentRequest.create>[0]) =>
    subject.organisation.updateDepartment(
      UpdateDepartmentRequest.create({ actor: subject.root, departmentId, ...change }),
    );
  const remove = (departmentId: string, actor = subject.root) =>
    subject.organisation.removeDepartment(RemoveDepartmentRequest.create({ actor, departmentId }));
  const pathOf = async (departmentId: string) =>
    (await subject.organisation.getDepartment({ actor: subject.root, departmentId })).department?.path;

  describe('the tree', () => {
    it('has four tiers: the company, divisions, departments and teams', async () => {
      await subject.makeBranch('emea', 'research', 'models');
      const { departments } = await subject.organisation.listDepartments(
        ListDepartmentsRequest.create({ actor: subject.root }),
      );
      expect(departments.map(({ path, tier }) => [path, tier]).toSorted()).toEqual([
        ['/dep-emea/', 2],
        ['/dep-emea/dep-research/', 3],
        ['/dep-emea/dep-research/dep-models/', 4],
      ]);
      await expect(create('below', 'dep-models')).rejects.toMatchObject({
        code: 'invalid',
        details: { field: 'parentId' },
      });
    });

    it('has one department of a name among siblings, and others elsewhere', async () => {
      await subject.makeBranch('emea');
      await create('apac', '', 'apac');
      await create('sales-1', 'dep-emea', 'Sales');
      await create('sales-2', 'apac', 'Sales');
      await expect(create('sales-3', 'apac', 'Sales')).rejects.toMatchObject({ code: 'conflict' });
      await expect(update('apac', { name: 'emea' })).rejects.toMatchObject({ code: 'conflict' });
    });

    it('gains a department once, however often and however fast it is asked for', async () => {
      const made = await Promise.all(Array.from({ length: 5 }, () => create('emea', '')));
      expect(new Set(made.map(({ department }) => JSON.stringify(department?.path))).size).toBe(1);
      await expect(create('emea', '', 'other name')).rejects.toMatchObject({ code: 'conflict' });
    });

    it.each(['', ' a', 'a ', 'a/b', 'a\nb', 'x'.repeat(129)])('has no department called %j', async (name) => {
      const refused = { code: 'invalid', details: { field: 'name' } };
      await expect(create('emea', '', name)).rejects.toMatchObject(refused);
    });

    it.each(['a:b', 'a/b', ' ', 'ä', 'x'.repeat(49)])('has no department of the id %j', async (id) => {
      const refused = { code: 'invalid', details: { field: 'departmentId' } };
      await expect(create(id, '', 'name')).rejects.toMatchObject(refused);
    });

    it('does not confuse ids that look alike to a wildcard or to a reader of capitals', async () => {
      for (const id of ['a_b', 'axb', 'A_B']) {
        await create(id, '', id);
        await create(`${id}-team`, id, 'team');
      }
      const { departments } = await subject.organisation.listDepartments(
        ListDepartmentsRequest.create({ actor: subject.root, belowId: 'a_b' }),
      );
      expect(departments.map(({ departmentId }) => departmentId)).toEqual(['a_b-team']);
    });
  });

  describe('a move', () => {
    it('takes everything below along, with users, keys and grants of roles, at once', async () => {
      await subject.makeBranch('emea', 'research');
      await create('apac', '');
      const mia = await subject.makeUser('mia', { departmentId: 'dep-research' });
      const ada = await subject.makeUser('ada', {
        departmentId: 'dep-research',
        role: Role.DEPARTMENT_ADMIN,
      });
      const { plaintext } = await subject.makeKeyFor(mia.userId);
      expect(await departmentsOf(subject.auth, plaintext)).toEqual(['dep-emea', 'dep-research']);
      const moved = await update('dep-research', { parentId: 'apac' });
      expect(moved).toMatchObject({
        formerPath: '/dep-emea/dep-research/',
        department: { path: '/apac/dep-research/' },
        usersMoved: 2,
        departmentsMoved: 0,
      });
      expect(await departmentsOf(subject.auth, plaintext)).toEqual(['apac', 'dep-research']);
      const actor = { tenant: TENANT, userId: ada.userId };
      const { users } = await subject.organisation.listUsers(ListUsersRequest.create({ actor }));
      expect(users.map(({ name }) => name).toSorted()).toEqual(['ada', 'mia']);
      const { keys } = await subject.organisation.listKeys({ actor, userId: '', page: undefined });
      expect(keys).toHaveLength(1);
    });

    it('is not made below itself, nor deeper than the tree goes', async () => {
      await subject.makeBranch('emea', 'research', 'models');
      await create('apac', '');
      await create('asia', 'apac');
      for (const parentId of ['dep-emea', 'dep-research', 'dep-models', 'asia']) {
        await expect(update('dep-emea', { parentId })).rejects.toMatchObject({
          code: 'invalid',
          details: { field: 'parentId' },
        });
      }
      expect(await pathOf('dep-models')).toBe('/dep-emea/dep-research/dep-models/');
    });

    it('of two that would make a ring only one is made', async () => {
      await create('one', '');
      await create('two', '');
      const moves = await Promise.allSettled([
        update('one', { parentId: 'two' }),
        update('two', { parentId: 'one' }),
      ]);
      expect(moves.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    });

    it('leaves no row behind that is written at the same time', async () => {
      await subject.makeBranch('emea', 'research');
      await create('apac', '');
      const writes = Array.from({ length: 12 }, (_, index) => async () => {
        const place = index % 2 === 0 ? 'apac' : 'dep-emea';
        if (index % 3 === 0) await update('dep-research', { parentId: place });
        else await subject.makeUser(`user-${index}`, { departmentId: 'dep-research' });
      });
      await Promise.all(writes.map((write) => write()));
      const path = await pathOf('dep-research');
      const { users } = await subject.organisation.listUsers(
        ListUsersRequest.create({ actor: subject.root, namePrefix: 'user-' }),
      );
      expect(users).toHaveLength(8);
      for (const user of users) expect(user.departmentPath).toBe(path);
    });

    it('is refused to one who does not run where it comes from and where it goes', async () => {
      await subject.makeBranch('emea', 'research');
      await create('apac', '');
      const { userId } = await subject.makeUser('ada', {
        departmentId: 'dep-emea',
        role: Role.DEPARTMENT_ADMIN,
      });
      const actor = { tenant: TENANT, userId };
      // What he does not see is not there for him.
      await expect(update('dep-research', { actor, parentId: 'apac' })).rejects.toMatchObject({
        code: 'notFound',
      });
      const eva = await subject.makeUser('eva', {
        departmentId: 'dep-research',
        role: Role.DEPARTMENT_ADMIN,
      });
      const below = { tenant: TENANT, userId: eva.userId };
      await expect(update('dep-research', { actor: below, parentId: '' })).rejects.toMatchObject({
        code: 'forbidden',
      });
      expect(await pathOf('dep-research')).toBe('/dep-emea/dep-research/');
    });
  });

  describe('a department', () => {
    it('is removed when nothing is in it', async () => {
      await subject.makeBranch('emea', 'research');
      const { userId } = await subject.makeUser('mia', { departmentId: 'dep-research' });
      await expect(remove('dep-emea')).rejects.toMatchObject({ code: 'conflict' });
      await expect(remove('dep-research')).rejects.toMatchObject({ code: 'conflict' });
      await subject.organisation.updateUser(
        UpdateUserRequest.create({ actor: subject.root, userId, departmentId: '' }),
      );
      await remove('dep-research');
      await remove('dep-emea');
      await expect(remove('dep-emea')).rejects.toMatchObject({ code: 'notFound' });
    });

    it('takes the roles over it along', async () => {
      await subject.makeBranch('emea');
      const { userId } = await subject.makeUser('ada');
      const grant = { actor: subject.root, userId, role: Role.DEPARTMENT_ADMIN, departmentId: 'dep-emea' };
      await subject.organisation.grantRole(grant);
      expect((await subject.user('ada')).role).toBe(Role.DEPARTMENT_ADMIN);
      await remove('dep-emea');
      expect((await subject.user('ada')).role).toBe(Role.MEMBER);
    });

    it('is changed only by who read it last', async () => {
      await subject.makeBranch('emea');
      await update('dep-emea', { name: 'Europe', expectedRevision: 1n });
      await expect(update('dep-emea', { name: 'EU', expectedRevision: 1n })).rejects.toMatchObject({
        code: 'conflict',
        details: { reason: 'revision' },
      });
    });
  });

  it('a user that another process moved counts there within 5 seconds', async () => {
    const other = await subject.open();
    await subject.makeBranch('emea');
    const { userId } = await subject.makeUser('mia');
    const { plaintext } = await subject.makeKeyFor(userId);
    expect(await departmentsOf(other.port, plaintext)).toEqual([]);
    await subject.organisation.updateUser(
      UpdateUserRequest.create({ actor: subject.root, userId, departmentId: 'dep-emea' }),
    );
    subject.clock.now += 5_000;
    expect(await departmentsOf(other.port, plaintext)).toEqual(['dep-emea']);
  });
});
