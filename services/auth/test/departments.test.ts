import { ListKeysRequest, ListUsersRequest, Role } from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { describe, expect, it } from 'vitest';
import { openAuth } from '../src/index.ts';
import { type AuthSchema, migrations } from '../src/schema.ts';
import { type AuthSubject, describeAuth, TENANT } from './harness.ts';

const PATH = ['emea', 'research', 'models', 'team-7'];

async function makeUserIn(subject: AuthSubject, departmentIds: string[]) {
  const request = { tenant: TENANT, name: 'mia', role: Role.MEMBER, departmentIds };
  const { user } = await subject.auth.createUser(request);
  if (user === undefined) throw new Error('no user in the answer');
  return user;
}

const departmentsOf = async (port: AuthSubject['auth'], key: string) =>
  (await port.authenticate({ key })).caller?.departmentIds;

describeAuth('departments and projects', (subject) => {
  describe('a user', () => {
    it('has his departments, from the top down, wherever he is read', async () => {
      const user = await makeUserIn(subject, PATH);
      expect(user.departmentIds).toEqual(PATH);
      expect((await subject.auth.getUser({ tenant: TENANT, user: 'mia' })).user).toEqual(user);
      const { users } = await subject.auth.listUsers(ListUsersRequest.create({ tenant: TENANT }));
      expect(users).toContainEqual(user);
      const { plaintext } = await subject.makeKeyFor(user.userId);
      expect(await departmentsOf(subject.auth, plaintext)).toEqual(PATH);
    });

    it('that is moved counts at once in his new departments, with every key of his', async () => {
      const { userId } = await makeUserIn(subject, PATH);
      const keys = [await subject.makeKeyFor(userId), await subject.makeKeyFor(userId)];
      for (const { plaintext } of keys) await subject.auth.authenticate({ key: plaintext });
      const { user } = await subject.auth.updateUser({ tenant: TENANT, userId, departmentIds: ['apac'] });
      expect(user).toMatchObject({ userId, name: 'mia', departmentIds: ['apac'] });
      for (const { plaintext } of keys) {
        expect(await departmentsOf(subject.auth, plaintext)).toEqual(['apac']);
      }
      await subject.auth.updateUser({ tenant: TENANT, userId, departmentIds: [] });
      expect(await departmentsOf(subject.auth, keys[0]?.plaintext ?? '')).toEqual([]);
    });

    it('that another process moved counts there after 5 seconds', async () => {
      const other = await subject.open();
      const { userId } = await makeUserIn(subject, ['emea']);
      const { plaintext } = await subject.makeKeyFor(userId);
      expect(await departmentsOf(other.port, plaintext)).toEqual(['emea']);
      await subject.auth.updateUser({ tenant: TENANT, userId, departmentIds: ['apac'] });
      subject.clock.now += 5_000;
      expect(await departmentsOf(other.port, plaintext)).toEqual(['apac']);
    });

    it('is moved by his own company only', async () => {
      const { userId } = await makeUserIn(subject, ['emea']);
      for (const request of [
        { tenant: 'other', userId },
        { tenant: TENANT, userId: 'usr_nobody' },
      ]) {
        await expect(subject.auth.updateUser({ ...request, departmentIds: ['apac'] })).rejects.toMatchObject({
          code: 'notFound',
        });
      }
      const { user } = await subject.auth.getUser({ tenant: TENANT, user: 'mia' });
      expect(user?.departmentIds).toEqual(['emea']);
    });

    it('that is asked for again stays where he is', async () => {
      const user = await makeUserIn(subject, ['emea']);
      expect(await makeUserIn(subject, ['emea'])).toEqual(user);
      expect(await makeUserIn(subject, [])).toEqual(user);
      await expect(makeUserIn(subject, ['apac'])).rejects.toMatchObject({ code: 'conflict' });
    });

    it.each([
      [['a', 'b', 'c', 'd', 'e']],
      [['a', 'a']],
      [['']],
      [['a:b']],
      [['a/b']],
      [['a b']],
      [['ä']],
      [['x'.repeat(49)]],
    ])('is not in %j', async (departmentIds) => {
      const refused = { code: 'invalid', details: { field: 'departmentIds' } };
      await expect(makeUserIn(subject, departmentIds)).rejects.toMatchObject(refused);
      const { userId } = await subject.root();
      await expect(subject.auth.updateUser({ tenant: TENANT, userId, departmentIds })).rejects.toMatchObject(
        refused,
      );
    });
  });

  describe('a key', () => {
    it('says to which project it is bound', async () => {
      const { userId } = await subject.makeUser('mia');
      const { key, plaintext } = await subject.makeKeyFor(userId, { projectId: 'web.shop_2-b' });
      expect(key.projectId).toBe('web.shop_2-b');
      const { keys } = await subject.auth.listKeys(ListKeysRequest.create({ tenant: TENANT, userId }));
      expect(keys).toEqual([key]);
      expect((await subject.auth.authenticate({ key: plaintext })).caller?.projectId).toBe('web.shop_2-b');
    });

    it.each(['a:b', 'a/b', ' ', 'ä', 'x'.repeat(49)])('is not bound to %j', async (projectId) => {
      const { userId } = await subject.makeUser('mia');
      await expect(subject.makeKeyFor(userId, { projectId })).rejects.toMatchObject({
        code: 'invalid',
        details: { field: 'projectId' },
      });
    });
  });

  it('a database from before there were any has users in no department and keys of no project', async () => {
    const url = subject.databaseUrl;
    const database = await openDatabase<AuthSchema>({ url, schema: 'auth', migrations });
    const [, added] = migrations;
    await database.kysely.schema.alterTable('users').dropColumn('department_ids').execute();
    await database.kysely.schema.alterTable('api_keys').dropColumn('project_id').execute();
    await added?.up(database.kysely as never);
    await database.close();
    const { auth, close } = await openAuth({ databaseUrl: url, clock: subject.clock });
    const { caller } = await auth.authenticate({ key: subject.opened.firstRootKey ?? '' });
    expect(caller).toMatchObject({ departmentIds: [], projectId: '' });
    await close();
  });
});
