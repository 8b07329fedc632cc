import { Role } from '@ai-switch/contracts';
import { describe, expect, it } from 'vitest';
import { describeAuth, START_MS, TENANT } from './harness.ts';

describeAuth('users', (subject) => {
  describe('a user', () => {
    it('is made once, however often he is asked for', async () => {
      const users = await Promise.all(Array.from({ length: 5 }, () => subject.makeUser('mia')));
      expect(new Set(users.map(({ userId }) => userId)).size).toBe(1);
      expect(users[0]).toMatchObject({ name: 'mia', role: Role.MEMBER, createdAtMs: BigInt(START_MS) });
    });

    it('is not made again with another role', async () => {
      await subject.makeUser('mia');
      await expect(subject.makeUser('mia', Role.ROOT)).rejects.toMatchObject({ code: 'conflict' });
      expect((await subject.auth.getUser({ tenant: TENANT, user: 'mia' })).user?.role).toBe(Role.MEMBER);
    });

    it.each(['', 'a b', 'a/b', 'ä', 'x'.repeat(129), 'a\n', "'; drop table users; --"])(
      'is not called %j',
      async (name) => {
        await expect(subject.makeUser(name)).rejects.toMatchObject({
          code: 'invalid',
          details: { field: 'name' },
        });
      },
    );

    it('has the role root or member', async () => {
      await expect(subject.makeUser('mia', Role.UNSPECIFIED)).rejects.toMatchObject({ code: 'invalid' });
    });

    it('belongs to a company that exists', async () => {
      const request = { tenant: 'other', name: 'mia', role: Role.MEMBER, departmentIds: [] };
      await expect(subject.auth.createUser(request)).rejects.toMatchObject({ code: 'notFound' });
    });

    it('is found by id and by name, in his own company only', async () => {
      const user = await subject.makeUser('m.ia@example-1');
      for (const idOrName of [user.userId, user.name]) {
        expect((await subject.auth.getUser({ tenant: TENANT, user: idOrName })).user).toEqual(user);
        await expect(subject.auth.getUser({ tenant: 'other', user: idOrName })).rejects.toMatchObject({
          code: 'notFound',
        });
      }
    });

    it('is not shadowed by one who is named like his id', async () => {
      const user = await subject.makeUser('mia');
      await subject.makeUser(user.userId);
      expect((await subject.auth.getUser({ tenant: TENANT, user: user.userId })).user?.name).toBe('mia');
    });

    it('can be removed twice, and his name is free again', async () => {
      const user = await subject.makeUser('mia');
      await subject.auth.removeUser({ tenant: TENANT, userId: user.userId });
      expect(await subject.auth.removeUser({ tenant: TENANT, userId: user.userId })).toEqual({
        keysRevoked: 0,
      });
      await expect(subject.auth.getUser({ tenant: TENANT, user: 'mia' })).rejects.toMatchObject({
        code: 'notFound',
      });
      expect((await subject.makeUser('mia')).userId).not.toBe(user.userId);
    });

    it('is not removed by another company', async () => {
      const user = await subject.makeUser('mia');
      await subject.auth.removeUser({ tenant: 'other', userId: user.userId });
      expect((await subject.auth.getUser({ tenant: TENANT, user: 'mia' })).user).toEqual(user);
    });

    it('is not removed when he is the last root user', async () => {
      const { userId } = await subject.root();
      await expect(subject.auth.removeUser({ tenant: TENANT, userId })).rejects.toMatchObject({
        code: 'conflict',
      });
      await subject.auth.authenticate({ key: subject.opened.firstRootKey ?? '' });
    });

    it('of two root users who remove each other at once stays one', async () => {
      let first = await subject.root();
      // Several rounds, for the two have to meet in the middle.
      for (let round = 0; round < 10; round += 1) {
        const second = await subject.makeUser(`second${round}`, Role.ROOT);
        const removals = await Promise.allSettled([
          subject.auth.removeUser({ tenant: TENANT, userId: second.userId }),
          subject.auth.removeUser({ tenant: TENANT, userId: first.userId }),
        ]);
        expect(removals.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
        if (removals[0]?.status === 'rejected') first = second;
      }
    });
  });
});
