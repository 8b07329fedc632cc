import {
  type Auth,
  AuthDefinition,
  CreateKeyRequest,
  CreateUserRequest,
  ListKeysRequest,
  ListUsersRequest,
  Role,
} from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { databases, type FreshDatabase, transports } from '@ai-switch/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type OpenAuth, openAuth } from '../src/index.ts';
import { makeKey, writeKey } from '../src/key-rules.ts';
import { type AuthSchema, migrations } from '../src/schema.ts';

const TENANT = 'default';
const START_MS = 1_750_000_000_000;
const PEPPER = 'a pepper of more than 32 characters';

const cases = databases.flatMap((kind) => transports.map((transport) => ({ kind, transport })));

describe.each(
  cases.map(({ kind, transport }) => ({ kind, transport, name: `${kind.name}, ${transport.name}` })),
)('auth on $name', ({ kind, transport }) => {
  let clock: { now: number; nowMs: () => number };
  let fresh: FreshDatabase;
  let opened: OpenAuth;
  let auth: Auth;
  const closers: (() => Promise<void>)[] = [];

  const open = async (options: { pepper?: string; lastUseDelayMs?: number } = {}) => {
    const another = await openAuth({ databaseUrl: fresh.url, clock, ...options });
    const { port, close } = await transport.open(AuthDefinition, another.auth);
    let isOpen = true;
    const closeBoth = async () => {
      if (!isOpen) return;
      isOpen = false;
      await close();
      await another.close();
    };
    closers.push(closeBoth);
    return { opened: another, port, close: closeBoth };
  };

  beforeAll(async () => {
    fresh = await kind.create();
  });

  beforeEach(async () => {
    clock = { now: START_MS, nowMs: () => clock.now };
    await empty(fresh.url);
    ({ opened, port: auth } = await open());
  });

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  afterAll(() => fresh.drop());

  const makeUser = async (name: string, role: Role = Role.MEMBER) => {
    const { user } = await auth.createUser(CreateUserRequest.create({ tenant: TENANT, name, role }));
    if (user === undefined) throw new Error('no user in the answer');
    return user;
  };

  const makeKeyFor = async (userId: string, options: Parameters<typeof CreateKeyRequest.create>[0] = {}) => {
    const answer = await auth.createKey(CreateKeyRequest.create({ tenant: TENANT, userId, ...options }));
    if (answer.key === undefined) throw new Error('no key in the answer');
    return { key: answer.key, plaintext: answer.plaintext };
  };

  const root = async () => {
    const { user } = await auth.getUser({ tenant: TENANT, user: 'root' });
    if (user === undefined) throw new Error('no root');
    return user;
  };

  const refused = { code: 'unauthenticated' };

  describe('an empty database', () => {
    it('gives the first root key once', async () => {
      const { caller } = await auth.authenticate({ key: opened.firstRootKey ?? '' });
      expect(caller).toMatchObject({ tenant: TENANT, userName: 'root', role: Role.ROOT, models: [] });
      const second = await open();
      expect(second.opened.firstRootKey).toBeUndefined();
    });

    it('gives a further root key on demand', async () => {
      const key = await opened.makeRootKey();
      expect(key).not.toBe(opened.firstRootKey);
      expect((await auth.authenticate({ key })).caller).toMatchObject({ userName: 'root', role: Role.ROOT });
    });
  });

  describe('a key', () => {
    it('stands for its user, with what the key may use', async () => {
      const user = await makeUser('mia');
      const { key, plaintext } = await makeKeyFor(user.userId, { label: 'laptop', models: ['fast', 'deep'] });
      expect((await auth.authenticate({ key: plaintext })).caller).toEqual({
        tenant: TENANT,
        userId: user.userId,
        userName: 'mia',
        keyId: key.keyId,
        role: Role.MEMBER,
        models: ['fast', 'deep'],
      });
      expect(key).toMatchObject({ label: 'laptop', userId: user.userId, createdAtMs: BigInt(START_MS) });
    });

    it('is refused at once when it is revoked, and stays revoked since the first time', async () => {
      const { key, plaintext } = await makeKeyFor((await makeUser('mia')).userId);
      await auth.authenticate({ key: plaintext });
      clock.now += 10;
      const revoked = await auth.revokeKey({ tenant: TENANT, keyId: key.keyId });
      expect(revoked.key?.revokedAtMs).toBe(BigInt(START_MS + 10));
      await expect(auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
      clock.now += 10;
      const again = await auth.revokeKey({ tenant: TENANT, keyId: key.keyId });
      expect(again.key?.revokedAtMs).toBe(BigInt(START_MS + 10));
    });

    it('that another process revoked is refused after 5 seconds', async () => {
      const other = await open();
      const { key, plaintext } = await makeKeyFor((await makeUser('mia')).userId);
      await other.port.authenticate({ key: plaintext });
      await auth.revokeKey({ tenant: TENANT, keyId: key.keyId });
      clock.now += 5_000;
      await expect(other.port.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
    });

    it('expires at the millisecond', async () => {
      const { plaintext } = await makeKeyFor((await makeUser('mia')).userId, {
        expiresAtMs: BigInt(START_MS + 1_000),
      });
      clock.now = START_MS + 999;
      await auth.authenticate({ key: plaintext });
      clock.now = START_MS + 1_000;
      await expect(auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
    });

    it('stops with its user', async () => {
      const user = await makeUser('mia');
      const keys = [await makeKeyFor(user.userId), await makeKeyFor(user.userId)];
      const [first] = keys;
      await auth.authenticate({ key: first?.plaintext ?? '' });
      await auth.revokeKey({ tenant: TENANT, keyId: keys[1]?.key.keyId ?? '' });
      expect(await auth.removeUser({ tenant: TENANT, userId: user.userId })).toEqual({ keysRevoked: 1 });
      for (const { plaintext } of keys) {
        await expect(auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
      }
      const listed = await auth.listKeys(ListKeysRequest.create({ tenant: TENANT, userId: user.userId }));
      expect(listed.keys.every(({ revokedAtMs }) => revokedAtMs !== undefined)).toBe(true);
    });

    it('is refused with one and the same fault, whatever is wrong with it', async () => {
      const user = await makeUser('mia');
      const { key, plaintext } = await makeKeyFor(user.userId);
      const revoked = await makeKeyFor(user.userId);
      await auth.revokeKey({ tenant: TENANT, keyId: revoked.key.keyId });
      const expired = await makeKeyFor(user.userId, { expiresAtMs: BigInt(START_MS + 1) });
      clock.now += 1;
      const faults = await Promise.all(
        [
          '',
          'Bearer x',
          `${plaintext.slice(0, -1)}_`,
          makeKey(clock.now).text,
          writeKey({ keyId: key.keyId, secret: makeKey(clock.now).secret }),
          revoked.plaintext,
          expired.plaintext,
          'x'.repeat(100_000),
        ].map((presented) => auth.authenticate({ key: presented }).catch((error: unknown) => error)),
      );
      const seen = faults.map((fault) =>
        JSON.stringify({ ...(fault as Error), message: (fault as Error).message }),
      );
      expect(new Set(seen).size).toBe(1);
      expect(faults[0]).toMatchObject(refused);
    });

    it('made under another pepper is refused', async () => {
      const { plaintext } = await makeKeyFor((await makeUser('mia')).userId);
      const peppered = await open({ pepper: PEPPER });
      await expect(peppered.port.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
      const key = await peppered.opened.makeRootKey();
      expect((await peppered.port.authenticate({ key })).caller?.userName).toBe('root');
      await expect(auth.authenticate({ key })).rejects.toMatchObject(refused);
    });

    it('is its caller’s own: what one does with the answer changes nothing for the next', async () => {
      const { plaintext } = await makeKeyFor((await makeUser('mia')).userId, { models: ['fast'] });
      for (let round = 0; round < 2; round += 1) {
        const { caller } = await auth.authenticate({ key: plaintext });
        expect(caller).toMatchObject({ role: Role.MEMBER, models: ['fast'] });
        caller?.models.push('deep');
        if (caller !== undefined) caller.role = Role.ROOT;
      }
    });

    it('shows to the minute when it was last used', async () => {
      const other = await open({ lastUseDelayMs: 10 });
      const { plaintext } = await makeKeyFor((await root()).userId, { label: 'seen' });
      const lastUse = async () => {
        const { keys } = await auth.listKeys(ListKeysRequest.create({ tenant: TENANT }));
        return keys.find(({ label }) => label === 'seen')?.lastUsedAtMs;
      };
      expect(await lastUse()).toBeUndefined();
      clock.now = START_MS + 61_234;
      await other.port.authenticate({ key: plaintext });
      const minuteMs = clock.now - (clock.now % 60_000);
      await expect.poll(lastUse, { timeout: 5_000 }).toBe(BigInt(minuteMs));
      clock.now += 60_000;
      await other.port.authenticate({ key: plaintext });
      await other.close();
      expect(await lastUse()).toBe(BigInt(minuteMs + 60_000));
    });

    it.each([
      ['an expiry that has come', { expiresAtMs: BigInt(START_MS) }, 'expiresAtMs'],
      ['an expiry of zero', { expiresAtMs: 0n }, 'expiresAtMs'],
      ['a label of 129 characters', { label: 'x'.repeat(129) }, 'label'],
      ['a label of two lines', { label: 'a\nb' }, 'label'],
      ['an empty model', { models: [''] }, 'models'],
      ['201 models', { models: Array.from({ length: 201 }, (_, index) => `m${index}`) }, 'models'],
    ])('is not made with %s', async (_name, options, field) => {
      const { userId } = await root();
      await expect(makeKeyFor(userId, options)).rejects.toMatchObject({
        code: 'invalid',
        details: { field },
      });
    });

    it('is not made for a user who does not exist, nor for one of another company', async () => {
      const { userId } = await root();
      await expect(makeKeyFor('usr_nobody')).rejects.toMatchObject({ code: 'notFound' });
      await expect(makeKeyFor(userId, { tenant: 'other' })).rejects.toMatchObject({ code: 'notFound' });
    });

    it('of another company is not found and not revoked', async () => {
      const { key, plaintext } = await makeKeyFor((await makeUser('mia')).userId);
      await expect(auth.revokeKey({ tenant: 'other', keyId: key.keyId })).rejects.toMatchObject({
        code: 'notFound',
      });
      await auth.authenticate({ key: plaintext });
    });
  });

  describe('a user', () => {
    it('is made once, however often he is asked for', async () => {
      const users = await Promise.all(Array.from({ length: 5 }, () => makeUser('mia')));
      expect(new Set(users.map(({ userId }) => userId)).size).toBe(1);
      expect(users[0]).toMatchObject({ name: 'mia', role: Role.MEMBER, createdAtMs: BigInt(START_MS) });
    });

    it('is not made again with another role', async () => {
      await makeUser('mia');
      await expect(makeUser('mia', Role.ROOT)).rejects.toMatchObject({ code: 'conflict' });
      expect((await auth.getUser({ tenant: TENANT, user: 'mia' })).user?.role).toBe(Role.MEMBER);
    });

    it.each(['', 'a b', 'a/b', 'ä', 'x'.repeat(129), 'a\n', "'; drop table users; --"])(
      'is not called %j',
      async (name) => {
        await expect(makeUser(name)).rejects.toMatchObject({ code: 'invalid', details: { field: 'name' } });
      },
    );

    it('has the role root or member', async () => {
      await expect(makeUser('mia', Role.UNSPECIFIED)).rejects.toMatchObject({ code: 'invalid' });
    });

    it('belongs to a company that exists', async () => {
      const request = { tenant: 'other', name: 'mia', role: Role.MEMBER };
      await expect(auth.createUser(request)).rejects.toMatchObject({ code: 'notFound' });
    });

    it('is found by id and by name, in his own company only', async () => {
      const user = await makeUser('m.ia@example-1');
      for (const idOrName of [user.userId, user.name]) {
        expect((await auth.getUser({ tenant: TENANT, user: idOrName })).user).toEqual(user);
        await expect(auth.getUser({ tenant: 'other', user: idOrName })).rejects.toMatchObject({
          code: 'notFound',
        });
      }
    });

    it('is not shadowed by one who is named like his id', async () => {
      const user = await makeUser('mia');
      await makeUser(user.userId);
      expect((await auth.getUser({ tenant: TENANT, user: user.userId })).user?.name).toBe('mia');
    });

    it('can be removed twice, and his name is free again', async () => {
      const user = await makeUser('mia');
      await auth.removeUser({ tenant: TENANT, userId: user.userId });
      expect(await auth.removeUser({ tenant: TENANT, userId: user.userId })).toEqual({ keysRevoked: 0 });
      await expect(auth.getUser({ tenant: TENANT, user: 'mia' })).rejects.toMatchObject({ code: 'notFound' });
      expect((await makeUser('mia')).userId).not.toBe(user.userId);
    });

    it('is not removed by another company', async () => {
      const user = await makeUser('mia');
      await auth.removeUser({ tenant: 'other', userId: user.userId });
      expect((await auth.getUser({ tenant: TENANT, user: 'mia' })).user).toEqual(user);
    });

    it('is not removed when he is the last root user', async () => {
      const { userId } = await root();
      await expect(auth.removeUser({ tenant: TENANT, userId })).rejects.toMatchObject({ code: 'conflict' });
      await auth.authenticate({ key: opened.firstRootKey ?? '' });
    });

    it('of two root users who remove each other at once stays one', async () => {
      let first = await root();
      // Several rounds, for the two have to meet in the middle.
      for (let round = 0; round < 10; round += 1) {
        const second = await makeUser(`second${round}`, Role.ROOT);
        const removals = await Promise.allSettled([
          auth.removeUser({ tenant: TENANT, userId: second.userId }),
          auth.removeUser({ tenant: TENANT, userId: first.userId }),
        ]);
        expect(removals.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
        if (removals[0]?.status === 'rejected') first = second;
      }
    });
  });

  describe('a list', () => {
    const allUsers = async (limit: number) => {
      const pages: string[][] = [];
      let after = '';
      do {
        const { users, nextAfter } = await auth.listUsers({ tenant: TENANT, page: { after, limit } });
        pages.push(users.map(({ userId }) => userId));
        after = nextAfter;
      } while (after !== '');
      return pages;
    };

    it('is complete in pages of any size, without an empty page at the end', async () => {
      for (let index = 0; index < 7; index += 1) {
        clock.now += 1;
        await makeUser(`user${index}`);
      }
      for (const limit of [1, 2, 3, 4, 7, 8, 9, 1_000]) {
        const pages = await allUsers(limit);
        expect(new Set(pages.flat()).size).toBe(8);
        expect(pages.flat()).toEqual(pages.flat().toSorted());
        expect(pages).toHaveLength(Math.ceil(8 / limit));
      }
    });

    it('neither repeats nor hides a row while others are written', async () => {
      const before = await Promise.all(Array.from({ length: 20 }, (_, index) => makeUser(`user${index}`)));
      const seen: string[] = [];
      let after = '';
      let round = 0;
      do {
        const [{ users, nextAfter }] = await Promise.all([
          auth.listUsers({ tenant: TENANT, page: { after, limit: 3 } }),
          makeUser(`late${round}`),
        ]);
        seen.push(...users.map(({ userId }) => userId));
        after = nextAfter;
        round += 1;
      } while (after !== '' && round < 50);
      expect(new Set(seen).size).toBe(seen.length);
      for (const { userId } of before) expect(seen).toContain(userId);
    });

    it('of keys is one user’s if he is named, and one company’s always', async () => {
      const user = await makeUser('mia');
      await makeKeyFor(user.userId);
      const list = async (tenant: string, userId: string) =>
        (await auth.listKeys(ListKeysRequest.create({ tenant, userId }))).keys.length;
      expect(await list(TENANT, '')).toBe(2);
      expect(await list(TENANT, user.userId)).toBe(1);
      expect(await list('other', '')).toBe(0);
      expect(await list('other', user.userId)).toBe(0);
    });

    it('holds no secret and no digest', async () => {
      const { plaintext } = await makeKeyFor((await root()).userId);
      const answers = [
        await auth.listKeys(ListKeysRequest.create({ tenant: TENANT })),
        await auth.listUsers(ListUsersRequest.create({ tenant: TENANT })),
        await auth.getUser({ tenant: TENANT, user: 'root' }),
        (await makeKeyFor((await root()).userId)).key,
      ];
      const text = JSON.stringify(answers, (_name, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      const secret = plaintext.split('_')[2]?.slice(0, 43) ?? '';
      expect(text).not.toContain(secret);
      expect(text).not.toMatch(/[0-9a-f]{64}/);
      expect(text).not.toMatch(/digest|secret|plaintext/i);
    });

    it.each([-1, 1_001])('has no page of %d rows', async (limit) => {
      await expect(auth.listUsers({ tenant: TENANT, page: { after: '', limit } })).rejects.toMatchObject({
        code: 'invalid',
        details: { field: 'page.limit' },
      });
    });
  });

  it.each(['\0', 'x'.repeat(129)])('an id like %j is refused in words', async (id) => {
    const calls = [
      auth.getUser({ tenant: TENANT, user: id }),
      auth.removeUser({ tenant: TENANT, userId: id }),
      auth.revokeKey({ tenant: TENANT, keyId: id }),
      auth.listKeys({ tenant: TENANT, userId: id, page: undefined }),
      auth.listUsers({ tenant: TENANT, page: { after: id, limit: 0 } }),
      auth.listUsers({ tenant: id, page: undefined }),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'invalid' });
  });
});

it('processes that start together on an empty PostgreSQL make one first root key', async () => {
  const fresh = await databases.find(({ name }) => name === 'postgres')?.create();
  const together = await Promise.all([1, 2, 3].map(() => openAuth({ databaseUrl: fresh?.url ?? '' })));
  expect(together.filter(({ firstRootKey }) => firstRootKey !== undefined)).toHaveLength(1);
  for (const each of together) await each.close();
  await fresh?.drop();
});

/** Deleting rows is many times faster than another database for each test. */
async function empty(url: string): Promise<void> {
  const { kysely, close } = await openDatabase<AuthSchema>({ url, schema: 'auth', migrations });
  for (const table of ['api_keys', 'users', 'tenants'] as const) await kysely.deleteFrom(table).execute();
  await close();
}
