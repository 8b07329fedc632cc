import {
  CreateUserRequest,
  ListUsersRequest,
  RemoveUserRequest,
  Role,
  UpdateUserRequest,
} from '@ai-switch/contracts';
import { describe, expect, it } from 'vitest';
import { describeAuth, START_MS, TENANT } from './harness.ts';

describeAuth('users', (subject) => {
  const remove = (userId: string, actor = subject.root) =>
    subject.organisation.removeUser(RemoveUserRequest.create({ actor, userId }));
  const update = (change: Parameters<typeof UpdateUserRequest.create>[0]) =>
    subject.organisation.updateUser(UpdateUserRequest.create({ actor: subject.root, ...change }));

  describe('a user', () => {
    it('is made once, however often he is asked for', async () => {
      const users = await Promise.all(Array.from({ length: 5 }, () => subject.makeUser('mia')));
      expect(new Set(users.map(({ userId }) => userId)).size).toBe(1);
      expect(users[0]).toMatchObject({ name: 'mia', role: Role.MEMBER, createdAtMs: BigInt(START_MS) });
    });

    it('is not made again in another department, nor under another id', async () => {
      await subject.makeBranch('emea');
      await subject.makeUser('mia');
      await expect(subject.makeUser('mia', { departmentId: 'dep-emea' })).rejects.toMatchObject({
        code: 'conflict',
      });
      const request = CreateUserRequest.create({ actor: subject.root, userId: 'chosen', name: 'mia' });
      await expect(subject.organisation.createUser(request)).rejects.toMatchObject({ code: 'conflict' });
    });

    it('has the id that its maker chose, once in the whole installation', async () => {
      const request = CreateUserRequest.create({ actor: subject.root, userId: 'chosen', name: 'mia' });
      expect((await subject.organisation.createUser(request)).user?.userId).toBe('chosen');
      await subject.organisation.createCompany({ actor: subject.root, tenant: 'other', name: 'Other' });
      const elsewhere = { ...request, actor: { ...subject.root, tenant: 'other' } };
      await expect(subject.organisation.createUser(elsewhere)).rejects.toMatchObject({ code: 'conflict' });
    });

    it.each(['', 'a b', 'a/b', 'ä', 'x'.repeat(129), 'a\n', "'; drop table users; --"])(
      'is not called %j',
      async (name) => {
        const refused = { code: 'invalid', details: { field: 'name' } };
        await expect(subject.makeUser(name)).rejects.toMatchObject(refused);
      },
    );

    it('belongs to a company that exists', async () => {
      const actor = { ...subject.root, tenant: 'other' };
      await expect(subject.makeUser('mia', { actor })).rejects.toMatchObject({ code: 'notFound' });
    });

    it('is found by id and by name, in his own company only', async () => {
      await subject.organisation.createCompany({ actor: subject.root, tenant: 'other', name: 'Other' });
      const user = await subject.makeUser('m.ia@example-1');
      for (const idOrName of [user.userId, user.name]) {
        expect(await subject.user(idOrName)).toEqual(user);
        await expect(subject.user(idOrName, { ...subject.root, tenant: 'other' })).rejects.toMatchObject({
          code: 'notFound',
        });
      }
    });

    it('is not shadowed by one who is named like his id', async () => {
      const user = await subject.makeUser('mia');
      await subject.makeUser(user.userId);
      expect((await subject.user(user.userId)).name).toBe('mia');
    });

    it('that was removed is not there, and his name is free again', async () => {
      const user = await subject.makeUser('mia');
      await remove(user.userId);
      await expect(remove(user.userId)).rejects.toMatchObject({ code: 'notFound' });
      await expect(subject.user('mia')).rejects.toMatchObject({ code: 'notFound' });
      expect((await subject.makeUser('mia')).userId).not.toBe(user.userId);
    });

    it('is not removed from another company', async () => {
      await subject.organisation.createCompany({ actor: subject.root, tenant: 'other', name: 'Other' });
      const user = await subject.makeUser('mia');
      await expect(remove(user.userId, { ...subject.root, tenant: 'other' })).rejects.toMatchObject({
        code: 'notFound',
      });
      expect(await subject.user('mia')).toEqual(user);
    });

    it('is not removed when he is the last root user', async () => {
      await expect(remove(subject.root.userId)).rejects.toMatchObject({ code: 'conflict' });
      await subject.auth.authenticate({ key: subject.opened.firstRootKey ?? '' });
    });

    it('of two root users who remove each other at once stays one', async () => {
      let first = subject.root;
      // Several rounds, for the two have to meet in the middle.
      for (let round = 0; round < 10; round += 1) {
        const { userId } = await subject.organisation
          .createUser(CreateUserRequest.create({ actor: first, name: `second${round}` }))
          .then(({ user }) => user ?? expect.unreachable());
        await subject.organisation.grantRole({ actor: first, userId, role: Role.ROOT, departmentId: '' });
        const second = { tenant: TENANT, userId };
        const removals = await Promise.allSettled([remove(userId, first), remove(first.userId, second)]);
        expect(removals.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
        if (removals[0]?.status === 'rejected') first = second;
      }
    });

    it('is renamed, and his old name is free', async () => {
      const { userId } = await subject.makeUser('mia');
      await subject.makeUser('bob');
      await expect(update({ userId, name: 'bob' })).rejects.toMatchObject({ code: 'conflict' });
      expect((await update({ userId, name: 'maria' })).user).toMatchObject({ name: 'maria', revision: 2n });
      await subject.makeUser('mia');
    });

    it('is changed only by who read him last', async () => {
      const { userId, revision } = await subject.makeUser('mia');
      await update({ userId, name: 'maria', expectedRevision: revision });
      await expect(update({ userId, name: 'eva', expectedRevision: revision })).rejects.toMatchObject({
        code: 'conflict',
        details: { reason: 'revision' },
      });
    });

    it('does not suspend himself', async () => {
      const { userId } = subject.root;
      await expect(update({ userId, isSuspended: true })).rejects.toMatchObject({ code: 'conflict' });
    });

    it('is found by the beginning of his name', async () => {
      for (const name of ['ada', 'adam', 'Ada', 'bob']) await subject.makeUser(name);
      const request = ListUsersRequest.create({ actor: subject.root, namePrefix: 'ada' });
      const { users } = await subject.organisation.listUsers(request);
      expect(users.map(({ name }) => name).toSorted()).toEqual(['ada', 'adam']);
    });
  });
});
