// Tokens of Google's service accounts, by a signed assertion:
// https://developers.google.com/identity/protocols/oauth2/service-account#httprest
// A token is used until shortly before it expires, and while one is fetched all calls of its account wait for that one.

import { hash } from 'node:crypto';
import type { DialGuard } from './dial-guard.ts';
import { guardedFetch } from './guarded-fetch.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const TOKEN_ADDRESS = 'https://oauth2.googleapis.com/token';
/** A token that has less left is not used for a new call. */
const LEFT_MIN_MS = 60_000;
/** From here on a new one is fetched while the old one goes on serving. */
const RENEW_LEFT_MS = 300_000;
/** How long nobody asks again after a failure. */
const PAUSE_MS = 1_000;
/** One more account forgets the one that came first. */
const ACCOUNTS_MAX = 64;

interface Account {
  token: string;
  expiresAtMs: number;
  failedAtMs: number;
  failure: Error | undefined;
  fetching: Promise<void> | undefined;
}

export class GoogleTokens {
  readonly #accounts = new Map<string, Account>();
  readonly #guard: DialGuard;
  readonly #nowMs: () => number;

  /** @param guard for the address of the tokens is a field of the account, which an admin gives */
  constructor(guard: DialGuard, nowMs: () => number = Date.now) {
    this.#guard = guard;
    this.#nowMs = nowMs;
  }

  /** @param serviceAccount its JSON file. @throws Error that does not repeat it */
  async tokenFor(serviceAccount: string): Promise<string> {
    const account = this.#account(serviceAccount);
    const leftMs = account.expiresAtMs - this.#nowMs();
    if (leftMs < RENEW_LEFT_MS && !this.#isPausing(account)) {
      account.fetching ??= this.#fetch(account, serviceAccount).finally(() => {
        account.fetching = undefined;
      });
    }
    if (leftMs < LEFT_MIN_MS) {
      await account.fetching;
      if (account.expiresAtMs - this.#nowMs() < LEFT_MIN_MS) throw account.failure ?? new Error(NO_TOKEN);
    }
    return account.token;
  }

  #account(serviceAccount: string): Account {
    const name = hash('sha256', serviceAccount);
    const known = this.#accounts.get(name);
    if (known !== undefined) return known;
    const account: Account = {
      token: '',
      expiresAtMs: 0,
      failedAtMs: Number.NEGATIVE_INFINITY,
      failure: undefined,
      fetching: undefined,
    };
    this.#accounts.set(name, account);
    const [oldest] = this.#accounts.keys();
    if (this.#accounts.size > ACCOUNTS_MAX && oldest !== undefined) this.#accounts.delete(oldest);
    return account;
  }

  #isPausing({ failedAtMs }: Account): boolean {
    return this.#nowMs() - failedAtMs < PAUSE_MS;
  }

  async #fetch(account: Account, serviceAccount: string): Promise<void> {
    try {
      const { token, expiresInMs } = await fetchToken(parse(serviceAccount), this.#guard, this.#nowMs());
      account.token = token;
      account.expiresAtMs = this.#nowMs() + expiresInMs;
    } catch (error) {
      account.failedAtMs = this.#nowMs();
      account.failure = error instanceof Error ? error : new Error(NO_TOKEN);
    }
  }
}

const NO_TOKEN = 'no token could be had for the service account';

interface ServiceAccount {
  readonly email: string;
  readonly privateKey: string;
  readonly keyId: string;
  readonly tokenAddress: string;
}

function parse(serviceAccount: string): ServiceAccount {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(serviceAccount);
  } catch {
    throw new Error('the service account is not JSON');
  }
  const { client_email: email, private_key: privateKey, private_key_id: keyId, token_uri: address } = fields;
  if (typeof email !== 'string' || typeof privateKey !== 'string') {
    throw new Error('the service account has no client_email or no private_key');
  }
  const tokenAddress = typeof address === 'string' ? address : TOKEN_ADDRESS;
  return { email, privateKey, keyId: typeof keyId === 'string' ? keyId : '', tokenAddress };
}

async function fetchToken(
  { email, privateKey, keyId, tokenAddress }: ServiceAccount,
  guard: DialGuard,
  nowMs: number,
): Promise<{ readonly token: string; readonly expiresInMs: number }> {
  const { importPKCS8, SignJWT } = await import('jose');
  const key = await importPKCS8(privateKey, 'RS256').catch(() => {
    throw new Error('the private_key of the service account cannot be read');
  });
  const issuedAt = Math.floor(nowMs / 1_000);
  const assertion = await new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(keyId !== '' && { kid: keyId }) })
    .setIssuer(email)
    .setAudience(tokenAddress)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + 3_600)
    .sign(key);
  const response = await guardedFetch(guard, tokenAddress, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
    }).toString(),
  });
  if (response.status !== 200) throw new Error(`the address of the tokens answered ${response.status}`);
  const answer = (await response.json()) as {
    readonly access_token?: unknown;
    readonly expires_in?: unknown;
  };
  const { access_token: token, expires_in: expiresIn } = answer;
  if (typeof token !== 'string' || typeof expiresIn !== 'number') throw new Error(NO_TOKEN);
  return { token, expiresInMs: expiresIn * 1_000 };
}
