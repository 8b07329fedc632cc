import type { SignIn } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { type AuthDatabase, authorityOf } from '../authority.ts';
import { findUserById } from '../organisation/users.ts';
import { checkId } from '../request-rules.ts';
import { roleOf } from '../role-rules.ts';
import type { Attempt } from './attempts.ts';
import type { SignInContext } from './context.ts';
import { hashPassword, isOutdated, isPasswordOf, NO_PASSWORD_HASH } from './password-hash.ts';
import { checkNewPassword, isTooLong, makeOneTimePassword } from './password-rules.ts';
import type { PasswordRow } from './schema.ts';
import { beginSession } from './sessions.ts';

type Calls = Pick<SignIn, 'signIn' | 'changePassword' | 'resetPassword'>;

const NAME_CHARACTERS_MAX = 128;

export function passwordCalls(context: SignInContext): Calls {
  const { database, clock, attempts } = context;

  /** Checks a password as one attempt of its account. @throws Fault `rateLimited` */
  const attempt = async (
    account: Omit<Attempt, 'isKnownAddress'>,
    stored: PasswordRow | undefined,
    password: string,
  ): Promise<boolean> => {
    const isKnownAddress = stored !== undefined && (await wasHere(database, stored.user_id, account.address));
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
  };

  return {
    signIn: async ({ tenant: named, name, password, clientAddress, userAgent }) => {
      const tenant = named === '' ? await onlyCompany(database) : named;
      const user = await findByName(database, tenant, name);
      const stored = user === undefined ? undefined : await passwordOf(database, user.user_id);
      const account = { account: `${tenant}/${name.slice(0, NAME_CHARACTERS_MAX)}`, address: clientAddress };
      const isRight = await attempt(account, stored, password);
      if (!isRight || stored === undefined) throw wrong();
      if (isOutdated(stored.hash)) {
        await storePassword(database, { ...stored, hash: await hashPassword(password) });
      }
      const entrant = { userId: stored.user_id, clientAddress, userAgent, way: 'password' };
      const session = await beginSession(context, entrant).catch((error: unknown) => {
        throw error instanceof Fault && error.code === 'unauthenticated' ? wrong() : error;
      });
      return { session };
    },

    changePassword: async ({ actor, currentPassword, newPassword, sessionId, clientAddress }) => {
      const authority = await authorityOf(database, actor);
      const { userId, userName } = authority;
      const stored = await passwordOf(database, userId);
      const account = { account: `${authority.tenant}/${userName}`, address: clientAddress };
      if (!(await attempt(account, stored, currentPassword)) || stored === undefined) {
        throw new Fault('forbidden', 'The current password is wrong.', {
          details: { field: 'currentPassword' },
        });
      }
      checkNewPassword(newPassword, userName);
      if (newPassword === currentPassword) {
        throw new Fault('invalid', 'The new password is the current one.', {
          details: { field: 'newPassword' },
        });
      }
      const hash = await hashPassword(newPassword);
      await storePassword(database, {
        ...stored,
        hash,
        is_change_due: 0n,
        changed_at_ms: BigInt(clock.nowMs()),
      });
      await database
        .asSystem('consequence')
        .deleteFrom('sessions')
        .where('user_id', '=', userId)
        .where('session_id', '!=', sessionId)
        .execute();
      return {};
    },

    resetPassword: async ({ actor, userId }) => {
      checkId('userId', userId);
      const authority = await authorityOf(database, actor);
      const user = await database.within(authority.scope, async (rows) => {
        const row = await findUserById(rows, userId);
        authority.mustRun(row.department_path);
        authority.mustOutrank({ userId, role: roleOf(row.role) });
        return row;
      });
      const { tenant, department_path: departmentPath } = user;
      const password = await setOneTimePassword(database, { userId, tenant, departmentPath }, clock.nowMs());
      await database.asSystem('consequence').deleteFrom('sessions').where('user_id', '=', userId).execute();
      return { password };
    },
  };
}

/** A password that is shown once, and has to be changed when its user signs in with it. */
export async function setOneTimePassword(
  database: AuthDatabase,
  user: { readonly userId: string; readonly tenant: string; readonly departmentPath?: string },
  nowMs: number,
): Promise<string> {
  const password = makeOneTimePassword();
  await storePassword(database, {
    user_id: user.userId,
    tenant: user.tenant,
    department_path: user.departmentPath ?? '/',
    hash: await hashPassword(password),
    is_change_due: 1n,
    changed_at_ms: BigInt(nowMs),
  });
  return password;
}

async function storePassword(database: AuthDatabase, row: PasswordRow): Promise<void> {
  const { user_id: _, ...changed } = row;
  await database
    .asSystem('consequence')
    .insertInto('passwords')
    .values(row)
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(changed))
    .execute();
}

function passwordOf(database: AuthDatabase, userId: string): Promise<PasswordRow | undefined> {
  return database
    .asSystem('authentication')
    .selectFrom('passwords')
    .selectAll()
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

function findByName(database: AuthDatabase, tenant: string, name: string) {
  return database
    .asSystem('authentication')
    .selectFrom('users')
    .select('user_id')
    .where('tenant', '=', tenant)
    .where('name', '=', name.slice(0, NAME_CHARACTERS_MAX + 1))
    .executeTakeFirst();
}

/** '' where there are several: then who signs in has to name his. */
async function onlyCompany(database: AuthDatabase): Promise<string> {
  const rows = await database
    .asSystem('authentication')
    .selectFrom('companies')
    .select('tenant')
    .orderBy('tenant')
    .limit(2)
    .execute();
  return rows.length === 1 ? (rows[0]?.tenant ?? '') : '';
}

/** A session of his was begun from the address and is kept still. */
async function wasHere(database: AuthDatabase, userId: string, address: string): Promise<boolean> {
  const row = await database
    .asSystem('authentication')
    .selectFrom('sessions')
    .select('session_id')
    .where('user_id', '=', userId)
    .where('client_address', '=', address)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function wrong(): Fault {
  return new Fault('unauthenticated', 'The name or the password is wrong. Please check both.');
}
