// Signing in with a browser: cookies, the token for changes, passwords, identity providers' redirects.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Admin, type Answer, openAdmin } from './admin.ts';
import { openIssuer } from './issuer.ts';

const ORIGIN = 'http://localhost';
const PASSWORD = 'a long enough passphrase 1';

let admin: Admin;
let oneTime: string;

beforeAll(async () => {
  admin = await openAdmin();
  await admin.ask('POST /users', { name: 'ada' });
  oneTime = String((await admin.ask('POST /users/ada/password', {})).body.password);
});
afterAll(() => admin[Symbol.asyncDispose]());

const signIn = (password: string, headers = {}) =>
  admin.ask('POST /session', { user: 'ada', password }, { origin: ORIGIN, ...headers });

function headersOf({ headers, body }: Answer, more = {}): Record<string, string> {
  const [cookie = ''] = headers.getSetCookie();
  return {
    cookie: cookie.split(';')[0] ?? '',
    'x-csrf-token': String(body.csrfToken),
    origin: ORIGIN,
    ...more,
  };
}

describe('a password that was given', () => {
  it('lets its user in to nothing but changing it', async () => {
    const answer = await signIn(oneTime);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ userName: 'ada', role: 'member', isPasswordChangeDue: true });
    const headers = headersOf(answer);
    for (const route of ['GET /users', 'GET /keys', 'GET /quotas/ada', 'GET /sessions']) {
      const refused = await admin.ask(route, undefined, headers);
      expect([route, refused.status, refused.body.reason]).toEqual([route, 403, 'passwordChangeDue']);
    }
    expect((await admin.ask('GET /session', undefined, headers)).body.isPasswordChangeDue).toBe(true);
    const change = { currentPassword: oneTime, newPassword: PASSWORD };
    expect((await admin.ask('PUT /session/password', change, headers)).status).toBe(200);
    expect((await admin.ask('GET /users', undefined, headers)).status).toBe(200);
    expect((await admin.lastEvent('password.change')).details).toEqual({});
  });
});

describe('a session', () => {
  it('is in a cookie that no script reads and no other site sends', async () => {
    const { headers, text } = await signIn(PASSWORD);
    const [cookie = '', ...others] = headers.getSetCookie();
    expect(others).toEqual([]);
    const [pair = '', ...attributes] = cookie.split('; ');
    expect(pair).toMatch(/^__Host-aiswitch=[^;,\s]{40,}$/);
    expect(attributes.filter((each) => !each.startsWith('Expires='))).toEqual([
      'Path=/',
      'Secure',
      'HttpOnly',
      'SameSite=Strict',
    ]);
    expect(text).not.toContain(pair.slice('__Host-aiswitch='.length));
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('tells who asks, and gives its token to who has the cookie', async () => {
    const begun = await signIn(PASSWORD);
    const { cookie = '' } = headersOf(begun);
    const { body } = await admin.ask('GET /session', undefined, { cookie });
    expect(body).toMatchObject({ company: 'default', userName: 'ada', csrfToken: begun.body.csrfToken });
    expect(body).not.toHaveProperty('keyId');
  });

  it('changes things with its token from our own page', async () => {
    const headers = headersOf(await signIn(PASSWORD));
    const made = await admin.ask('POST /keys', { user: 'ada' }, headers);
    expect(made.status).toBe(201);
    const { origin: _origin, ...others } = headers;
    const bySite = await admin.ask(
      'POST /keys',
      { user: 'ada' },
      { ...others, 'sec-fetch-site': 'same-origin' },
    );
    expect(bySite.status).toBe(201);
  });

  it('ends when its user signs out, and the cookie goes', async () => {
    const headers = headersOf(await signIn(PASSWORD));
    const out = await admin.ask('DELETE /session', undefined, headers);
    expect(out.status).toBe(200);
    expect(out.headers.getSetCookie()[0]).toMatch(/^__Host-aiswitch=; Path=\/; Expires=Thu, 01 Jan 1970/);
    expect((await admin.ask('GET /session', undefined, headers)).status).toBe(401);
  });

  it('is listed, and ended from another one', async () => {
    const [first, second] = [headersOf(await signIn(PASSWORD)), headersOf(await signIn(PASSWORD))];
    const { items } = (await admin.ask('GET /sessions?user=ada', undefined, first)).body;
    expect(items.filter(({ isCurrent }) => isCurrent === true)).toHaveLength(1);
    expect(items.length).toBeGreaterThanOrEqual(2);
    const ended = await admin.ask('DELETE /users/ada/sessions', undefined, first);
    expect(ended.body.sessionsEnded).toBe(items.length - 1);
    expect((await admin.ask('GET /session', undefined, first)).status).toBe(200);
    expect((await admin.ask('GET /session', undefined, second)).status).toBe(401);
  });

  it('does not hear of a key, which goes first when both are sent', async () => {
    const headers = headersOf(await signIn(PASSWORD), { 'x-api-key': admin.rootKey });
    expect((await admin.ask('GET /session', undefined, headers)).body.userName).toBe('root');
  });

  it('is on record with how it began, and without its token', async () => {
    const begun = await signIn(PASSWORD);
    const { subject, details } = await admin.lastEvent('session.begin');
    expect([subject, details]).toEqual([begun.body.sessionId, { way: 'password' }]);
  });
});

describe('signing in', () => {
  it.each([
    ['a wrong password', { user: 'ada', password: 'wrong' }],
    ['an unknown user', { user: 'nobody', password: PASSWORD }],
    ['another company', { company: 'nowhere', user: 'ada', password: PASSWORD }],
  ])('with %s is refused in the same words', async (_title, body) => {
    const { status, body: problem, headers } = await admin.ask('POST /session', body, { origin: ORIGIN });
    const right = await admin.ask('POST /session', { user: 'ada', password: 'wrong too' }, {});
    expect([status, problem.detail]).toEqual([401, right.body.detail]);
    expect(headers.getSetCookie()).toEqual([]);
  });

  it('is not begun by a page of another site', async () => {
    const body = { user: 'ada', password: PASSWORD };
    const others: readonly Readonly<Record<string, string>>[] = [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'null' },
    ];
    for (const headers of others) {
      const answer = await admin.ask('POST /session', body, headers);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
    }
  });

  it('with an identity provider sends the browser there, which keeps the state for its way back', async () => {
    const issuer = await openIssuer();
    const put = await admin.ask('PUT /identity-providers/okta', {
      name: 'Okta',
      issuer: issuer.url,
      clientId: 'a client',
    });
    const redirectUri = 'http://localhost/sign-in/okta/callback';
    expect(put.body).toMatchObject({ redirectUri, hasClientSecret: false });
    const { status, headers } = await admin.ask('GET /sign-in/okta', undefined, {});
    await issuer.close();
    const location = new URL(headers.get('location') ?? '');
    expect([status, location.origin, location.pathname]).toEqual([303, issuer.url, '/authorize']);
    const { state = '', ...asked } = Object.fromEntries(location.searchParams);
    expect(asked).toMatchObject({
      client_id: 'a client',
      redirect_uri: redirectUri,
      response_type: 'code',
      code_challenge_method: 'S256',
    });
    const [cookie = ''] = headers.getSetCookie();
    expect(cookie).toMatch(
      /^__Host-aiswitch-sign-in-okta=\S+; Path=\/; Expires=.*; Secure; HttpOnly; SameSite=Lax$/,
    );
    expect(cookie).toContain(`=${state};`);
    const stranger = await admin.ask(`GET /sign-in/okta/callback?state=${state}&code=c`, undefined, {});
    expect([stranger.status, stranger.headers.getSetCookie()]).toEqual([401, []]);
  });

  it('behind a proxy goes by the address that browsers see', async () => {
    const publicUrl = 'https://ai.example.com';
    await using proxied = await openAdmin((ports) => ports, { publicUrl });
    const issuer = await openIssuer();
    const provider = { name: 'Okta', issuer: issuer.url, clientId: 'a client' };
    const { body } = await proxied.ask('PUT /identity-providers/okta', provider);
    await issuer.close();
    expect(body.redirectUri).toBe(`${publicUrl}/sign-in/okta/callback`);
    const wrong = { user: 'root', password: 'wrong' };
    expect((await proxied.ask('POST /session', wrong, { origin: publicUrl })).status).toBe(401);
    expect((await proxied.ask('POST /session', wrong, { origin: ORIGIN })).status).toBe(403);
  });

  it('with an identity provider that there is not is not found', async () => {
    expect((await admin.ask('GET /sign-in/nothing', undefined, {})).status).toBe(404);
  });

  it('does not end without the browser that began it', async () => {
    const route = 'GET /sign-in/nothing/callback?state=s&code=c&iss=https%3A%2F%2Fidp.example';
    expect((await admin.ask(route, undefined, {})).status).toBe(401);
    const refused = await admin.ask('GET /sign-in/nothing/callback?error=access_denied', undefined, {});
    expect(refused.status).toBe(401);
  });

  it('out with a key is refused: a key is revoked', async () => {
    expect((await admin.ask('DELETE /session')).status).toBe(400);
  });
});
