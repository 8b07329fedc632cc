import { ListKeysRequest, Role } from '@ai-switch/contracts';
import { databases } from '@ai-switch/testkit';
import { describe, expect, it } from 'vitest';
import { openAuth } from '../src/index.ts';
import { makeKey, writeKey } from '../src/key-rules.ts';
import { describeAuth, PEPPER, START_MS, TENANT } from './harness.ts';

const refused = { code: 'unauthenticated' };

describeAuth('auth', (subject) => {
  describe('an empty database', () => {
    it('gives the first root key once', async () => {
      const { caller } = await subject.auth.authenticate({ key: subject.opened.firstRootKey ?? '' });
      expect(caller).toMatchObject({ tenant: TENANT, userName: 'root', role: Role.ROOT, models: [] });
      const second = await subject.open();
      expect(second.opened.firstRootKey).toBeUndefined();
    });

    it('gives a further root key on demand', async () => {
      const key = await subject.opened.makeRootKey();
      expect(key).not.toBe(subject.opened.firstRootKey);
      expect((await subject.auth.authenticate({ key })).caller).toMatchObject({
        userName: 'root',
        role: Role.ROOT,
      });
    });
  });

  describe('a key', () => {
    it('stands for its user, with what the key may use', async () => {
      const user = await subject.makeUser('mia');
      const { key, plaintext } = await subject.makeKeyFor(user.userId, {
        label: 'laptop',
        models: ['fast', 'deep'],
      });
      expect((await subject.auth.authenticate({ key: plaintext })).caller).toEqual({
        tenant: TENANT,
        userId: user.userId,
        userName: 'mia',
        keyId: key.keyId,
        role: Role.MEMBER,
        models: ['fast', 'deep'],
        departmentIds: [],
        projectId: '',
      });
      expect(key).toMatchObject({ label: 'laptop', userId: user.userId, createdAtMs: BigInt(START_MS) });
    });

    it('is refused at once when it is revoked, and stays revoked since the first time', async () => {
      const { key, plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      await subject.auth.authenticate({ key: plaintext });
      subject.clock.now += 10;
      const revoked = await subject.auth.revokeKey({ tenant: TENANT, keyId: key.keyId });
      expect(revoked.key?.revokedAtMs).toBe(BigInt(START_MS + 10));
      await expect(subject.auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
      subject.clock.now += 10;
      const again = await subject.auth.revokeKey({ tenant: TENANT, keyId: key.keyId });
      expect(again.key?.revokedAtMs).toBe(BigInt(START_MS + 10));
    });

    it('that another process revoked is refused after 5 seconds', async () => {
      const other = await subject.open();
      const { key, plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      await other.port.authenticate({ key: plaintext });
      await subject.auth.revokeKey({ tenant: TENANT, keyId: key.keyId });
      subject.clock.now += 5_000;
      await expect(other.port.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
    });

    it('expires at the millisecond', async () => {
      const { plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId, {
        expiresAtMs: BigInt(START_MS + 1_000),
      });
      subject.clock.now = START_MS + 999;
      await subject.auth.authenticate({ key: plaintext });
      subject.clock.now = START_MS + 1_000;
      await expect(subject.auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
    });

    it('stops with its user', async () => {
      const user = await subject.makeUser('mia');
      const keys = [await subject.makeKeyFor(user.userId), await subject.makeKeyFor(user.userId)];
      const [first] = keys;
      await subject.auth.authenticate({ key: first?.plaintext ?? '' });
      await subject.auth.revokeKey({ tenant: TENANT, keyId: keys[1]?.key.keyId ?? '' });
      expect(await subject.auth.removeUser({ tenant: TENANT, userId: user.userId })).toEqual({
        keysRevoked: 1,
      });
      for (const { plaintext } of keys) {
        await expect(subject.auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
      }
      const listed = await subject.auth.listKeys(
        ListKeysRequest.create({ tenant: TENANT, userId: user.userId }),
      );
      expect(listed.keys.every(({ revokedAtMs }) => revokedAtMs !== undefined)).toBe(true);
    });

    it('is refused with one and the same fault, whatever is wrong with it', async () => {
      const user = await subject.makeUser('mia');
      const { key, plaintext } = await subject.makeKeyFor(user.userId);
      const revoked = await subject.makeKeyFor(user.userId);
      await subject.auth.revokeKey({ tenant: TENANT, keyId: revoked.key.keyId });
      const expired = await subject.makeKeyFor(user.userId, { expiresAtMs: BigInt(START_MS + 1) });
      subject.clock.now += 1;
      const faults = await Promise.all(
        [
          '',
          'Bearer x',
          `${plaintext.slice(0, -1)}_`,
          makeKey(subject.clock.now).text,
          writeKey({ keyId: key.keyId, secret: makeKey(subject.clock.now).secret }),
          revoked.plaintext,
          expired.plaintext,
          'x'.repeat(100_000),
        ].map((presented) => subject.auth.authenticate({ key: presented }).catch((error: unknown) => error)),
      );
      const seen = faults.map((fault) =>
        JSON.stringify({ ...(fault as Error), message: (fault as Error).message }),
      );
      expect(new Set(seen).size).toBe(1);
      expect(faults[0]).toMatchObject(refused);
    });

    it('made under another pepper is refused', async () => {
      const { plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      const peppered = await subject.open({ pepper: PEPPER });
      await expect(peppered.port.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
      const key = await peppered.opened.makeRootKey();
      expect((await peppered.port.authenticate({ key })).caller?.userName).toBe('root');
      await expect(subject.auth.authenticate({ key })).rejects.toMatchObject(refused);
    });

    it('is its caller’s own: what one does with the answer changes nothing for the next', async () => {
      const { plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId, {
        models: ['fast'],
      });
      for (let round = 0; round < 2; round += 1) {
        const { caller } = await subject.auth.authenticate({ key: plaintext });
        expect(caller).toMatchObject({ role: Role.MEMBER, models: ['fast'] });
        caller?.models.push('deep');
        if (caller !== undefined) caller.role = Role.ROOT;
      }
    });

    it('shows to the minute when it was last used', async () => {
      const other = await subject.open({ lastUseDelayMs: 10 });
      const { plaintext } = await subject.makeKeyFor((await subject.root()).userId, { label: 'seen' });
      const lastUse = async () => {
        const { keys } = await subject.auth.listKeys(ListKeysRequest.create({ tenant: TENANT }));
        return keys.find(({ label }) => label === 'seen')?.lastUsedAtMs;
      };
      expect(await lastUse()).toBeUndefined();
      subject.clock.now = START_MS + 61_234;
      await other.port.authenticate({ key: plaintext });
      const minuteMs = subject.clock.now - (subject.clock.now % 60_000);
      await expect.poll(lastUse, { timeout: 5_000 }).toBe(BigInt(minuteMs));
      subject.clock.now += 60_000;
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
      const { userId } = await subject.root();
      await expect(subject.makeKeyFor(userId, options)).rejects.toMatchObject({
        code: 'invalid',
        details: { field },
      });
    });

    it('is not made for a user who does not exist, nor for one of another company', async () => {
      const { userId } = await subject.root();
      await expect(subject.makeKeyFor('usr_nobody')).rejects.toMatchObject({ code: 'notFound' });
      await expect(subject.makeKeyFor(userId, { tenant: 'other' })).rejects.toMatchObject({
        code: 'notFound',
      });
    });

    it('of another company is not found and not revoked', async () => {
      const { key, plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      await expect(subject.auth.revokeKey({ tenant: 'other', keyId: key.keyId })).rejects.toMatchObject({
        code: 'notFound',
      });
      await subject.auth.authenticate({ key: plaintext });
    });
  });
});

it('processes that start together on an empty PostgreSQL make one first root key', async () => {
  const fresh = await databases.find(({ name }) => name === 'postgres')?.create();
  const together = await Promise.all([1, 2, 3].map(() => openAuth({ databaseUrl: fresh?.url ?? '' })));
  expect(together.filter(({ firstRootKey }) => firstRootKey !== undefined)).toHaveLength(1);
  for (const each of together) await each.close();
  await fresh?.drop();
});
