// Sign-in with an identity provider: OpenID Connect's authorisation code with PKCE
// (https://openid.net/specs/openid-connect-core-1_0.html, https://www.rfc-editor.org/rfc/rfc7636). A state is used once, within
// ten minutes, by the browser that it was given to, and for the provider that it was made for. Who somebody is, is the issuer
// and its subject, never an address: an address can be claimed by anybody at another provider.

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SignIn } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { jwtVerify } from 'jose';
import type { AuthDatabase } from '../authority.ts';
import { hasControlCharacter } from '../request-rules.ts';
import type { SignInContext } from './context.ts';
import { checkSubject, placeOf } from './identity-providers.ts';
import { discover, type OpenIdProvider } from './oidc-discovery.ts';
import { type Claims, userOfSubject } from './oidc-users.ts';
import { onlyCompany } from './only-company.ts';
import type { IdentityProviderRow, OidcStateRow } from './schema.ts';
import { beginSession } from './sessions.ts';

const STATE_MS = 600_000;
/** Of one identity provider. */
const STATES_MAX = 10_000;
const STATES_FORGOTTEN_AT_ONCE = 100;
const RANDOM_BYTES = 32;
const CLOCK_SKEW_SECONDS = 60;
/** Of keys that a provider publishes: never a secret that both sides have, never none. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CODE_CHARACTERS_MAX = 2_048;

export function oidcCalls(context: SignInContext): Pick<SignIn, 'beginOidc' | 'finishOidc'> {
  const { database, clock } = context;
  return {
    beginOidc: async ({ tenant: named, identityProviderId, redirectUri }) => {
      const tenant = named === '' ? await onlyCompany(database) : named;
      const row = await findProvider(database, tenant, identityProviderId);
      const provider = await discoverOr(context, row.issuer);
      const [state, nonce, verifier] = [randomText(), randomText(), randomText()];
      const nowMs = BigInt(clock.nowMs());
      const begun: OidcStateRow = {
        digest: hash('sha256', state),
        tenant,
        identity_provider_id: identityProviderId,
        nonce,
        code_verifier: verifier,
        redirect_uri: redirectUri,
        expires_at_ms: nowMs + BigInt(STATE_MS),
      };
      await forgetOldStates(database, begun, nowMs);
      await database.asSystem('authentication').insertInto('oidc_states').values(begun).execute();
      const address = new URL(provider.authorizationEndpoint);
      for (const [name, value] of Object.entries({
        response_type: 'code',
        client_id: row.client_id,
        redirect_uri: redirectUri,
        scope: ['openid', ...(JSON.parse(row.scopes) as string[])].join(' '),
        state,
        nonce,
        code_challenge: hash('sha256', verifier, 'base64url'),
        code_challenge_method: 'S256',
      })) {
        address.searchParams.set(name, value);
      }
      return { authorizationUrl: address.href, state };
    },

    finishOidc: async ({ state, cookieState, code, issuer, clientAddress, userAgent }) => {
      if (!isSameText(state, cookieState) || code === '' || code.length > CODE_CHARACTERS_MAX)
        throw refusal();
      const begun = await takeState(database, state, BigInt(clock.nowMs()));
      const row = await findProvider(database, begun.tenant, begun.identity_provider_id);
      const provider = await discoverOr(context, row.issuer);
      // Before the code goes anywhere: one provider may have sent the browser to another, to have its code.
      if (issuer === undefined ? provider.isNamingItself : issuer !== row.issuer) throw refusal();
      const claims = await claimsOf(context, provider, row, begun, code);
      const userId = await userOfSubject(context, row, claims);
      if (userId === undefined) throw refusal();
      const way = row.identity_provider_id;
      const session = await beginSession(context, { userId, clientAddress, userAgent, way }).catch(
        (error: unknown) => {
          throw error instanceof Fault && error.code === 'unauthenticated' ? refusal(error) : error;
        },
      );
      return { session };
    },
  };
}

/** Those that are over, and of one provider the oldest: who begins very many keeps nobody else out. */
async function forgetOldStates(
  database: AuthDatabase,
  { tenant, identity_provider_id }: OidcStateRow,
  nowMs: bigint,
): Promise<void> {
  const kysely = database.asSystem('authentication');
  const tooMany = kysely
    .selectFrom('oidc_states')
    .select('digest')
    .where('tenant', '=', tenant)
    .where('identity_provider_id', '=', identity_provider_id)
    .orderBy('expires_at_ms', 'desc')
    .offset(STATES_MAX - 1)
    .limit(STATES_FORGOTTEN_AT_ONCE);
  await kysely
    .deleteFrom('oidc_states')
    .where((where) => where.or([where('expires_at_ms', '<=', nowMs), where('digest', 'in', tooMany)]))
    .execute();
}

/** The state, which is gone with it. @throws Fault `unauthenticated` */
async function takeState(database: AuthDatabase, state: string, nowMs: bigint): Promise<OidcStateRow> {
  const row = await database
    .asSystem('authentication')
    .deleteFrom('oidc_states')
    .where('digest', '=', hash('sha256', state))
    .returningAll()
    .executeTakeFirst();
  if (row === undefined || row.expires_at_ms <= nowMs) throw refusal();
  return row;
}

async function claimsOf(
  context: SignInContext,
  provider: OpenIdProvider,
  row: IdentityProviderRow,
  { code_verifier, nonce, redirect_uri }: OidcStateRow,
  code: string,
): Promise<Claims> {
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri, code_verifier });
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  };
  if (row.client_secret === '') form.set('client_id', row.client_id);
  else {
    const secret = context.secrets.open(placeOf(row.tenant, row.identity_provider_id), row.client_secret);
    // https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1: both parts are encoded as in a form first.
    const pair = [row.client_id, secret].map((part) =>
      new URLSearchParams({ part }).toString().slice('part='.length),
    );
    headers.authorization = `Basic ${Buffer.from(pair.join(':')).toString('base64')}`;
  }
  try {
    const response = await context.fetch(provider.tokenEndpoint, {
      method: 'POST',
      headers,
      body: form.toString(),
    });
    if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`);
    const { id_token: token } = (await response.json()) as { readonly id_token?: unknown };
    if (typeof token !== 'string') throw new Error('there is no identity token');
    const { payload } = await jwtVerify(token, provider.keys, {
      issuer: row.issuer,
      audience: row.client_id,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_SKEW_SECONDS,
      maxTokenAge: STATE_MS / 1_000,
      requiredClaims: ['sub', 'iat', 'exp', 'nonce'],
      currentDate: new Date(context.clock.nowMs()),
    });
    const isForUs = payload.azp === undefined ? !isSeveral(payload.aud) : payload.azp === row.client_id;
    if (!isForUs) throw new Error('the token is for another client');
    if (typeof payload.nonce !== 'string' || !isSameText(payload.nonce, nonce))
      throw new Error('the nonce differs');
    const { sub } = payload;
    if (typeof sub !== 'string') throw new Error('there is no subject');
    checkSubject(sub);
    return { ...payload, sub };
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'unavailable') throw cause;
    throw refusal(cause);
  }
}

function isSeveral(audience: string | string[] | undefined): boolean {
  return Array.isArray(audience) && audience.length > 1;
}

async function findProvider(
  database: AuthDatabase,
  tenant: string,
  identityProviderId: string,
): Promise<IdentityProviderRow> {
  if (hasControlCharacter(tenant) || hasControlCharacter(identityProviderId)) throw noProvider();
  const row = await database
    .asSystem('authentication')
    .selectFrom('identity_providers')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('identity_provider_id', '=', identityProviderId)
    .executeTakeFirst();
  if (row === undefined) throw noProvider();
  return row;
}

function noProvider(): Fault {
  return new Fault('notFound', 'There is no such identity provider.');
}

async function discoverOr(context: SignInContext, issuer: string): Promise<OpenIdProvider> {
  return discover(context, issuer).catch((cause: unknown) => {
    throw new Fault('unavailable', 'The identity provider does not answer. Please try again later.', {
      retryAfterMs: 10_000,
      cause,
    });
  });
}

function randomText(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url');
}

function isSameText(left: string, right: string): boolean {
  const [one, other] = [hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer')];
  return left !== '' && timingSafeEqual(one, other);
}

function refusal(cause?: unknown): Fault {
  return new Fault('unauthenticated', 'The sign-in did not succeed. Please begin again.', { cause });
}
