// What an OpenID provider says of itself: https://openid.net/specs/openid-connect-discovery-1_0.html. Kept for ten minutes.

import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import type { SignInContext } from './context.ts';

const MEMORY_MS = 600_000;
const KNOWN_MAX = 200;
const COOLDOWN_MS = 30_000;

export interface OpenIdProvider {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly keys: JWTVerifyGetKey;
}

const known = new WeakMap<
  object,
  Map<string, { readonly sinceMs: number; readonly provider: OpenIdProvider }>
>();

/** @throws Error for an address that does not answer as the issuer */
export async function discover(context: SignInContext, issuer: string): Promise<OpenIdProvider> {
  const { clock, database, fetch } = context;
  let memory = known.get(database);
  if (memory === undefined) {
    memory = new Map();
    known.set(database, memory);
  }
  const remembered = memory.get(issuer);
  const nowMs = clock.nowMs();
  if (remembered !== undefined && nowMs - remembered.sinceMs < MEMORY_MS) return remembered.provider;
  const provider = await ask(fetch, issuer);
  if (memory.size >= KNOWN_MAX) memory.clear();
  memory.set(issuer, { sinceMs: nowMs, provider });
  return provider;
}

async function ask(fetch: SignInContext['fetch'], issuer: string): Promise<OpenIdProvider> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!response.ok) throw new Error(`the issuer answered ${response.status}`);
  const said = (await response.json()) as Readonly<Record<string, unknown>>;
  // Else one provider could speak for another.
  if (said.issuer !== issuer) throw new Error('the issuer calls itself otherwise');
  const [authorizationEndpoint, tokenEndpoint, keysAddress] = [
    said.authorization_endpoint,
    said.token_endpoint,
    said.jwks_uri,
  ].map(addressIn);
  if (authorizationEndpoint === undefined || tokenEndpoint === undefined || keysAddress === undefined) {
    throw new Error('the issuer leaves an address out');
  }
  const keys = createRemoteJWKSet(new URL(keysAddress), {
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: MEMORY_MS,
    [customFetch]: (address: string) => fetch(address),
  });
  return { issuer, authorizationEndpoint, tokenEndpoint, keys };
}

function addressIn(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) ? value : undefined;
}
