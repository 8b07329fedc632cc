import { type Organisation, Role } from '@ai-switch/contracts';
import { Fault, newId } from '@ai-switch/kernel';
import { type AuthRows, authorityOf } from '../authority.ts';
import { record } from '../changes.ts';
import { checkId, checkName, checkRevision, checkUnitId, pageOf, readPage } from '../request-rules.ts';
import { roleOf } from '../role-rules.ts';
import { tablesEndingWithUsers, tablesOfUsers, tablesWithNames } from '../schema.ts';
import type { OrganisationContext } from './context.ts';
import { userOf } from './rows.ts';
import type { UserRow } from './schema.ts';
import { isAtOrBelow, lockTree, pathOfDepartment } from './tree.ts';

type Calls = Pick<Organisation, 'createUser' | 'getUser' | 'listUsers' | 'updateUser' | 'removeUser'>;

export function userCalls({ database, clock, onChange }: OrganisationContext): Calls {
  return {
    createUser: async ({ actor, userId, name, departmentId }) => {
      if (userId !== '') checkUnitId('userId', userId);
      checkName(name);
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'share');
        const path = await pathOfDepartment(rows, departmentId);
        authority.mustRun(path);
        const taken = await findTaken(rows, name, userId);
        if (taken === undefined) {
          const made = await insertUser(rows, { userId, name, path }, clock.nowMs());
          await record(rows, authority, {
            action: 'user.create',
            ...concerning(made),
            details: { name, departmentId },
          });
          return made;
        }
        const isSame =
          taken.tenant === authority.tenant &&
          taken.name === name &&
          taken.department_path === path &&
          (userId === '' || taken.user_id === userId);
        if (isSame) return taken;
        throw new Fault('conflict', 'A user of this name or id is there already.', {
          details: { field: 'name' },
        });
      });
      return { user: userOf(row) };
    },

    getUser: async ({ actor, user }) => {
      checkId('user', user);
      const { scope } = await authorityOf(database, actor);
      return { user: userOf(await database.within(scope, (rows) => findUser(rows, user))) };
    },

    listUsers: async ({ actor, departmentId, namePrefix, page }) => {
      const wanted = readPage(page);
      if (namePrefix !== '') checkName(namePrefix);
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, async (rows) => {
        const path = await pathOfDepartment(rows, departmentId);
        return rows
          .selectFrom('users')
          .selectAll()
          .where('user_id', '>', wanted.after)
          .$if(departmentId !== '', (all) => all.where(isAtOrBelow(path)))
          .$if(namePrefix !== '', (all) =>
            all.where('name', '>=', namePrefix).where('name', '<', `${namePrefix}\u{ffff}`),
          )
          .orderBy('user_id')
          .limit(wanted.rowsMax + 1)
          .execute();
      });
      const { items, nextAfter } = pageOf(found, wanted, userOf, (row) => row.user_id);
      return { users: items, nextAfter };
    },

    updateUser: async ({ actor, userId, name, departmentId, isSuspended, expectedRevision }) => {
      checkId('userId', userId);
      if (name !== undefined) checkName(name);
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'share');
        const before = await findUserById(rows, userId);
        authority.mustRun(before.department_path);
        authority.mustOutrank({ userId, role: roleOf(before.role) });
        checkRevision(expectedRevision, before.revision);
        if (isSuspended === true && userId === authority.userId) {
          throw new Fault('conflict', 'Nobody suspends himself.', { details: { field: 'isSuspended' } });
        }
        const path =
          departmentId === undefined ? before.department_path : await pathOfDepartment(rows, departmentId);
        authority.mustRun(path);
        if (name !== undefined && name !== before.name) await checkNameIsFree(rows, name);
        const after: UserRow = {
          ...before,
          name: name ?? before.name,
          department_path: path,
          is_suspended: isSuspended === undefined ? before.is_suspended : BigInt(isSuspended),
          revision: before.revision + 1n,
        };
        await followUser(rows, after);
        await record(rows, authority, {
          action: departmentId === undefined ? 'user.update' : 'user.move',
          ...concerning(after),
          details: {
            name: after.name,
            ...(name !== undefined && { formerName: before.name }),
            ...(departmentId !== undefined && { before: before.department_path, after: path }),
            ...(isSuspended !== undefined && { isSuspended: String(isSuspended) }),
          },
        });
        return after;
      });
      onChange(authority.tenant);
      return { user: userOf(row) };
    },

    removeUser: async ({ actor, userId, expectedRevision }) => {
      checkId('userId', userId);
      const authority = await authorityOf(database, actor);
      const keysRevoked = await database.within(authority.scope, async (rows) => {
        const user = await findUserById(rows, userId);
        authority.mustRun(user.department_path);
        authority.mustOutrank({ userId, role: roleOf(user.role) });
        checkRevision(expectedRevision, user.revision);
        if (roleOf(user.role) === Role.ROOT) await checkIsNotLastRoot(rows, userId);
        const revoked = await removeWithAll(rows, userId, clock.nowMs());
        await record(rows, authority, {
          action: 'user.remove',
          ...concerning(user),
          details: { name: user.name, keysRevoked: String(revoked) },
        });
        return revoked;
      });
      onChange(authority.tenant);
      return { keysRevoked };
    },
  };
}

/** By id or by name; an id goes first, so that nobody is shadowed by a name. @throws Fault `notFound` */
export async function findUser(rows: AuthRows, idOrName: string): Promise<UserRow> {
  const found = await rows
    .selectFrom('users')
    .selectAll()
    .where((where) => where.or([where('user_id', '=', idOrName), where('name', '=', idOrName)]))
    .execute();
  const row = found.find(({ user_id }) => user_id === idOrName) ?? found[0];
  if (row === undefined) throw noUser();
  return row;
}

/** The row is held to the end of the transaction. @throws Fault `notFound` */
export async function findUserById(rows: AuthRows, userId: string): Promise<UserRow> {
  const row = await rows
    .selectFrom('users')
    .selectAll()
    .where('user_id', '=', userId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw noUser();
  return row;
}

/** Adds a member whose place and name were checked. The tree is held at least shared. */
export async function insertUser(
  rows: AuthRows,
  { userId, name, path }: { readonly userId: string; readonly name: string; readonly path: string },
  nowMs: number,
): Promise<UserRow> {
  const row: UserRow = {
    user_id: userId === '' ? newId('usr', nowMs) : userId,
    tenant: rows.scope.tenant,
    name,
    role: Role.MEMBER,
    department_path: path,
    is_suspended: 0n,
    created_at_ms: BigInt(nowMs),
    revision: 1n,
  };
  await rows.insert('users', row);
  return row;
}

/**
 * Of two who remove each other only one succeeds, for every grant of root is held.
 *
 * @throws Fault `conflict` for the last one
 */
export async function checkIsNotLastRoot(rows: AuthRows, userId: string): Promise<void> {
  const roots = await rows.asSystem('wholeInstallation', (trx) =>
    trx
      .selectFrom('role_grants')
      .select('user_id')
      .where('role', '=', Role.ROOT)
      .orderBy('role_grant_id')
      .forUpdate()
      .execute(),
  );
  if (roots.some((root) => root.user_id !== userId)) return;
  throw new Fault('conflict', 'The last root user stays. Please make another one first.');
}

/** As the system: a name out of sight is taken, too, and ids are unique over all companies. */
function findTaken(rows: AuthRows, name: string, userId: string): Promise<UserRow | undefined> {
  return rows.asSystem('consequence', (trx) =>
    trx
      .selectFrom('users')
      .selectAll()
      .where((where) =>
        where.or([
          where.and([where('tenant', '=', rows.scope.tenant), where('name', '=', name)]),
          where('user_id', '=', userId),
        ]),
      )
      .executeTakeFirst(),
  );
}

async function checkNameIsFree(rows: AuthRows, name: string): Promise<void> {
  if ((await findTaken(rows, name, '')) === undefined) return;
  throw new Fault('conflict', 'A user of this name is there already.', { details: { field: 'name' } });
}

/** What repeats his name or his department follows. */
async function followUser(rows: AuthRows, user: UserRow): Promise<void> {
  const { user_id, name, department_path } = user;
  await rows.updateTable('users').set(user).where('user_id', '=', user_id).execute();
  await rows.asSystem('consequence', async (trx) => {
    for (const table of tablesOfUsers) {
      await trx.updateTable(table).set({ department_path }).where('user_id', '=', user_id).execute();
    }
    for (const table of tablesWithNames) {
      await trx.updateTable(table).set({ user_name: name }).where('user_id', '=', user_id).execute();
    }
  });
}

/** @returns how many keys of his were in force */
async function removeWithAll(rows: AuthRows, userId: string, nowMs: number): Promise<number> {
  await rows.deleteFrom('users').where('user_id', '=', userId).execute();
  return rows.asSystem('consequence', async (trx) => {
    for (const table of tablesEndingWithUsers) {
      await trx.deleteFrom(table).where('user_id', '=', userId).execute();
    }
    const { numUpdatedRows } = await trx
      .updateTable('api_keys')
      .set({ revoked_at_ms: BigInt(nowMs) })
      .where('user_id', '=', userId)
      .where('revoked_at_ms', 'is', null)
      .executeTakeFirstOrThrow();
    return Number(numUpdatedRows);
  });
}

function concerning({ user_id, department_path }: Pick<UserRow, 'user_id' | 'department_path'>) {
  return { subject: user_id, userId: user_id, departmentPath: department_path };
}

function noUser(): Fault {
  return new Fault('notFound', 'There is no such user.');
}
