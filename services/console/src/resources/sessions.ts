// Signing in and out. The token of a session is in its cookie and nowhere else; the browser keeps that to this address, sends it
// over https only (and to localhost), and shows it to no script.

import { type BegunSession, type Caller, KeyScope, type Session } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { SESSION_COOKIE } from '../authorise.ts';
import { clearedCookie, cookieText } from '../cookies.ts';
import type { AdminRequest, Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { SessionRoutes } from '../routes/session-routes.ts';
import { KEY_SCOPES, ROLES, wordOf } from '../words.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

type Routes = Pick<
  SessionRoutes,
  | 'signIn'
  | 'whoAmI'
  | 'signOut'
  | 'changePassword'
  | 'listSessions'
  | 'endUserSessions'
  | 'endUserSession'
  | 'resetPassword'
>;

export const sessions = ({ signIn }: ActorPorts): Handlers<Routes> => {
  /** One's own go on but for what is named; another's end all. */
  const end = async (request: AdminRequest, user: string, sessionId: string) => {
    const { actor, caller, reach } = request;
    const { userId } = await reach.user(user);
    const wanted = sessionId === 'current' ? caller.sessionId : sessionId;
    const exceptSessionId = sessionId === '' ? caller.sessionId : '';
    const ended = await signIn.endSessions({ actor, userId, sessionId: wanted, exceptSessionId });
    const { sessionsEnded } = ended;
    const _details = { sessionId: wanted, sessionsEnded: String(sessionsEnded) };
    return { body: { sessionsEnded } };
  };

  return {
    signIn: async (request) => {
      const { body, clientAddress, userAgent } = request;
      const { company: tenant = request.company ?? '', user: name, password } = body;
      const begun = await signIn.signIn({ tenant, name, password, clientAddress, userAgent });
      const session = answered(begun.session);
      const caller = answered(session.caller);
      const headers = sessionHeaders(session);
      const { csrfToken, isPasswordChangeDue, expiresAtMs } = session;
      return {
        status: 201,
        headers,
        body: { ...whoOf({ ...caller, csrfToken }, isPasswordChangeDue), expiresAtMs },
      };
    },

    whoAmI: async ({ caller, isPasswordChangeDue }) => ({ body: whoOf(caller, isPasswordChangeDue) }),

    signOut: async ({ caller, cookie }) => {
      const token = cookie(SESSION_COOKIE);
      if (caller.sessionId === '' || token === undefined) {
        throw new Fault('invalid', 'A key has no session to end. It is revoked with `DELETE /keys/<id>`.');
      }
      await signIn.signOut({ token });
      const headers = new Headers({ 'set-cookie': clearedCookie(SESSION_COOKIE) });
      return { headers, body: { sessionsEnded: 1 } };
    },

    changePassword: async ({ caller, body, requestId, clientAddress }) => {
      const { tenant, userId, sessionId } = caller;
      const { currentPassword, newPassword } = body;
      // One's own, whatever company the request names.
      const actor = { tenant, userId, requestId, clientAddress };
      await signIn.changePassword({ actor, currentPassword, newPassword, sessionId, clientAddress });
      return { body: { userId } };
    },

    listSessions: async ({ actor, caller, reach, query: { user, ...page } }) => {
      const userId = user === undefined ? '' : (await reach.user(user)).userId;
      const { sessions: found, nextAfter } = await signIn.listSessions({ actor, userId, page: pageIn(page) });
      const shown = found.map((session: Session) => ({
        ...session,
        isCurrent: session.sessionId === caller.sessionId,
      }));
      return pageReply(shown, nextAfter);
    },

    endUserSessions: (request) => end(request, request.params.user, ''),
    endUserSession: (request) => end(request, request.params.user, request.params.sessionId),

    resetPassword: async ({ actor, reach, params }) => {
      const { userId } = await reach.user(params.user);
      const { password } = await signIn.resetPassword({ actor, userId });
      return { body: { userId, password } };
    },
  };
};

/** The cookie of a session that has begun. */
export function sessionHeaders({ token, expiresAtMs }: BegunSession): Headers {
  return new Headers({
    'set-cookie': cookieText(SESSION_COOKIE, token, { expiresAtMs: Number(expiresAtMs), sameSite: 'Strict' }),
  });
}

function whoOf(caller: Caller, isPasswordChangeDue: boolean) {
  const { tenant, userId, userName, role, departmentIds, departmentPath, projectIds } = caller;
  const { keyId, keyScopes, sessionId, csrfToken } = caller;
  const scopes = keyScopes.filter((scope) => scope !== KeyScope.UNSPECIFIED);
  return {
    company: tenant,
    userId,
    userName,
    role: wordOf(ROLES, role),
    departmentIds,
    departmentPath,
    projectIds,
    ...(keyId !== '' && { keyId, keyScopes: scopes.map((scope) => wordOf(KEY_SCOPES, scope)) }),
    ...(sessionId !== '' && { sessionId, csrfToken }),
    isPasswordChangeDue,
  };
}
