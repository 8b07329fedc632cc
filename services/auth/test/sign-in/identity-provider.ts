// A real OpenID provider on this machine, with people whose password nobody asks for, and a browser that keeps its cookies.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { vi } from 'vitest';

export const CLIENT_ID = 'ai-switch';
export const CLIENT_SECRET = 'a client secret: with "signs" & blanks';
export const REDIRECT_URI = 'https://gateway.example/callback';

export interface RunningProvider {
  readonly issuer: string;
  /** Goes through the sign-in as this person, and comes back with what the provider sends the browser back with. */
  visit(authorizationUrl: string, person: string): Promise<URLSearchParams>;
  close(): Promise<void>;
}

export async function startProvider(
  claims: Readonly<Record<string, unknown>> = {},
): Promise<RunningProvider> {
  // It warns of what a provider that is no test should set.
  for (const method of ['info', 'warn'] as const) vi.spyOn(console, method).mockImplementation(() => {});
  let handle: ReturnType<Provider['callback']> | undefined;
  const server = createServer((incoming, outgoing) => void handle?.(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    pkce: { required: () => true },
    cookies: { keys: ['a key of the tests'] },
    conformIdTokenClaims: false,
    scopes: ['openid', 'profile', 'email'],
    claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'] },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, preferred_username: accountId, email: 'ceo@example.com', ...claims }),
    }),
    features: { devInteractions: { enabled: true } },
  });
  handle = provider.callback();
  return { issuer, visit: (url, person) => visit(url, person), close: () => closeServer(server) };
}

async function visit(authorizationUrl: string, person: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  const go = async (address: string, form?: Readonly<Record<string, string>>): Promise<Response> => {
    const response = await fetch(address, {
      method: form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form === undefined ? null : new URLSearchParams(form),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return response;
  };
  let [address, form]: [string, Readonly<Record<string, string>> | undefined] = [authorizationUrl, undefined];
  for (let step = 0; step < 12; step += 1) {
    const response = await go(address, form);
    form = undefined;
    const location = response.headers.get('location');
    if (location !== null) {
      if (location.startsWith(REDIRECT_URI)) return new URL(location).searchParams;
      address = new URL(location, address).href;
      continue;
    }
    const page = await response.text();
    const action = /action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? '';
    if (action === undefined) throw new Error(`the provider shows ${response.status} ${page.slice(0, 300)}`);
    address = new URL(action, address).href;
    form = prompt === 'login' ? { prompt, login: person, password: 'any' } : { prompt };
  }
  throw new Error('the provider never sends the browser back');
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
