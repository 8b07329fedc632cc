// Sessions: a record on the server, ended by its absolute limit, by idleness, by whoever may end it, and with its user or his
// company, which are asked each time it is used.

import type { Auth, BegunSession, Session, SignIn } from '@ai-switch/contracts';
import { Fault, newId } from '@ai-switch/kernel';
import { authorityOf } from '../authority.ts';
import { recordIn } from '../changes.ts';
import { isSameDigest } from '../key-rules.ts';
import { findUserById } from '../organisation/users.ts';
import { checkId, pageOf, readPage } from '../request-rules.ts';
import { roleOf } from '../role-rules.ts';
import type { SignInContext } from './context.ts';
import { rememberPlace } from './places.ts';
import type { SessionRow } from './schema.ts';
import { csrfTokenOf, digestOfSecret, makeSecret, readToken, writeToken } from './session-token.ts';

const LIFE_MS = 12 * 3_600_000;
const IDLE_MS = 30 * 60_000;
const MINUTE_MS = 60_000n;
const TEXT_CHARACTERS_MAX = 256;
/** Of one user; the oldest ends. */
const SESSIONS_MAX = 50;

/** Who signed in, from where, and how. */
export interface Entrant {
  readonly userId: string;
  readonly clientAddress: string;
  readonly userAgent: string;
  /** `password`, or the identity provider's id. */
  readonly way: string;
  /** Of the password that was right: one that is another by now was changed by who wanted the old one to end. */
  readonly passwordRevision?: bigint;
}

/** @throws Fault `unauthenticated` for one who is not in force, and for a password that is his no longer */
export async function beginSession(
  { database, callers, clock }: SignInContext,
  { userId, clientAddress, userAgent, way, passwordRevision }: Entrant,
): Promise<BegunSession> {
  const caller = await callers.ofUser(userId);
  if (caller === undefined) throw noSession();
  const nowMs = clock.nowMs();
  const token = { sessionId: newId('ses', nowMs), secret: makeSecret() };
  const row: SessionRow = {
    session_id: token.sessionId,
    tenant: caller.tenant,
    user_id: userId,
    user_name: caller.userName,
    department_path: caller.departmentPath,
    digest: digestOfSecret(token.secret),
    created_at_ms: BigInt(nowMs),
    last_used_at_ms: BigInt(nowMs),
    expires_at_ms: BigInt(nowMs + LIFE_MS),
    client_address: plainText(clientAddress),
    user_agent: plainText(userAgent),
    way,
  };
  const isPasswordChangeDue = await database.transactionAsSystem('authentication', async (trx) => {
    // Held to the end: whoever changes the password meanwhile ends this session, too.
    const password = await trx
      .selectFrom('passwords')
      .select(['revision', 'is_change_due'])
      .where('user_id', '=', userId)
      .forUpdate()
      .executeTakeFirst();
    if (passwordRevision !== undefined && password?.revision !== passwordRevision) throw noSession();
    await trx.deleteFrom('sessions').where('expires_at_ms', '<=', BigInt(nowMs)).execute();
    const older = await trx
      .selectFrom('sessions')
      .select('session_id')
      .where('user_id', '=', userId)
      .orderBy('session_id', 'desc')
      .offset(SESSIONS_MAX - 1)
      .limit(1_000)
      .execute();
    const ids = older.map(({ session_id }) => session_id);
    if (ids.length > 0) await trx.deleteFrom('sessions').where('session_id', 'in', ids).execute();
    await trx.insertInto('sessions').values(row).execute();
    await rememberPlace(trx, caller, clientAddress, nowMs);
    await recordIn(
      trx,
      { tenant: caller.tenant, userId, requestId: '', clientAddress: plainText(clientAddress) },
      {
        action: 'session.begin',
        subject: token.sessionId,
        details: { way },
        userId,
        departmentPath: caller.departmentPath,
      },
    );
    return way === 'password' && password?.is_change_due === 1n;
  });
  const csrfToken = csrfTokenOf(token.secret);
  return {
    token: writeToken(token),
    csrfToken,
    expiresAtMs: row.expires_at_ms,
    caller: { ...caller, sessionId: token.sessionId, csrfToken },
    isPasswordChangeDue,
  };
}

export function sessionAuthenticator({
  database,
  callers,
  clock,
}: SignInContext): Pick<Auth, 'authenticateSession'> {
  return {
    authenticateSession: async ({ token }) => {
      const presented = readToken(token);
      if (presented === undefined) throw noSession();
      const { sessionId, secret } = presented;
      const kysely = database.asSystem('authentication');
      const row = await kysely
        .selectFrom('sessions')
        .leftJoin('passwords', 'passwords.user_id', 'sessions.user_id')
        .selectAll('sessions')
        .select('passwords.is_change_due')
        .where('session_id', '=', sessionId)
        .executeTakeFirst();
      const nowMs = clock.nowMs();
      if (row === undefined || !isSameDigest(digestOfSecret(secret), row.digest)) throw noSession();
      if (!isInForce(row, nowMs)) throw noSession();
      const caller = await callers.ofUser(row.user_id);
      if (caller === undefined) throw noSession();
      const minuteMs = BigInt(nowMs) - (BigInt(nowMs) % MINUTE_MS);
      if (row.last_used_at_ms < minuteMs) {
        await kysely
          .updateTable('sessions')
          .set({ last_used_at_ms: minuteMs })
          .where('session_id', '=', sessionId)
          .where('last_used_at_ms', '<', minuteMs)
          .execute();
      }
      return {
        caller: { ...caller, sessionId, csrfToken: csrfTokenOf(secret) },
        isPasswordChangeDue: row.way === 'password' && row.is_change_due === 1n,
      };
    },
  };
}

export function sessionCalls({
  database,
  clock,
}: SignInContext): Pick<SignIn, 'signOut' | 'endSessions' | 'listSessions'> {
  return {
    signOut: async ({ token }) => {
      const presented = readToken(token);
      if (presented === undefined) return {};
      await database.transactionAsSystem('authentication', async (trx) => {
        const gone = await trx
          .deleteFrom('sessions')
          .where('session_id', '=', presented.sessionId)
          .where('digest', '=', digestOfSecret(presented.secret))
          .returning(['tenant', 'user_id', 'department_path', 'client_address'])
          .executeTakeFirst();
        if (gone === undefined) return;
        const { tenant, user_id: userId, department_path: departmentPath, client_address } = gone;
        await recordIn(
          trx,
          { tenant, userId, requestId: '', clientAddress: client_address },
          { action: 'session.signOut', subject: presented.sessionId, userId, departmentPath },
        );
      });
      return {};
    },

    endSessions: async ({ actor, userId: wanted, sessionId, exceptSessionId }) => {
      const authority = await authorityOf(database, actor);
      const userId = wanted === '' ? authority.userId : wanted;
      checkId('userId', userId);
      if (sessionId !== '') checkId('sessionId', sessionId);
      if (exceptSessionId !== '') checkId('exceptSessionId', exceptSessionId);
      if (userId !== authority.userId) {
        await database.within(authority.scope, async (rows) => {
          const user = await findUserById(rows, userId);
          authority.mustRun(user.department_path);
          authority.mustOutrank({ userId, role: roleOf(user.role) });
        });
      }
      // One's own are where one is at home, whatever company root acts in.
      const sessionsEnded = await database.transactionAsSystem('consequence', async (trx) => {
        const { numDeletedRows } = await trx
          .deleteFrom('sessions')
          .where('user_id', '=', userId)
          .$if(sessionId !== '', (query) => query.where('session_id', '=', sessionId))
          .where('session_id', '!=', exceptSessionId)
          .executeTakeFirstOrThrow();
        const user = await trx
          .selectFrom('users')
          .select('department_path')
          .where('user_id', '=', userId)
          .executeTakeFirst();
        await recordIn(trx, authority, {
          action: 'session.end',
          subject: userId,
          details: { sessionId, sessionsEnded: String(numDeletedRows) },
          userId,
          departmentPath: user?.department_path ?? '/',
        });
        return Number(numDeletedRows);
      });
      return { sessionsEnded };
    },

    listSessions: async ({ actor, userId, page }) => {
      const wanted = readPage(page);
      if (userId !== '') checkId('userId', userId);
      const { scope } = await authorityOf(database, actor);
      const nowMs = clock.nowMs();
      const found = await database.within(scope, (rows) =>
        rows
          .selectFrom('sessions')
          .selectAll()
          .where('session_id', '>', wanted.after)
          .where('expires_at_ms', '>', BigInt(nowMs))
          .where('last_used_at_ms', '>', BigInt(nowMs - IDLE_MS))
          .$if(userId !== '', (query) => query.where('user_id', '=', userId))
          .orderBy('session_id')
          .limit(wanted.rowsMax + 1)
          .execute(),
      );
      const { items, nextAfter } = pageOf(found, wanted, sessionOf, (row) => row.session_id);
      return { sessions: items, nextAfter };
    },
  };
}

/** What a header says, in letters that a database takes. */
function plainText(text: string): string {
  return text.slice(0, TEXT_CHARACTERS_MAX).replace(/\p{Cc}/gu, '');
}

function isInForce(row: Pick<SessionRow, 'expires_at_ms' | 'last_used_at_ms'>, nowMs: number): boolean {
  return row.expires_at_ms > BigInt(nowMs) && row.last_used_at_ms > BigInt(nowMs - IDLE_MS);
}

/** Field by field, so that the digest stays behind. */
function sessionOf(row: SessionRow): Session {
  return {
    sessionId: row.session_id,
    tenant: row.tenant,
    userId: row.user_id,
    userName: row.user_name,
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    expiresAtMs: row.expires_at_ms,
    clientAddress: row.client_address,
    userAgent: row.user_agent,
    way: row.way,
  };
}

function noSession(): Fault {
  return new Fault('unauthenticated', 'You are not signed in, or no longer. Please sign in.');
}
