import {
  KeyScope,
  ListKeysRequest,
  Role,
  UpdateCompanyRequest,
  UpdateKeyRequest,
  UpdateUserRequest,
} from '@ai-switch/contracts';
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
      expect(caller).toMatchObject({
        tenant: TENANT,
        userName: 'root',
        role: Role.ROOT,
        keyId: expect.stringMatching(/./),
      });
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
        departmentIds: [],
        departmentPath: '/',
        projectId: '',
        projectIds: [],
        keyScopes: [KeyScope.INFERENCE],
        scope: { tenant: TENANT, isWholeCompany: false, departmentPaths: [], userId: user.userId },
        networks: [],
        policy: {
          models: [{ models: ['fast', 'deep'] }],
          rateLimits: [],
          isCachingAllowed: true,
          ruleSets: [],
        },
        sessionId: '',
        csrfToken: '',
      });
      expect(key).toMatchObject({ label: 'laptop', userId: user.userId, createdAtMs: BigInt(START_MS) });
    });

    it('is refused at once when it is revoked, and stays revoked since the first time', async () => {
      const { key, plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      await subject.auth.authenticate({ key: plaintext });
      subject.clock.now += 10;
      const revoked = await subject.organisation.revokeKey({ actor: subject.root, keyId: key.keyId });
      expect(revoked.key?.revokedAtMs).toBe(BigInt(START_MS + 10));
      await expect(subject.auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
      subject.clock.now += 10;
      const again = await subject.organisation.revokeKey({ actor: subject.root, keyId: key.keyId });
      expect(again.key?.revokedAtMs).toBe(BigInt(START_MS + 10));
    });

    it('that another process revoked is refused after 5 seconds', async () => {
      const other = await subject.open();
      const { key, plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      await other.port.authenticate({ key: plaintext });
      await subject.organisation.revokeKey({ actor: subject.root, keyId: key.keyId });
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
      await subject.organisation.revokeKey({ actor: subject.root, keyId: keys[1]?.key.keyId ?? '' });
      expect(
        await subject.organisation.removeUser({
          actor: subject.root,
          userId: user.userId,
          expectedRevision: undefined,
        }),
      ).toEqual({
        keysRevoked: 1,
      });
      for (const { plaintext } of keys) {
        await expect(subject.auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
      }
      const listed = await subject.organisation.listKeys(
        ListKeysRequest.create({ actor: subject.root, userId: user.userId }),
      );
      expect(listed.keys.every(({ revokedAtMs }) => revokedAtMs !== undefined)).toBe(true);
    });

    it('is refused with one and the same fault, whatever is wrong with it', async () => {
      const user = await subject.makeUser('mia');
      const { key, plaintext } = await subject.makeKeyFor(user.userId);
      const revoked = await subject.makeKeyFor(user.userId);
      await subject.organisation.revokeKey({ actor: subject.root, keyId: revoked.key.keyId });
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
        expect(caller).toMatchObject({ role: Role.MEMBER, departmentIds: [] });
        caller?.departmentIds.push('deep');
        if (caller !== undefined) caller.role = Role.ROOT;
      }
    });

    it('shows to the minute when it was last used', async () => {
      const other = await subject.open({ lastUseDelayMs: 10 });
      const { plaintext } = await subject.makeKeyFor(subject.root.userId, { label: 'seen' });
      const lastUse = async () => {
        const { keys } = await subject.organisation.listKeys(ListKeysRequest.create({ actor: subject.root }));
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
      const { userId } = subject.root;
      await expect(subject.makeKeyFor(userId, options)).rejects.toMatchObject({
        code: 'invalid',
        details: { field },
      });
    });

    it('is not made for a user who does not exist, nor for one of another company', async () => {
      const { userId } = subject.root;
      await expect(subject.makeKeyFor('usr_nobody')).rejects.toMatchObject({ code: 'notFound' });
      const elsewhere = { ...subject.root, tenant: 'other' };
      await expect(subject.makeKeyFor(userId, {}, elsewhere)).rejects.toMatchObject({ code: 'notFound' });
    });

    it('of another company is not found and not revoked', async () => {
      const { key, plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      const request = { actor: { ...subject.root, tenant: 'other' }, keyId: key.keyId };
      await subject.organisation.createCompany({ actor: subject.root, tenant: 'other', name: 'Other' });
      await expect(subject.organisation.revokeKey(request)).rejects.toMatchObject({ code: 'notFound' });
      await subject.auth.authenticate({ key: plaintext });
    });

    it('with a second secret is good with both until the overlap is over', async () => {
      const { key, plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      await subject.auth.authenticate({ key: plaintext });
      const rotation = { actor: subject.root, keyId: key.keyId, overlapMs: 60_000n };
      const rotated = await subject.organisation.rotateKey(rotation);
      expect(rotated.plaintext).not.toBe(plaintext);
      expect(rotated.key?.olderSecretUntilMs).toBe(BigInt(START_MS + 60_000));
      for (const each of [plaintext, rotated.plaintext]) await subject.auth.authenticate({ key: each });
      await expect(subject.organisation.rotateKey(rotation)).rejects.toMatchObject({ code: 'conflict' });
      subject.clock.now += 60_000;
      await expect(subject.auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
      await subject.auth.authenticate({ key: rotated.plaintext });
      const third = await subject.organisation.rotateKey({ ...rotation, overlapMs: 0n });
      await expect(subject.auth.authenticate({ key: rotated.plaintext })).rejects.toMatchObject(refused);
      expect(third.key?.olderSecretUntilMs).toBeUndefined();
    });

    it('is not rotated once it is revoked, nor with an overlap of more than 30 days', async () => {
      const { key } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      const rotation = { actor: subject.root, keyId: key.keyId, overlapMs: 2_592_000_001n };
      await expect(subject.organisation.rotateKey(rotation)).rejects.toMatchObject({ code: 'invalid' });
      await subject.organisation.revokeKey(rotation);
      await expect(subject.organisation.rotateKey({ ...rotation, overlapMs: 0n })).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    it('is changed only by who read it last', async () => {
      const { key, plaintext } = await subject.makeKeyFor((await subject.makeUser('mia')).userId);
      const change = (options: Parameters<typeof UpdateKeyRequest.create>[0]) =>
        subject.organisation.updateKey(
          UpdateKeyRequest.create({ actor: subject.root, keyId: key.keyId, ...options }),
        );
      const { key: changed } = await change({
        label: 'desk',
        networks: { networks: ['10.0.0.0/8'] },
        expectedRevision: key.revision,
      });
      expect(changed).toMatchObject({ label: 'desk', networks: ['10.0.0.0/8'], revision: key.revision + 1n });
      const { caller } = await subject.auth.authenticate({ key: plaintext });
      expect(caller?.networks).toEqual([{ networks: ['10.0.0.0/8'] }]);
      await expect(change({ label: 'x', expectedRevision: key.revision })).rejects.toMatchObject({
        code: 'conflict',
        details: { reason: 'revision' },
      });
      await expect(change({ networks: { networks: ['everywhere'] } })).rejects.toMatchObject({
        code: 'invalid',
        details: { field: 'networks' },
      });
    });

    it('of a user or a company that is suspended is refused until it goes on', async () => {
      const { userId } = await subject.makeUser('mia');
      const { plaintext } = await subject.makeKeyFor(userId);
      const { organisation: calls, root: actor } = subject;
      for (const suspend of [
        (isSuspended: boolean) => calls.updateUser(UpdateUserRequest.create({ actor, userId, isSuspended })),
        (isSuspended: boolean) => calls.updateCompany(UpdateCompanyRequest.create({ actor, isSuspended })),
      ]) {
        await suspend(true);
        await expect(subject.auth.authenticate({ key: plaintext })).rejects.toMatchObject(refused);
        await suspend(false);
        await subject.auth.authenticate({ key: plaintext });
      }
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
