import type { IdentityProvider } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { clearedCookie, cookieText } from '../cookies.ts';
import type { Handlers, PublicRequest } from '../handler.ts';
import { pageReply } from '../read-input.ts';
import type { SessionRoutes } from '../routes/session-routes.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';
import { sessionHeaders } from './sessions.ts';

type Routes = Pick<
  SessionRoutes,
  | 'listIdentityProviders'
  | 'putIdentityProvider'
  | 'removeIdentityProvider'
  | 'linkIdentity'
  | 'beginSignIn'
  | 'finishSignIn'
>;

const PAGE_ROWS = 100;

/** As long as auth waits for it. */
const STATE_MS = 10 * 60_000;
/** Where a browser is taken once it has a session. */
const HOME = '/';

export const identityProviders = ({ signIn }: ActorPorts): Handlers<Routes> => ({
  listIdentityProviders: async (request) => {
    const { after = '', limit = PAGE_ROWS } = request.query;
    const { identityProviders: all } = await signIn.listIdentityProviders({ actor: request.actor });
    // There are but a few, and the port lists them together.
    const rest = all.filter(({ identityProviderId: id }) => id > after);
    const found = rest.slice(0, limit).map((each) => providerReply(request, each));
    return pageReply(found, rest.length > limit ? (found.at(-1)?.identityProviderId ?? '') : '');
  },

  putIdentityProvider: async (request) => {
    const { actor, tenant, params, body } = request;
    const { clientSecret, departmentId = '', ...given } = body;
    const put = await signIn.putIdentityProvider({
      actor,
      identityProvider: {
        ...given,
        tenant,
        identityProviderId: params.identityProvider,
        departmentId,
        hasClientSecret: false,
        updatedAtMs: 0n,
      },
      clientSecret,
    });
    const provider = answered(put.identityProvider);
    return { body: providerReply(request, provider) };
  },

  removeIdentityProvider: async ({ actor, params: { identityProvider: identityProviderId } }) => {
    await signIn.removeIdentityProvider({ actor, identityProviderId });
    return { body: { identityProviderId } };
  },

  linkIdentity: async ({ actor, reach, params, body: { subject } }) => {
    const identityProviderId = params.identityProvider;
    const { userId } = await reach.user(params.user);
    await signIn.linkIdentity({ actor, userId, identityProviderId, subject });
    return { body: { userId, identityProviderId, subject } };
  },

  beginSignIn: async (request) => {
    const identityProviderId = request.params.identityProvider;
    const { authorizationUrl, state } = await signIn.beginOidc({
      tenant: request.query.of ?? request.company ?? '',
      identityProviderId,
      redirectUri: redirectUriOf(request, identityProviderId),
    });
    const expiresAtMs = Date.now() + STATE_MS;
    // Lax: the browser comes back from another site.
    const cookie = cookieText(stateCookie(identityProviderId), state, { expiresAtMs, sameSite: 'Lax' });
    return {
      status: 303,
      headers: new Headers({ location: authorizationUrl, 'set-cookie': cookie }),
      body: {},
    };
  },

  finishSignIn: async (request) => {
    const { params, query, cookie, clientAddress, userAgent } = request;
    const { state, code, error, iss: issuer } = query;
    if (error !== undefined || code === '') {
      throw new Fault('unauthenticated', 'The identity provider did not sign you in. Please try again.');
    }
    const stateName = stateCookie(params.identityProvider);
    const cookieState = cookie(stateName) ?? '';
    const finished = await signIn.finishOidc({
      state,
      cookieState,
      code,
      issuer,
      clientAddress,
      userAgent,
    });
    const headers = sessionHeaders(answered(finished.session));
    headers.append('set-cookie', clearedCookie(stateName));
    headers.set('location', HOME);
    return { status: 303, headers, body: {} };
  },
});

/** Ties the browser that comes back to the one that went, and to the provider that it went to. */
function stateCookie(identityProviderId: string) {
  return `__Host-aiswitch-sign-in-${identityProviderId}` as const;
}

function redirectUriOf({ origin, mountPath }: PublicRequest, identityProviderId: string): string {
  return `${origin}${mountPath}/sign-in/${encodeURIComponent(identityProviderId)}/callback`;
}

function providerReply(request: PublicRequest, provider: IdentityProvider) {
  return { ...provider, redirectUri: redirectUriOf(request, provider.identityProviderId) };
}
