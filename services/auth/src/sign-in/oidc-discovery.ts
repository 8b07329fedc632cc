// What an OpenID provider says of itself: https://openid.net/specs/openid-connect-discovery-1_0.html. Kept for ten minutes.

import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import type { SignInContext } from './context.ts';

const MEMORY_MS = 600_000;
const FAILURE_MEMORY_MS = 5_000;
const KNOWN_MAX = 200;
const COOLDOWN_MS = 30_000;

export interface OpenIdProvider {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly keys: JWTVerifyGetKey;
  /** It names itself when it sends a browser back: https://www.rfc-editor.org/rfc/rfc9207. */
  readonly isNamingItself: boolean;
}

interface Known {
  readonly provider: Promise<OpenIdProvider>;
  untilMs: number;
}

const known = new WeakMap<object, Map<string, Known>>();

/**
 * Whoever asks while somebody else does waits for the same answer; a failure is remembered, too, so that signing in at one who is
 * down does not become a flood of dials.
 * @throws Error for an address that does not answer as the issuer
 */
export function discover(context: SignInContext, issuer: string): Promise<OpenIdProvider> {
  const { clock, database } = context;
  const remembered = known.get(database)?.get(issuer);
  if (remembered !== undefined && clock.nowMs() < remembered.untilMs) return remembered.provider;
  return discoverAnew(context, issuer);
}

/** For who wants to know how it is now. @throws Error as `discover` does */
export function discoverAnew(
  { clock, database, fetch }: SignInContext,
  issuer: string,
): Promise<OpenIdProvider> {
  const memory = known.get(database) ?? new Map<string, Known>();
  known.set(database, memory);
  if (memory.size >= KNOWN_MAX) memory.clear();
  const asked: Known = { provider: ask(fetch, issuer), untilMs: clock.nowMs() + MEMORY_MS };
  memory.set(issuer, asked);
  asked.provider.catch(() => {
    asked.untilMs = clock.nowMs() + FAILURE_MEMORY_MS;
  });
  return asked.provider;
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
  const isNamingItself = said.authorization_response_iss_parameter_supported === true;
  return { issuer, authorizationEndpoint, tokenEndpoint, keys, isNamingItself };
}

function addressIn(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) ? value : undefined;
}
