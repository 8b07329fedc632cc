import { hash } from 'node:crypto';
import type { SignIn } from '@ai-switch/contracts';
import type { Changer } from '@ai-switch/event-log';
import { Fault } from '@ai-switch/kernel';
import type { Transaction } from 'kysely';
import { type AuthDatabase, authorityOf } from '../authority.ts';
import { recordIn } from '../changes.ts';
import { findUserById } from '../organisation/users.ts';
import { checkId, hasControlCharacter } from '../request-rules.ts';
import { roleOf } from '../role-rules.ts';
import type { AuthSchema } from '../schema.ts';
import type { Attempt } from './attempts.ts';
import type { SignInContext } from './context.ts';
import { onlyCompany } from './only-company.ts';
import { hashPassword, isOutdated, isPasswordOf, NO_PASSWORD_HASH } from './password-hash.ts';
import { checkNewPassword, isTooLong, makeOneTimePassword } from './password-rules.ts';
import { isKnownPlace } from './places.ts';
import type { PasswordRow } from './schema.ts';
import { beginSession } from './sessions.ts';

type Calls = Pick<SignIn, 'signIn' | 'changePassword' | 'resetPassword'>;

const NAME_CHARACTERS_MAX = 128;
/** No user has this id, no company and no user this name. */
const NOBODY = '';

export function passwordCalls(context: SignInContext): Calls {
  const { database, clock } = context;
  return {
    signIn: async ({ tenant: named, name, password, clientAddress, userAgent }) => {
      const tenant = named === '' ? await onlyCompany(database) : named;
      const stored = await passwordOf(database, await userIdOf(database, tenant, name));
      const account = { account: accountOf(tenant, name), address: clientAddress };
      const isRight = await isRightPassword(context, account, stored, password);
      if (!isRight || stored === undefined) throw wrong();
      if (isOutdated(stored.hash)) {
        const hash = await hashPassword(password);
        await database.transactionAsSystem('consequence', (trx) => changePasswordRow(trx, stored, { hash }));
      }
      const { user_id: userId, revision: passwordRevision } = stored;
      const entrant = { userId, clientAddress, userAgent, way: 'password', passwordRevision };
      const session = await beginSession(context, entrant).catch((error: unknown) => {
        throw error instanceof Fault && error.code === 'unauthenticated' ? wrong() : error;
      });
      return { session };
    },

    changePassword: async ({ actor, currentPassword, newPassword, sessionId, clientAddress }) => {
      if (sessionId !== '') checkId('sessionId', sessionId);
      const authority = await authorityOf(database, actor);
      const { tenant, userId, userName } = authority;
      const stored = await passwordOf(database, userId);
      const account = { account: accountOf(stored?.tenant ?? tenant, userName), address: clientAddress };
      const isRight = await isRightPassword(context, account, stored, currentPassword);
      if (!isRight || stored === undefined) throw wrongCurrent();
      checkNewPassword(newPassword, userName);
      if (newPassword === currentPassword) {
        throw new Fault('invalid', 'The new password is the current one.', {
          details: { field: 'newPassword' },
        });
      }
      const hash = await hashPassword(newPassword);
      await database.transactionAsSystem('consequence', async (trx) => {
        const isDone = await changePasswordRow(trx, stored, {
          hash,
          is_change_due: 0n,
          changed_at_ms: BigInt(clock.nowMs()),
          revision: stored.revision + 1n,
        });
        if (!isDone) throw wrongCurrent();
        await trx
          .deleteFrom('sessions')
          .where('user_id', '=', userId)
          .where('session_id', '!=', sessionId)
          .execute();
        await recordIn(
          trx,
          { ...authority, clientAddress },
          { action: 'password.change', subject: userId, userId, departmentPath: stored.department_path },
        );
      });
      return {};
    },

    resetPassword: async ({ actor, userId }) => {
      checkId('userId', userId);
      const authority = await authorityOf(database, actor);
      await database.within(authority.scope, async (rows) => {
        const user = await findUserById(rows, userId);
        authority.mustRun(user.department_path);
        authority.mustOutrank({ userId, role: roleOf(user.role) });
      });
      return { password: await setOneTimePassword(database, { userId, changer: authority }, clock.nowMs()) };
    },
  };
}

/**
 * A password that is shown once, and has to be changed when its user signs in with it. His sessions end.
 * @throws Fault `notFound` for a user who is gone
 */
export async function setOneTimePassword(
  database: AuthDatabase,
  { userId, changer }: { readonly userId: string; readonly changer: Changer },
  nowMs: number,
): Promise<string> {
  const password = makeOneTimePassword();
  const hash = await hashPassword(password);
  await database.transactionAsSystem('consequence', async (trx) => {
    const user = await trx
      .selectFrom('users')
      .select(['tenant', 'department_path'])
      .where('user_id', '=', userId)
      .forUpdate()
      .executeTakeFirst();
    if (user === undefined) throw new Fault('notFound', 'There is no such user.');
    const changed = { ...user, hash, is_change_due: 1n, changed_at_ms: BigInt(nowMs) };
    await trx
      .insertInto('passwords')
      .values({ user_id: userId, ...changed, revision: 1n })
      .onConflict((conflict) =>
        conflict
          .column('user_id')
          .doUpdateSet((where) => ({ ...changed, revision: where('passwords.revision', '+', 1n) })),
      )
      .execute();
    await trx.deleteFrom('sessions').where('user_id', '=', userId).execute();
    const { department_path: departmentPath } = user;
    await recordIn(trx, changer, { action: 'password.reset', subject: userId, userId, departmentPath });
  });
  return password;
}

/** Checks a password as one attempt of its account. @throws Fault `rateLimited` */
async function isRightPassword(
  { database, clock, attempts }: SignInContext,
  account: Omit<Attempt, 'isKnownAddress'>,
  stored: PasswordRow | undefined,
  password: string,
): Promise<boolean> {
  const userId = stored?.user_id ?? NOBODY;
  const isKnownAddress = await isKnownPlace(database, userId, account.address, clock.nowMs());
  const waitMs = await attempts.begin({ ...account, isKnownAddress });
  if (waitMs > 0) {
    throw new Fault('rateLimited', 'Too many failed attempts. Please wait before the next one.', {
      retryAfterMs: waitMs,
    });
  }
  const hash = stored?.hash ?? NO_PASSWORD_HASH;
  const isRight = await isPasswordOf(hash, isTooLong(password) ? '' : password);
  if (stored === undefined || !isRight || isTooLong(password)) return false;
  await attempts.forgive({ ...account, isKnownAddress });
  return true;
}

/** False when the password was changed since it was read: what was decided by the old one does not count. */
async function changePasswordRow(
  trx: Transaction<AuthSchema>,
  { user_id, revision }: PasswordRow,
  changed: Partial<PasswordRow>,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('passwords')
    .set(changed)
    .where('user_id', '=', user_id)
    .where('revision', '=', revision)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

function passwordOf(database: AuthDatabase, userId: string): Promise<PasswordRow | undefined> {
  return database
    .asSystem('authentication')
    .selectFrom('passwords')
    .selectAll()
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

/** Nobody's for names that nobody has, which are looked up all the same. */
async function userIdOf(database: AuthDatabase, tenant: string, name: string): Promise<string> {
  const [company, user] = [tenant, name].map((text) => (isPlain(text) ? text : NOBODY));
  const row = await database
    .asSystem('authentication')
    .selectFrom('users')
    .select('user_id')
    .where('tenant', '=', company ?? NOBODY)
    .where('name', '=', user ?? NOBODY)
    .executeTakeFirst();
  return row?.user_id ?? NOBODY;
}

function isPlain(text: string): boolean {
  return text.length <= NAME_CHARACTERS_MAX && !hasControlCharacter(text);
}

/** Of one length, however long the names are that somebody makes up. */
function accountOf(tenant: string, name: string): string {
  return hash('sha256', JSON.stringify([tenant, name]));
}

function wrong(): Fault {
  return new Fault('unauthenticated', 'The name or the password is wrong. Please check both.');
}

function wrongCurrent(): Fault {
  return new Fault('forbidden', 'The current password is wrong.', { details: { field: 'currentPassword' } });
}
