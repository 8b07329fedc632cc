import { createHmac, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { IdentityProvider, PutIdentityProviderRequest, type SignIn } from '@ai-switch/contracts';
import { databases } from '@ai-switch/testkit';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OpenAuth, openAuth } from '../../src/index.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  REDIRECT_URI,
  type RunningProvider,
  startProvider,
} from './identity-provider.ts';
import { type PuppetProvider, startPuppet } from './puppet-provider.ts';

const refused = { code: 'unauthenticated' };
const TENANT = 'default';

let real: RunningProvider;
beforeAll(async () => {
  real = await startProvider();
});
afterAll(() => real.close());

describe.each(databases)('sign-in with an identity provider on $name', ({ create }) => {
  let opened: OpenAuth;
  let signIn: SignIn;
  let drop: () => Promise<void>;
  const clock = { now: Date.now(), nowMs: () => clock.now };

  beforeEach(async () => {
    clock.now = Date.now();
    const fresh = await create();
    drop = fresh.drop;
    opened = await openAuth({
      databaseUrl: fresh.url,
      clock,
      secret: randomBytes(32),
      upstreamNetworks: ['127.0.0.1'],
    });
    signIn = opened.signIn;
  });
  afterEach(async () => {
    await opened.close();
    await drop();
  });

  const put = (issuer: string, fields: Partial<IdentityProvider> = {}, secret: string = CLIENT_SECRET) =>
    signIn.putIdentityProvider(
      PutIdentityProviderRequest.create({
        actor: opened.root,
        identityProvider: IdentityProvider.create({
          identityProviderId: 'sso',
          name: 'Company login',
          issuer,
          clientId: CLIENT_ID,
          scopes: ['profile'],
          isCreatingUsers: true,
          ...fields,
        }),
        ...(secret === 'as before' ? {} : { clientSecret: secret }),
      }),
    );

  const begin = () =>
    signIn.beginOidc({ tenant: TENANT, identityProviderId: 'sso', redirectUri: REDIRECT_URI });

  const finish = (
    state: string,
    code: string,
    cookieState = state,
    issuer: string | undefined = real.issuer,
  ) =>
    signIn.finishOidc({
      state,
      cookieState,
      code,
      issuer,
      clientAddress: '192.0.2.1',
      userAgent: 'test',
    });

  /** Goes the whole way as a person. */
  const enter = async (person: string) => {
    const { authorizationUrl, state } = await begin();
    const back = await real.visit(authorizationUrl, person);
    expect(back.get('state')).toBe(state);
    return finish(state, back.get('code') ?? '', state, back.get('iss') ?? '');
  };

  describe('a real provider', () => {
    test('lets a person in, who is made a member the first time and found the next', async () => {
      await put(real.issuer);
      const first = await enter('ada');
      expect(first.session?.caller).toMatchObject({ tenant: TENANT, userName: 'ada', role: 'ROLE_MEMBER' });
      const token = first.session?.token ?? '';
      const { caller } = await opened.auth.authenticateSession({ token });
      expect(caller?.userId).toBe(first.session?.caller?.userId);
      const second = await enter('ada');
      expect(second.session?.caller?.userId).toBe(caller?.userId);
      const bob = await enter('bob');
      expect(bob.session?.caller?.userId).not.toBe(caller?.userId);
    });

    test('does not let in whom nobody linked, where users are not made', async () => {
      await put(real.issuer, { isCreatingUsers: false });
      await expect(enter('ada')).rejects.toMatchObject(refused);
      const { user } = await opened.organisation.createUser({
        actor: opened.root,
        userId: '',
        name: 'ada.lovelace',
        departmentId: '',
      });
      const userId = user?.userId ?? '';
      await signIn.linkIdentity({ actor: opened.root, userId, identityProviderId: 'sso', subject: 'ada' });
      expect((await enter('ada')).session?.caller?.userId).toBe(userId);
    });

    test('does not make somebody another for having his name or his address', async () => {
      await put(real.issuer);
      const { user } = await opened.organisation.createUser({
        actor: opened.root,
        userId: '',
        name: 'ada',
        departmentId: '',
      });
      const { session } = await enter('ada');
      expect(session?.caller?.userId).not.toBe(user?.userId);
      expect(session?.caller?.userName).toMatch(/^ada-/);
    });

    test('a state is good once, for the browser that has it, and for ten minutes', async () => {
      await put(real.issuer);
      const { authorizationUrl, state } = await begin();
      const back = await real.visit(authorizationUrl, 'ada');
      const code = back.get('code') ?? '';
      const other = await begin();
      await expect(finish(state, code, other.state)).rejects.toMatchObject(refused);
      await expect(finish(state, code, '')).rejects.toMatchObject(refused);
      await expect(finish('', code, '')).rejects.toMatchObject(refused);
      await finish(state, code);
      await expect(finish(state, code)).rejects.toMatchObject(refused);
      clock.now += 600_000;
      await expect(finish(other.state, code)).rejects.toMatchObject(refused);
    });

    test('a code of another sign-in is refused: it has another verifier', async () => {
      await put(real.issuer);
      const mine = await begin();
      const victims = await begin();
      const back = await real.visit(victims.authorizationUrl, 'ada');
      await expect(finish(mine.state, back.get('code') ?? '')).rejects.toMatchObject(refused);
    });

    test('a code is good once', async () => {
      await put(real.issuer);
      const { authorizationUrl, state } = await begin();
      const code = (await real.visit(authorizationUrl, 'ada')).get('code') ?? '';
      await finish(state, code);
      await expect(finish((await begin()).state, code)).rejects.toMatchObject(refused);
    });

    test('with a wrong client secret lets nobody in, and shows none', async () => {
      const { identityProvider } = await put(real.issuer, {}, 'wrong');
      expect(identityProvider?.hasClientSecret).toBe(true);
      const { identityProviders } = await signIn.listIdentityProviders({ actor: opened.root });
      expect(inspect(identityProviders)).not.toContain('wrong');
      await expect(enter('ada')).rejects.toMatchObject(refused);
      await put(real.issuer, {}, 'as before');
      await expect(enter('ada')).rejects.toMatchObject(refused);
      await put(real.issuer);
      await enter('ada');
      await put(real.issuer, { name: 'New name' }, 'as before');
      await enter('ada');
    });

    test('that is removed lets nobody in', async () => {
      await put(real.issuer);
      const { authorizationUrl, state } = await begin();
      const code = (await real.visit(authorizationUrl, 'ada')).get('code') ?? '';
      await signIn.removeIdentityProvider({ actor: opened.root, identityProviderId: 'sso' });
      await expect(begin()).rejects.toMatchObject({ code: 'notFound' });
      await expect(finish(state, code)).rejects.toMatchObject({ code: 'notFound' });
    });
  });

  describe('a provider whose tokens are wrong', () => {
    let puppet: PuppetProvider;
    beforeEach(async () => {
      puppet = await startPuppet();
    });
    afterEach(() => puppet.close());

    const attempt = async (claims: JWTPayload = {}) => {
      await put(puppet.issuer);
      const { authorizationUrl, state } = await begin();
      const nonce = new URL(authorizationUrl).searchParams.get('nonce') ?? '';
      puppet.claims = { nonce, sub: 'ada', aud: CLIENT_ID, ...claims };
      return finish(state, 'any', state, puppet.issuer);
    };

    test('is believed when they are right', async () => {
      await expect(attempt()).resolves.toMatchObject({ session: { caller: { userName: 'ada' } } });
    });

    test.each<[name: string, claims: JWTPayload]>([
      ['another nonce', { nonce: 'x' }],
      ['no nonce', { nonce: undefined }],
      ['another audience', { aud: 'another' }],
      ['several audiences without one party', { aud: [CLIENT_ID, 'another'] }],
      ['another authorised party', { azp: 'another' }],
      ['another issuer', { iss: 'https://evil.example' }],
      ['an end in the past', { exp: Math.floor(Date.now() / 1_000) - 3_600 }],
      ['a beginning far in the past', { iat: Math.floor(Date.now() / 1_000) - 86_400 }],
      ['no subject', { sub: undefined }],
      ['a subject that is too long', { sub: 'x'.repeat(256) }],
      ['a subject of two lines', { sub: 'a\nb' }],
    ])('a token with %s is refused', async (_name, claims) => {
      await expect(attempt(claims)).rejects.toMatchObject(refused);
    });

    test('a token signed by a key that it does not publish is refused', async () => {
      const { privateKey } = await generateKeyPair('ES256');
      puppet.sign = (claims) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: puppet.keyId }).sign(privateKey);
      await expect(attempt()).rejects.toMatchObject(refused);
    });

    test('a token of an unknown key id is refused', async () => {
      const { privateKey } = await generateKeyPair('ES256');
      puppet.sign = (claims) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'unknown' }).sign(privateKey);
      await expect(attempt()).rejects.toMatchObject(refused);
    });

    test('a token without a signature is refused', async () => {
      puppet.sign = async (claims) => `${encoded({ alg: 'none', kid: puppet.keyId })}.${encoded(claims)}.`;
      await expect(attempt()).rejects.toMatchObject(refused);
    });

    test('a token that is signed with the public key as a shared secret is refused', async () => {
      puppet.sign = async (claims) => {
        const body = `${encoded({ alg: 'HS256', kid: puppet.keyId })}.${encoded(claims)}`;
        const secret = JSON.stringify(await exportJWK(puppet.publicKey));
        return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
      };
      await expect(attempt()).rejects.toMatchObject(refused);
    });

    test('an answer that is no answer is refused', async () => {
      for (const answer of ['', '{}', '[]', '{"id_token":7}', 'x'.repeat(1_000_000)]) {
        puppet.answer = answer;
        await expect(attempt()).rejects.toMatchObject(refused);
      }
    });
  });

  test.each([
    'https://gateway.example:1',
    'http://127.0.0.2:9',
    'http://169.254.169.254/',
    'ftp://x',
    'no address',
  ])('an issuer at %s is not taken', async (issuer) => {
    await expect(put(issuer)).rejects.toMatchObject({ code: 'invalid', details: { field: 'issuer' } });
  });

  test('an issuer that calls itself otherwise is not taken', async () => {
    await expect(put(`${real.issuer}/`)).rejects.toMatchObject({ code: 'invalid' });
  });

  test('a client secret goes to the issuer that it was given for, and to no other', async () => {
    await put(real.issuer);
    const puppet = await startPuppet();
    const { identityProvider } = await put(puppet.issuer, {}, 'as before');
    expect(identityProvider?.hasClientSecret).toBe(false);
    await puppet.close();
  });
});

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
