// Sign-in with an identity provider when many do it at once, when it is down, and when one provider uses another.

import { hash } from 'node:crypto';
import { IdentityProvider, PutIdentityProviderRequest } from '@ai-switch/contracts';
import { databases } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } from './identity-provider.ts';
import { type PuppetProvider, startPuppet } from './puppet-provider.ts';
import { openSubject, type SignInSubject } from './subject.ts';

const refused = { code: 'unauthenticated' };

describe.each(databases)('an identity provider on $name', (kind) => {
  let subject: SignInSubject;
  let puppet: PuppetProvider;
  beforeEach(async () => {
    subject = await openSubject(kind);
    subject.clock.now = Date.now();
    puppet = await startPuppet();
  });
  afterEach(async () => {
    await puppet.close();
    await subject.close();
  });

  const put = (issuer = puppet.issuer, identityProviderId = 'sso') =>
    subject.signIn.putIdentityProvider(
      PutIdentityProviderRequest.create({
        actor: subject.opened.root,
        clientSecret: CLIENT_SECRET,
        identityProvider: IdentityProvider.create({
          identityProviderId,
          name: 'Company login',
          issuer,
          clientId: CLIENT_ID,
          isCreatingUsers: true,
        }),
      }),
    );
  const begin = (tenant = '', identityProviderId = 'sso') =>
    subject.signIn.beginOidc({ tenant, identityProviderId, redirectUri: REDIRECT_URI });
  const finish = (state: string, issuer: string | undefined) =>
    subject.signIn.finishOidc({
      state,
      cookieState: state,
      code: 'any',
      issuer,
      clientAddress: '192.0.2.1',
      userAgent: 'test',
    });
  const speakFor = (authorizationUrl: string, sub: string) => {
    const nonce = new URL(authorizationUrl).searchParams.get('nonce') ?? '';
    puppet.claims = { nonce, sub, aud: CLIENT_ID };
  };
  const statesLeft = async () =>
    (await subject.database.asSystem('upkeep').selectFrom('oidc_states').select('digest').execute()).map(
      ({ digest }) => digest,
    );

  test('that sends a browser back for another one gets no code from it', async () => {
    const evil = await startPuppet();
    await put();
    await put(evil.issuer, 'evil');
    const { state } = await begin('', 'evil');
    subject.fetched.length = 0;
    // Evil sent the browser to the other provider with its own state, and that one sends it back with a code.
    await expect(finish(state, puppet.issuer)).rejects.toMatchObject(refused);
    expect(subject.fetched).toEqual([]);
    await evil.close();
  });

  test('that says that it names itself is not believed without its name', async () => {
    puppet.isNamingItself = true;
    await put();
    for (const [issuer, outcome] of [
      [undefined, 'refused'],
      ['', 'refused'],
      [puppet.issuer, 'let in'],
    ] as const) {
      const { authorizationUrl, state } = await begin();
      speakFor(authorizationUrl, 'ada');
      const entered = finish(state, issuer).then(
        () => 'let in',
        () => 'refused',
      );
      expect([issuer, await entered]).toEqual([issuer, outcome]);
    }
  });

  test('that takes every code and signs anything is believed once a state, within ten minutes', async () => {
    await put();
    const enter = async (authorizationUrl: string, state: string) => {
      speakFor(authorizationUrl, 'ada');
      const iat = Math.floor(subject.clock.now / 1_000);
      puppet.claims = { ...puppet.claims, iat, exp: iat + 60 };
      return finish(state, undefined);
    };
    const [first, second] = [await begin(), await begin()];
    subject.clock.now += 599_999;
    await enter(first.authorizationUrl, first.state);
    await expect(enter(first.authorizationUrl, first.state)).rejects.toMatchObject(refused);
    subject.clock.now += 1;
    await expect(enter(second.authorizationUrl, second.state)).rejects.toMatchObject(refused);
  });

  test('makes one user of one who comes ten times at once for the first time', async () => {
    await put();
    const begun = await Promise.all(Array.from({ length: 10 }, () => begin()));
    puppet.claimsOf = (code) => ({ nonce: code, sub: 'ada', aud: CLIENT_ID });
    const sessions = await Promise.all(
      begun.map(async ({ authorizationUrl, state }) => {
        const code = new URL(authorizationUrl).searchParams.get('nonce') ?? '';
        const { session } = await subject.signIn.finishOidc({
          state,
          cookieState: state,
          code,
          issuer: undefined,
          clientAddress: '192.0.2.1',
          userAgent: 'test',
        });
        return session?.caller?.userId;
      }),
    );
    expect(new Set(sessions).size).toBe(1);
  });

  test('that is down is asked once in five seconds, however many want to sign in', async () => {
    await put();
    subject.clock.now += 600_000;
    await puppet.close();
    subject.fetched.length = 0;
    const codeOf = (promise: Promise<unknown>) => promise.catch((error: { code: string }) => error.code);
    const codes = await Promise.all(Array.from({ length: 30 }, () => codeOf(begin())));
    expect(new Set([...codes, await codeOf(begin())])).toEqual(new Set(['unavailable']));
    expect(subject.fetched).toHaveLength(1);
    subject.clock.now += 5_000;
    await codeOf(begin());
    expect(subject.fetched).toHaveLength(2);
  });

  test('is asked anew by who sets it', async () => {
    await put();
    await put();
    expect(subject.fetched.filter((address) => address.endsWith('openid-configuration'))).toHaveLength(2);
  });

  test('keeps ten thousand of those who have begun, the newest, and those of others', async () => {
    await put();
    await put(puppet.issuer, 'other');
    const { state: others } = await begin('', 'other');
    const expiresAtMs = BigInt(subject.clock.now + 600_000);
    for (let batch = 0; batch < 10; batch += 1) {
      const rows = Array.from({ length: 1_000 }, (_, index) => ({
        digest: `old-${batch}-${index}`,
        tenant: 'default',
        identity_provider_id: 'sso',
        nonce: '',
        code_verifier: '',
        redirect_uri: REDIRECT_URI,
        expires_at_ms: expiresAtMs + BigInt(batch * 1_000 + index),
      }));
      await subject.database.asSystem('upkeep').insertInto('oidc_states').values(rows).execute();
    }
    subject.clock.now += 60_000;
    const { state } = await begin();
    const left = new Set(await statesLeft());
    expect(left.size).toBe(10_001);
    expect(left).toContain(hash('sha256', state));
    expect(left).toContain(hash('sha256', others));
    expect(left).not.toContain('old-0-0');
    expect(left).toContain('old-0-1');
    subject.clock.now += 700_000;
    await begin();
    expect(await statesLeft()).toHaveLength(1);
  });

  test('whose user is suspended tells no more than one that knows nobody', async () => {
    await put();
    const enter = async () => {
      const { authorizationUrl, state } = await begin();
      speakFor(authorizationUrl, 'ada');
      return (await finish(state, undefined)).session?.caller?.userId ?? '';
    };
    const userId = await enter();
    await subject.opened.organisation.updateUser({
      actor: subject.opened.root,
      userId,
      name: undefined,
      departmentId: undefined,
      isSuspended: true,
      expectedRevision: undefined,
    });
    await expect(enter()).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('did not succeed'),
    });
  });

  test.each(['a\u0000b', 'x'.repeat(10_000), '../../x'])('%j is none', async (text) => {
    await expect(begin('', text)).rejects.toMatchObject({ code: 'notFound' });
    await expect(begin(text)).rejects.toMatchObject({ code: 'notFound' });
  });
});
