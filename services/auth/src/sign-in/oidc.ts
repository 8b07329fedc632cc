// Sign-in with an identity provider: OpenID Connect's authorisation code with PKCE
// (https://openid.net/specs/openid-connect-core-1_0.html, https://www.rfc-editor.org/rfc/rfc7636). A state is used once, within
// ten minutes, by the browser that it was given to, and for the provider that it was made for. Who somebody is, is the issuer
// and its subject, never an address: an address can be claimed by anybody at another provider.

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Role, type SignIn } from '@ai-switch/contracts';
import { Fault, newId } from '@ai-switch/kernel';
import { type JWTPayload, jwtVerify } from 'jose';
import type { AuthDatabase } from '../authority.ts';
import type { SignInContext } from './context.ts';
import { checkSubject, placeOf } from './identity-providers.ts';
import { discover, type OpenIdProvider } from './oidc-discovery.ts';
import type { IdentityProviderRow, OidcStateRow } from './schema.ts';
import { beginSession } from './sessions.ts';

const STATE_MS = 600_000;
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
const NAME = /[^A-Za-z0-9._@-]/g;
const NAME_CHARACTERS_MAX = 100;

export function oidcCalls(context: SignInContext): Pick<SignIn, 'beginOidc' | 'finishOidc'> {
  const { database, clock } = context;
  return {
    beginOidc: async ({ tenant, identityProviderId, redirectUri }) => {
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
      const kysely = database.asSystem('authentication');
      await kysely.deleteFrom('oidc_states').where('expires_at_ms', '<=', nowMs).execute();
      await kysely.insertInto('oidc_states').values(begun).execute();
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

    finishOidc: async ({ state, cookieState, code, clientAddress, userAgent }) => {
      if (!isSameText(state, cookieState) || code === '' || code.length > CODE_CHARACTERS_MAX)
        throw refusal();
      const begun = await takeState(database, state, BigInt(clock.nowMs()));
      const row = await findProvider(database, begun.tenant, begun.identity_provider_id);
      const provider = await discoverOr(context, row.issuer);
      const claims = await claimsOf(context, provider, row, begun, code);
      const userId = await userOf(context, row, claims);
      const way = row.identity_provider_id;
      return { session: await beginSession(context, { userId, clientAddress, userAgent, way }) };
    },
  };
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
): Promise<JWTPayload & { readonly sub: string }> {
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

/** The user of the subject, who is made when the provider is to make users. @throws Fault `unauthenticated` */
async function userOf(
  { database, clock }: SignInContext,
  row: IdentityProviderRow,
  claims: JWTPayload & { readonly sub: string },
): Promise<string> {
  const { tenant, issuer } = row;
  return database.transactionAsSystem('authentication', async (trx) => {
    const link = await trx
      .selectFrom('identity_links')
      .select('user_id')
      .where('tenant', '=', tenant)
      .where('issuer', '=', issuer)
      .where('subject', '=', claims.sub)
      .executeTakeFirst();
    if (link !== undefined) return link.user_id;
    if (row.is_creating_users === 0n) throw refusal();
    await trx.selectFrom('companies').select('tenant').where('tenant', '=', tenant).forUpdate().execute();
    const department = await trx
      .selectFrom('departments')
      .select('department_path')
      .where('tenant', '=', tenant)
      .where('department_id', '=', row.department_id)
      .executeTakeFirst();
    const name = nameIn(claims[row.name_claim], claims.sub);
    const taken = await trx
      .selectFrom('users')
      .select('user_id')
      .where('tenant', '=', tenant)
      .where('name', '=', name)
      .executeTakeFirst();
    const nowMs = clock.nowMs();
    const userId = newId('usr', nowMs);
    const departmentPath = department?.department_path ?? '/';
    await trx
      .insertInto('users')
      .values({
        user_id: userId,
        tenant,
        // Who has the name is somebody else, whatever the claim says.
        name:
          taken === undefined ? name : `${name}-${hash('sha256', `${issuer}|${claims.sub}`).slice(0, 12)}`,
        role: Role.MEMBER,
        department_path: departmentPath,
        is_suspended: 0n,
        created_at_ms: BigInt(nowMs),
        revision: 1n,
      })
      .execute();
    await trx
      .insertInto('identity_links')
      .values({ tenant, issuer, subject: claims.sub, user_id: userId, department_path: departmentPath })
      .execute();
    return userId;
  });
}

/** What is left of a claim in the letters of a name. */
function nameIn(claim: unknown, subject: string): string {
  const text = typeof claim === 'string' ? claim : subject;
  return text.replace(NAME, '-').slice(0, NAME_CHARACTERS_MAX) || 'user';
}

async function findProvider(
  database: AuthDatabase,
  tenant: string,
  identityProviderId: string,
): Promise<IdentityProviderRow> {
  const row = await database
    .asSystem('authentication')
    .selectFrom('identity_providers')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('identity_provider_id', '=', identityProviderId)
    .executeTakeFirst();
  if (row === undefined) throw new Fault('notFound', 'There is no such identity provider.');
  return row;
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
