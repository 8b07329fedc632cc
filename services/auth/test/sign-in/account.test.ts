import { argon2Sync, randomBytes } from 'node:crypto';
import { ChangePasswordRequest, EndSessionsRequest } from '@ai-switch/contracts';
import { databases } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSubject, type SignInSubject } from './subject.ts';

const HERE = '192.0.2.1';
const DAY_MS = 86_400_000;
const NEW_PASSWORD = 'kirschbaum am see';
const wrong = { code: 'unauthenticated', message: expect.stringContaining('name or the password') };

describe.each(databases)('an account on $name', (kind) => {
  let subject: SignInSubject;
  beforeEach(async () => {
    subject = await openSubject(kind);
  });
  afterEach(() => subject.close());

  const enter = async (name: string, password: string, clientAddress = HERE, tenant = '') => {
    const { session } = await subject.signIn.signIn({
      tenant,
      name,
      password,
      clientAddress,
      userAgent: 'test',
    });
    return session ?? expect.unreachable();
  };
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'let in',
      (error: { code: string }) => error.code,
    );
  const sessionsOf = async (userId: string) =>
    (
      await subject.database
        .asSystem('upkeep')
        .selectFrom('sessions')
        .select('session_id')
        .where('user_id', '=', userId)
        .execute()
    ).length;

  test('that is not there costs as many questions to the database as one that is', async () => {
    await subject.makeUser('mia');
    const costOf = async (name: string) => {
      subject.hooks.statements = 0;
      await expect(enter(name, 'wrong', '203.0.113.9', 'default')).rejects.toMatchObject(wrong);
      return subject.hooks.statements;
    };
    const cost = await costOf('mia');
    expect(cost).toBeGreaterThan(0);
    for (const name of ['nobody', '', 'a\u0000b', 'x'.repeat(10_000)]) expect(await costOf(name)).toBe(cost);
  });

  test.each([
    ['a name with a sign that no text has', '', 'a\u0000b'],
    ['a company with a sign that no text has', 'a\u0000b', 'root'],
    ['half a letter', '', '\ud800'],
    ['a name of a million letters', '', 'x'.repeat(1_000_000)],
    ['a company of a million letters', 'x'.repeat(1_000_000), 'root'],
  ])('%s is a wrong name', async (_name, tenant, name) => {
    await expect(enter(name, 'wrong', HERE, tenant)).rejects.toMatchObject(wrong);
  });

  test('is entered from whatever calls itself what', async () => {
    const { password } = await subject.makeUser('mia');
    const { session } = await subject.signIn.signIn({
      tenant: '',
      name: 'mia',
      password,
      clientAddress: 'no address\u0000',
      userAgent: `\u0000${'😀'.repeat(1_000)}`,
    });
    expect(session?.caller?.userName).toBe('mia');
  });

  test('cannot be entered while guesses cannot be counted', async () => {
    const { userId, password } = await subject.makeUser('mia');
    subject.hooks.onAttempt = () => Promise.reject(new Error('the counter is down'));
    await expect(enter('mia', password)).rejects.toThrow();
    expect(await sessionsOf(userId)).toBe(0);
  });

  describe('that is guessed at from all over', () => {
    const guessFromAllOver = async (userId: string, password: string) => {
      await makeWeak(userId, password);
      const codes: string[] = [];
      for (let index = 0; index < 12; index += 1) {
        for (let guess = 0; guess < 5; guess += 1) {
          codes.push(await codeOf(enter('mia', 'wrong', `203.0.113.${index}`)));
        }
      }
      return codes;
    };

    test('is entered from where its user was before, even if he signed out long ago', async () => {
      const { userId, password } = await subject.makeUser('mia');
      const { token } = await enter('mia', password, '2001:db8:1:2::3');
      await subject.signIn.signOut({ token });
      subject.clock.now += 60 * DAY_MS;
      expect(await guessFromAllOver(userId, password)).toContain('rateLimited');
      expect(await codeOf(enter('mia', password, '198.51.100.7'))).toBe('rateLimited');
      expect(await codeOf(enter('mia', password, '2001:db8:1:2:ffff::1'))).toBe('let in');
    });

    test('is not entered sooner from where its user was very long ago', async () => {
      const { userId, password } = await subject.makeUser('mia');
      await enter('mia', password);
      subject.clock.now += 90 * DAY_MS;
      await guessFromAllOver(userId, password);
      expect(await codeOf(enter('mia', password))).toBe('rateLimited');
      subject.clock.now += 900_000;
      expect(await codeOf(enter('mia', password))).toBe('let in');
    });

    test('of the places of its user the last twenty are known', async () => {
      const { userId, password } = await subject.makeUser('mia');
      for (let index = 0; index < 22; index += 1) {
        subject.clock.now += 1_000;
        await enter('mia', password, `198.51.100.${index}`);
      }
      const places = await subject.database
        .asSystem('upkeep')
        .selectFrom('sign_in_places')
        .select('address_group')
        .where('user_id', '=', userId)
        .execute();
      const known = places.map(({ address_group }) => address_group);
      expect(known).toHaveLength(20);
      expect(known).not.toContain('198.51.100.0');
      expect(known).toContain('198.51.100.21');
    });
  });

  describe('whose password is reset just now', () => {
    const reset = (userId: string) => async () => {
      subject.hooks.onRight = async () => {};
      await subject.signIn.resetPassword({ actor: subject.opened.root, userId });
    };

    test('is not entered with the one of before', async () => {
      const { userId, password } = await subject.makeUser('mia');
      subject.hooks.onRight = reset(userId);
      await expect(enter('mia', password)).rejects.toMatchObject(wrong);
      expect(await sessionsOf(userId)).toBe(0);
    });

    test('keeps the new one, whoever changes the old one at that moment', async () => {
      const { userId, password } = await subject.makeUser('mia');
      let given = '';
      subject.hooks.onRight = async () => {
        subject.hooks.onRight = async () => {};
        given = (await subject.signIn.resetPassword({ actor: subject.opened.root, userId })).password;
      };
      const change = ChangePasswordRequest.create({
        actor: { tenant: 'default', userId },
        currentPassword: password,
        newPassword: NEW_PASSWORD,
        clientAddress: HERE,
      });
      await expect(subject.signIn.changePassword(change)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(enter('mia', NEW_PASSWORD)).rejects.toMatchObject(wrong);
      expect((await enter('mia', given)).isPasswordChangeDue).toBe(true);
    });

    test('keeps the new one, even if the hash of the old one was to be made anew', async () => {
      const { userId, password } = await subject.makeUser('mia');
      await makeWeak(userId, password);
      subject.hooks.onRight = reset(userId);
      await expect(enter('mia', password)).rejects.toMatchObject(wrong);
      await expect(enter('mia', password)).rejects.toMatchObject(wrong);
    });
  });

  const hashOf = async (userId: string) =>
    (
      await subject.database
        .asSystem('upkeep')
        .selectFrom('passwords')
        .select('hash')
        .where('user_id', '=', userId)
        .executeTakeFirstOrThrow()
    ).hash;

  const makeWeak = async (userId: string, password: string) => {
    const nonce = randomBytes(16);
    const parameters = { message: password, nonce, memory: 8, passes: 1, parallelism: 1, tagLength: 32 };
    const [salt, tag] = [nonce, argon2Sync('argon2id', parameters)].map((bytes) =>
      bytes.toString('base64').replace(/=+$/, ''),
    );
    const hash = `$argon2id$v=19$m=8,t=1,p=1$${salt}$${tag}`;
    await subject.database
      .asSystem('upkeep')
      .updateTable('passwords')
      .set({ hash })
      .where('user_id', '=', userId)
      .execute();
  };

  test('whose hash is of weaker parameters gets a stronger one, of several sign-ins at once too', async () => {
    const { userId, password } = await subject.makeUser('mia');
    await makeWeak(userId, password);
    await Promise.all([enter('mia', password), enter('mia', password), enter('mia', password)]);
    expect(await hashOf(userId)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await enter('mia', password);
  });

  test('of root is entered anew with a new password only, once it was given one', async () => {
    const first = await subject.opened.makeRootPassword();
    const { token } = await enter('root', first);
    const second = await subject.opened.makeRootPassword();
    await expect(subject.opened.auth.authenticateSession({ token })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    await expect(enter('root', first)).rejects.toMatchObject(wrong);
    await enter('root', second);
  });

  test('of root ends its own sessions while it acts in another company', async () => {
    const password = await subject.opened.makeRootPassword();
    const session = await enter('root', password);
    const { company } = await subject.opened.organisation.createCompany({
      actor: subject.opened.root,
      tenant: 'acme',
      name: 'Acme',
    });
    const actor = { tenant: company?.tenant ?? '', userId: subject.opened.root.userId };
    const ended = await subject.signIn.endSessions(EndSessionsRequest.create({ actor }));
    expect(ended).toEqual({ sessionsEnded: 1 });
    await expect(subject.opened.auth.authenticateSession({ token: session.token })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  test('names its company once there are several', async () => {
    const { password } = await subject.makeUser('mia');
    await subject.opened.organisation.createCompany({
      actor: subject.opened.root,
      tenant: 'acme',
      name: 'Acme',
    });
    await expect(enter('mia', password)).rejects.toMatchObject(wrong);
    await expect(enter('mia', password, HERE, 'acme')).rejects.toMatchObject(wrong);
    await enter('mia', password, HERE, 'default');
  });
});
