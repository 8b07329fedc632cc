import { type Actor, ListKeysRequest, ListUsersRequest, RemoveUserRequest } from '@ai-switch/contracts';
import { describe, expect, it } from 'vitest';
import { describeAuth } from './harness.ts';

describeAuth('what auth lists', (subject) => {
  describe('a list', () => {
    const allUsers = async (limit: number) => {
      const pages: string[][] = [];
      let after = '';
      do {
        const { users, nextAfter } = await subject.organisation.listUsers(
          ListUsersRequest.create({ actor: subject.root, page: { after, limit } }),
        );
        pages.push(users.map(({ userId }) => userId));
        after = nextAfter;
      } while (after !== '');
      return pages;
    };

    it('is complete in pages of any size, without an empty page at the end', async () => {
      for (let index = 0; index < 7; index += 1) {
        subject.clock.now += 1;
        await subject.makeUser(`user${index}`);
      }
      for (const limit of [1, 2, 3, 4, 7, 8, 9, 1_000]) {
        const pages = await allUsers(limit);
        expect(new Set(pages.flat()).size).toBe(8);
        expect(pages.flat()).toEqual(pages.flat().toSorted());
        expect(pages).toHaveLength(Math.ceil(8 / limit));
      }
    });

    it('neither repeats nor hides a row while others are written', async () => {
      const before = await Promise.all(
        Array.from({ length: 20 }, (_, index) => subject.makeUser(`user${index}`)),
      );
      const seen: string[] = [];
      let after = '';
      let round = 0;
      do {
        const [{ users, nextAfter }] = await Promise.all([
          subject.organisation.listUsers(
            ListUsersRequest.create({ actor: subject.root, page: { after, limit: 3 } }),
          ),
          subject.makeUser(`late${round}`),
        ]);
        seen.push(...users.map(({ userId }) => userId));
        after = nextAfter;
        round += 1;
      } while (after !== '' && round < 50);
      expect(new Set(seen).size).toBe(seen.length);
      for (const { userId } of before) expect(seen).toContain(userId);
    });

    it('of keys is one user’s if he is named, and one company’s always', async () => {
      const user = await subject.makeUser('mia');
      await subject.makeKeyFor(user.userId);
      await subject.organisation.createCompany({ actor: subject.root, tenant: 'other', name: 'Other' });
      const other = { ...subject.root, tenant: 'other' };
      const list = async (actor: Actor, userId: string) =>
        (await subject.organisation.listKeys(ListKeysRequest.create({ actor, userId }))).keys.length;
      expect(await list(subject.root, '')).toBe(2);
      expect(await list(subject.root, user.userId)).toBe(1);
      expect(await list(other, '')).toBe(0);
      expect(await list(other, user.userId)).toBe(0);
    });

    it('holds no secret and no digest', async () => {
      const { plaintext } = await subject.makeKeyFor(subject.root.userId);
      const answers = [
        await subject.organisation.listKeys(ListKeysRequest.create({ actor: subject.root })),
        await subject.organisation.listUsers(ListUsersRequest.create({ actor: subject.root })),
        await subject.organisation.getUser({ actor: subject.root, user: 'root' }),
        (await subject.makeKeyFor(subject.root.userId)).key,
      ];
      const text = JSON.stringify(answers, (_name, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      const secret = plaintext.split('_')[2]?.slice(0, 43) ?? '';
      expect(text).not.toContain(secret);
      expect(text).not.toMatch(/[0-9a-f]{64}/);
      expect(text).not.toMatch(/digest|plaintext/i);
    });

    it.each([-1, 1_001])('has no page of %d rows', async (limit) => {
      await expect(
        subject.organisation.listUsers(
          ListUsersRequest.create({ actor: subject.root, page: { after: '', limit } }),
        ),
      ).rejects.toMatchObject({
        code: 'invalid',
        details: { field: 'page.limit' },
      });
    });
  });

  it.each(['\0', 'x'.repeat(129)])('an id like %j is refused in words', async (id) => {
    const { organisation: port, root: actor } = subject;
    const calls = [
      port.getUser({ actor, user: id }),
      port.removeUser(RemoveUserRequest.create({ actor, userId: id })),
      port.revokeKey({ actor, keyId: id }),
      port.listKeys({ actor, userId: id, page: undefined }),
      port.listUsers(ListUsersRequest.create({ actor, page: { after: id, limit: 0 } })),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'invalid' });
  });
});
