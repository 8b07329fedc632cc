import { z } from 'zod';
import { KEY_SCOPES, ROLES, wordsOf } from '../words.ts';
import type { Route } from './route.ts';
import { pageOf, pageQuery, reference, timeMs, unitId } from './schemas.ts';

/** More than a password may have, which its owner is told in words. */
const PASSWORD_CHARACTERS_MAX = 1_024;
const password = z.string().min(1).max(PASSWORD_CHARACTERS_MAX);

const who = z
  .object({
    company: z.string(),
    userId: z.string(),
    userName: z.string(),
    role: z.enum(wordsOf(ROLES)),
    departmentIds: z.array(z.string()).describe('From the top down.'),
    departmentPath: z.string(),
    projectIds: z.array(z.string()),
    keyId: z.string().optional(),
    keyScopes: z.array(z.enum(wordsOf(KEY_SCOPES))).optional(),
    sessionId: z.string().optional(),
    csrfToken: z.string().optional().describe('What a session’s changes bring along.'),
    isPasswordChangeDue: z.boolean().describe('Nothing but changing it is permitted.'),
  })
  .meta({ id: 'WhoAmI' });

const session = z
  .object({
    sessionId: z.string(),
    userId: z.string(),
    userName: z.string(),
    createdAtMs: timeMs,
    lastUsedAtMs: timeMs.describe('To the minute.'),
    expiresAtMs: timeMs,
    clientAddress: z.string(),
    userAgent: z.string(),
    way: z.string().describe('`password`, or the identity provider’s id.'),
    isCurrent: z.boolean(),
  })
  .meta({ id: 'Session' });

const identityProvider = z
  .object({
    identityProviderId: z.string(),
    name: z.string(),
    issuer: z.string(),
    clientId: z.string(),
    hasClientSecret: z.boolean().describe('There is no way to read it.'),
    scopes: z.array(z.string()).describe('Besides `openid`.'),
    isCreatingUsers: z.boolean(),
    departmentId: z.string(),
    nameClaim: z.string(),
    redirectUri: z.string().describe('To be registered at the provider.'),
    updatedAtMs: timeMs,
  })
  .meta({ id: 'IdentityProvider' });

const ended = z.object({ sessionsEnded: z.number().int() });

export const sessionRoutes = {
  signIn: {
    method: 'post',
    path: '/session',
    tag: 'sessions',
    summary: 'Begin a session with a password; the cookie is set, and the token for changes answered',
    permission: 'anyone',
    body: z.strictObject({
      company: reference.optional().describe('Its id; left out: the one there is.'),
      user: reference.describe('His name.'),
      password,
    }),
    creates: true,
    reply: who.extend({ expiresAtMs: timeMs }),
  },
  whoAmI: {
    method: 'get',
    path: '/session',
    tag: 'sessions',
    summary: 'Tell who asks',
    permission: 'member',
    isForEverySession: true,
    reply: who,
  },
  signOut: {
    method: 'delete',
    path: '/session',
    tag: 'sessions',
    summary: 'End the session of the cookie',
    permission: 'member',
    isForEverySession: true,
    reply: ended,
  },
  changePassword: {
    method: 'put',
    path: '/session/password',
    tag: 'sessions',
    summary: 'Change one’s own password and end one’s other sessions',
    permission: 'member',
    isForEverySession: true,
    body: z.strictObject({ currentPassword: password, newPassword: password }),
    reply: z.object({ userId: z.string() }),
  },
  listSessions: {
    method: 'get',
    path: '/sessions',
    tag: 'sessions',
    summary: 'List the sessions in force that one sees',
    permission: 'member',
    query: pageQuery.extend({ user: reference.optional() }),
    reply: pageOf(session),
  },
  endUserSessions: {
    method: 'delete',
    path: '/users/:user/sessions',
    tag: 'sessions',
    summary: 'End every session of a user but the one that asks',
    permission: 'member',
    reply: ended,
  },
  endUserSession: {
    method: 'delete',
    path: '/users/:user/sessions/:sessionId',
    tag: 'sessions',
    summary: 'End one session of a user',
    permission: 'member',
    reply: ended,
  },
  resetPassword: {
    method: 'post',
    path: '/users/:user/password',
    tag: 'sessions',
    summary:
      'Give a user a new password, which is shown this once and has to be changed; again, it is another',
    permission: 'departmentAdmin',
    body: z.strictObject({}),
    reply: z.object({ userId: z.string(), password: z.string() }),
  },

  listIdentityProviders: {
    method: 'get',
    path: '/identity-providers',
    tag: 'identity providers',
    summary: 'List the identity providers of the company, without their secrets',
    permission: 'companyAdmin',
    query: pageQuery,
    reply: pageOf(identityProvider),
  },
  putIdentityProvider: {
    method: 'put',
    path: '/identity-providers/:identityProvider',
    tag: 'identity providers',
    summary: 'Set how the people of the company sign in by OpenID Connect',
    permission: 'companyAdmin',
    body: z.strictObject({
      name: z.string().min(1).max(128),
      issuer: z.string().min(1).max(512),
      clientId: z.string().min(1).max(256),
      clientSecret: z
        .string()
        .max(1_024)
        .optional()
        .describe('Left out: what is stored stays. It is in no reply.'),
      scopes: z.array(z.string().min(1).max(64)).max(20).default([]),
      isCreatingUsers: z
        .boolean()
        .default(false)
        .describe('Users who are not there yet are made at their first sign-in.'),
      departmentId: unitId.optional().describe('Of users who are made so; left out: of none.'),
      nameClaim: z.string().min(1).max(64).default('preferred_username'),
    }),
    reply: identityProvider,
  },
  removeIdentityProvider: {
    method: 'delete',
    path: '/identity-providers/:identityProvider',
    tag: 'identity providers',
    summary: 'Remove an identity provider and the links of users to it',
    permission: 'companyAdmin',
    reply: z.object({ identityProviderId: z.string() }),
  },
  linkIdentity: {
    method: 'put',
    path: '/users/:user/identities/:identityProvider',
    tag: 'identity providers',
    summary: 'Tie a user to a subject of an identity provider beforehand',
    permission: 'companyAdmin',
    body: z.strictObject({ subject: z.string().min(1).max(255) }),
    reply: z.object({ userId: z.string(), identityProviderId: z.string(), subject: z.string() }),
  },
  beginSignIn: {
    method: 'get',
    path: '/sign-in/:identityProvider',
    tag: 'identity providers',
    summary: 'Send a browser to an identity provider',
    permission: 'anyone',
    redirects: true,
    query: z.strictObject({ of: reference.optional().describe('The company; left out: the one there is.') }),
    reply: z.object({}),
  },
  finishSignIn: {
    method: 'get',
    path: '/sign-in/:identityProvider/callback',
    tag: 'identity providers',
    summary: 'Take a browser that comes back from an identity provider, and begin its session',
    permission: 'anyone',
    redirects: true,
    query: z.looseObject({
      state: z.string().max(512).default(''),
      code: z.string().max(4_096).default(''),
      error: z.string().max(256).optional(),
      iss: z.string().max(512).optional(),
    }),
    reply: z.object({}),
  },
} as const satisfies Record<string, Route>;

export type SessionRoutes = typeof sessionRoutes;
