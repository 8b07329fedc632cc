import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Upstream, upstreamDefaults } from '../src/call.ts';
import { GoogleTokens } from '../src/google-tokens.ts';
import { LOOPBACK, type LocalServer, openLocalServer } from './local-server.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

let tokens: LocalServer;
let issued = 0;

beforeEach(async () => {
  issued = 0;
  tokens = await openLocalServer();
  tokens.answer = (_received, response) => {
    issued += 1;
    response.end(
      JSON.stringify({ access_token: `token-${issued}`, expires_in: 3_600, token_type: 'Bearer' }),
    );
  };
});

afterEach(() => tokens.close());

function serviceAccount(change: object = {}): string {
  return JSON.stringify({
    type: 'service_account',
    client_email: 'gateway@p.iam.gserviceaccount.com',
    private_key: PEM,
    private_key_id: 'kid-1',
    token_uri: `${tokens.origin}/token`,
    ...change,
  });
}

describe('a service account of Google’s', () => {
  test('is changed for a token by an assertion that it signed', async () => {
    expect(await new GoogleTokens(LOOPBACK).tokenFor(serviceAccount())).toBe('token-1');
    const form = new URLSearchParams(tokens.received[0]?.body);
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const { payload, protectedHeader } = await jwtVerify(form.get('assertion') ?? '', publicKey, {
      audience: `${tokens.origin}/token`,
      issuer: 'gateway@p.iam.gserviceaccount.com',
    });
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: 'kid-1' });
    expect(payload.scope).toBe('https://www.googleapis.com/auth/cloud-platform');
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3_600);
  });

  test('is asked for once, however many calls there are, until shortly before the token expires', async () => {
    let nowMs = 1_790_000_000_000;
    const google = new GoogleTokens(LOOPBACK, () => nowMs);
    const account = serviceAccount();
    const first = await Promise.all(Array.from({ length: 20 }, () => google.tokenFor(account)));
    expect(new Set(first)).toEqual(new Set(['token-1']));
    nowMs += 3_000_000;
    expect(await google.tokenFor(account)).toBe('token-1');
    expect(issued).toBe(1);
    // Less than five minutes are left: the old token serves while a new one is fetched.
    nowMs += 350_000;
    expect(await google.tokenFor(account)).toBe('token-1');
    await expect.poll(() => google.tokenFor(account)).toBe('token-2');
    nowMs += 3_600_000;
    expect(await google.tokenFor(account)).toBe('token-3');
  });

  test.each([
    [
      'whose key is none',
      () => serviceAccount({ private_key: 'sk-canary' }),
      /private_key .* cannot be read/,
    ],
    ['without a key', () => serviceAccount({ private_key: undefined }), /no client_email or no private_key/],
    ['that is no JSON', () => '{"sk-canary', /not JSON/],
    ['whose address is refused', () => serviceAccount({ token_uri: 'http://127.0.0.1:1/' }), /ECONNREFUSED/],
  ])('%s fails with a reason that does not repeat it', async (_how, account, reason) => {
    const failure: Error = await new GoogleTokens(LOOPBACK).tokenFor(account()).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(failure.message).toMatch(reason);
    expect(failure.message).not.toContain('sk-canary');
  });

  test('that Google refuses is not asked for again at once', async () => {
    let nowMs = 1_790_000_000_000;
    const google = new GoogleTokens(LOOPBACK, () => nowMs);
    tokens.answer = (_received, response) => void response.writeHead(400).end('{"error":"invalid_grant"}');
    const account = serviceAccount();
    for (let call = 0; call < 3; call += 1)
      await expect(google.tokenFor(account)).rejects.toThrow(/answered 400/);
    expect(tokens.received).toHaveLength(1);
    nowMs += 1_001;
    await expect(google.tokenFor(account)).rejects.toThrow(/answered 400/);
    expect(tokens.received).toHaveLength(2);
  });
});

describe('a call of Vertex', () => {
  test('carries the token, at the path of its project', async () => {
    const vertex = await openLocalServer();
    const upstream = new Upstream(upstreamDefaults, LOOPBACK);
    const base = '/v1/projects/p/locations/global/publishers/google';
    const call = (credential: string) =>
      upstream.call({
        target: {
          provider: 'vertex',
          kind: 'vertex',
          model: 'gemini-3.8-flash',
          dialect: 'gemini',
          baseUrl: `${vertex.origin}${base}`,
          credential,
        },
        path: '/models/gemini-3.8-flash:generateContent',
        body: Buffer.from('{}'),
        accept: 'application/json',
        extraHeaders: {},
      }).reply;
    expect((await call(serviceAccount())).status).toBe(200);
    await call('AIza-key');
    const [withToken, withKey] = vertex.received;
    expect(withToken?.url).toBe(`${base}/models/gemini-3.8-flash:generateContent`);
    expect(withToken?.headers.authorization).toBe('Bearer token-1');
    expect(withToken?.headers['x-goog-api-key']).toBeUndefined();
    expect(withKey?.headers['x-goog-api-key']).toBe('AIza-key');
    expect(withKey?.headers.authorization).toBeUndefined();
    tokens.answer = (_received, response) => void response.writeHead(500).end();
    await expect(call(serviceAccount({ private_key_id: 'other' }))).rejects.toMatchObject({
      reason: 'connect',
    });
    await upstream.close();
    await vertex.close();
  });
});
