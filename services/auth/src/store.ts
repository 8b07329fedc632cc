// The tables of auth. Every query names the company, so that nothing of another one can be read or changed; only
// authentication and the root user, who stands over all companies, are looked up without one. A key is in force only
// while its user exists: both are read together, so that a removed user's keys stop whatever became of their rows.

import { type ApiKey, type Caller, Role, type User } from '@ai-switch/contracts';
import type { Database } from '@ai-switch/db';
import { Fault, newId } from '@ai-switch/kernel';
import type { Kysely, Selectable } from 'kysely';
import type { AuthSchema } from './schema.ts';

/** Keys of one user that are in force at once. */
const KEYS_PER_USER_MAX = 1_000;
/** Keys in one statement, within the parameters that both databases take. */
const KEYS_PER_STATEMENT_MAX = 500;

/** What authentication has to know about a key. */
export interface KeyRecord {
  readonly caller: Caller;
  readonly digest: string;
  readonly expiresAtMs: number;
  readonly isRevoked: boolean;
}

export interface NewKey {
  readonly keyId: string;
  readonly tenant: string;
  readonly userId: string;
  readonly digest: string;
  readonly label: string;
  readonly models: readonly string[];
  readonly projectId: string;
  readonly expiresAtMs: bigint | undefined;
  readonly nowMs: number;
}

/** Rows wanted, ordered by id, after an id. */
export interface PageOf {
  readonly after: string;
  readonly rowsMax: number;
}

export interface NewUser {
  readonly tenant: string;
  readonly name: string;
  readonly role: Role;
  readonly departmentIds: readonly string[];
  readonly nowMs: number;
}

export type AuthStore = ReturnType<typeof authStore>;

export function authStore(database: Database<AuthSchema>) {
  const { kysely } = database;
  return {
    /** Makes the company with its first root user and key, unless it is there: then undefined. */
    createTenant: (first: {
      tenant: string;
      userName: string;
      nowMs: number;
      key: Pick<NewKey, 'keyId' | 'digest'>;
    }) =>
      database.transaction(async (trx) => {
        const { tenant, userName, nowMs, key } = first;
        const inserted = await trx
          .insertInto('tenants')
          .values({ tenant, created_at_ms: BigInt(nowMs) })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (inserted.numInsertedOrUpdatedRows !== 1n) return undefined;
        const userId = newId('usr', nowMs);
        await trx
          .insertInto('users')
          .values(userRow(userId, { tenant, name: userName, role: Role.ROOT, departmentIds: [], nowMs }))
          .execute();
        const label = 'first root key';
        const unbound = { models: [], projectId: '', expiresAtMs: undefined };
        return insertKey(trx, { ...key, ...unbound, tenant, userId, label, nowMs });
      }),

    /** A key with its user, by the part of it that is no secret. */
    findKey: async (keyId: string): Promise<KeyRecord | undefined> => {
      const row = await kysely
        .selectFrom('api_keys')
        .innerJoin('users', 'users.user_id', 'api_keys.user_id')
        .select(['api_keys.key_id', 'api_keys.tenant', 'api_keys.user_id', 'users.name', 'users.role'])
        .select(['department_ids', 'project_id', 'digest', 'models', 'expires_at_ms', 'revoked_at_ms'])
        .where('key_id', '=', keyId)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        caller: {
          tenant: row.tenant,
          userId: row.user_id,
          userName: row.name,
          keyId: row.key_id,
          role: roleOf(row.role),
          models: JSON.parse(row.models),
          departmentIds: JSON.parse(row.department_ids),
          projectId: row.project_id,
        },
        digest: row.digest,
        expiresAtMs: row.expires_at_ms === null ? Number.POSITIVE_INFINITY : Number(row.expires_at_ms),
        isRevoked: row.revoked_at_ms !== null,
      };
    },

    /** Adds the user, or returns the one who has the name. */
    createUser: async (user: NewUser): Promise<User> => {
      const { tenant, name, nowMs } = user;
      await requireTenant(kysely, tenant);
      await kysely
        .insertInto('users')
        .values(userRow(newId('usr', nowMs), user))
        .onConflict((conflict) => conflict.columns(['tenant', 'name']).doNothing())
        .execute();
      const row = await kysely
        .selectFrom('users')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('name', '=', name)
        .executeTakeFirst();
      if (row === undefined) {
        throw new Fault('conflict', 'The user was removed while it was made. Please try again.');
      }
      return userOf(row);
    },

    /** By id or by name; an id goes first, so that nobody is shadowed by a name. */
    findUser: async (tenant: string, idOrName: string): Promise<User | undefined> => {
      const rows = await kysely
        .selectFrom('users')
        .selectAll()
        .where('tenant', '=', tenant)
        .where((where) => where.or([where('user_id', '=', idOrName), where('name', '=', idOrName)]))
        .execute();
      const row = rows.find(({ user_id }) => user_id === idOrName) ?? rows[0];
      return row === undefined ? undefined : userOf(row);
    },

    /** The user who was moved, and the keys that speak for him; undefined when there is none. */
    moveUser: (
      tenant: string,
      userId: string,
      departmentIds: readonly string[],
    ): Promise<{ readonly user: User; readonly keyIds: readonly string[] } | undefined> =>
      database.transaction(async (trx) => {
        const row = await trx
          .updateTable('users')
          .set({ department_ids: JSON.stringify(departmentIds) })
          .where('tenant', '=', tenant)
          .where('user_id', '=', userId)
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) return undefined;
        const keys = await trx
          .selectFrom('api_keys')
          .select('key_id')
          .where('tenant', '=', tenant)
          .where('user_id', '=', userId)
          .where('revoked_at_ms', 'is', null)
          .execute();
        return { user: userOf(row), keyIds: keys.map(({ key_id }) => key_id) };
      }),

    firstRootUser: async (): Promise<User | undefined> => {
      const row = await kysely
        .selectFrom('users')
        .selectAll()
        .where('role', '=', Role.ROOT)
        .orderBy('user_id')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : userOf(row);
    },

    listUsers: async (tenant: string, { after, rowsMax }: PageOf) => {
      const rows = await kysely
        .selectFrom('users')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('user_id', '>', after)
        .orderBy('user_id')
        .limit(rowsMax + 1)
        .execute();
      return pageOf(rows, rowsMax, userOf, ({ userId }) => userId);
    },

    /** Removes the user and revokes his keys, whose ids are returned. */
    removeUser: (tenant: string, userId: string, nowMs: number): Promise<string[]> =>
      database.transaction(async (trx) => {
        // All root users are locked, so that of two who remove each other only one succeeds.
        const roots = await trx
          .selectFrom('users')
          .select(['user_id', 'tenant'])
          .where('role', '=', Role.ROOT)
          .orderBy('user_id')
          .forUpdate()
          .execute();
        const isRoot = roots.some((root) => root.user_id === userId && root.tenant === tenant);
        if (isRoot && roots.length === 1) {
          throw new Fault('conflict', 'The last root user cannot be removed. Please make another one first.');
        }
        await trx.deleteFrom('users').where('tenant', '=', tenant).where('user_id', '=', userId).execute();
        const revoked = await trx
          .updateTable('api_keys')
          .set({ revoked_at_ms: BigInt(nowMs) })
          .where('tenant', '=', tenant)
          .where('user_id', '=', userId)
          .where('revoked_at_ms', 'is', null)
          .returning('key_id')
          .execute();
        return revoked.map(({ key_id }) => key_id);
      }),

    createKey: (key: NewKey): Promise<ApiKey> =>
      database.transaction(async (trx) => {
        // The user's row is locked, so that he is not removed, and his keys are not counted twice, meanwhile.
        const user = await trx
          .selectFrom('users')
          .select('user_id')
          .where('tenant', '=', key.tenant)
          .where('user_id', '=', key.userId)
          .forUpdate()
          .executeTakeFirst();
        if (user === undefined) throw new Fault('notFound', 'There is no such user.');
        const { inForce } = await trx
          .selectFrom('api_keys')
          .select(({ fn }) => fn.countAll<bigint>().as('inForce'))
          .where('tenant', '=', key.tenant)
          .where('user_id', '=', key.userId)
          .where('revoked_at_ms', 'is', null)
          .executeTakeFirstOrThrow();
        if (inForce >= BigInt(KEYS_PER_USER_MAX)) {
          throw new Fault(
            'conflict',
            `A user has at most ${KEYS_PER_USER_MAX} keys. Please revoke those that are no longer used.`,
          );
        }
        return insertKey(trx, key);
      }),

    listKeys: async (tenant: string, userId: string, { after, rowsMax }: PageOf) => {
      const rows = await kysely
        .selectFrom('api_keys')
        .selectAll()
        .where('tenant', '=', tenant)
        .$if(userId !== '', (query) => query.where('user_id', '=', userId))
        .where('key_id', '>', after)
        .orderBy('key_id')
        .limit(rowsMax + 1)
        .execute();
      return pageOf(rows, rowsMax, keyOf, ({ keyId }) => keyId);
    },

    /** The revoked key, whose first revocation counts; undefined when there is none. */
    revokeKey: async (tenant: string, keyId: string, nowMs: number): Promise<ApiKey | undefined> => {
      await kysely
        .updateTable('api_keys')
        .set({ revoked_at_ms: BigInt(nowMs) })
        .where('tenant', '=', tenant)
        .where('key_id', '=', keyId)
        .where('revoked_at_ms', 'is', null)
        .execute();
      const row = await kysely
        .selectFrom('api_keys')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('key_id', '=', keyId)
        .executeTakeFirst();
      return row === undefined ? undefined : keyOf(row);
    },

    /** Never back in time: several processes write their notes in any order. */
    noteLastUse: async (atMs: number, keyIds: readonly string[]): Promise<void> => {
      const at = BigInt(atMs);
      for (let start = 0; start < keyIds.length; start += KEYS_PER_STATEMENT_MAX) {
        await kysely
          .updateTable('api_keys')
          .set({ last_used_at_ms: at })
          .where('key_id', 'in', keyIds.slice(start, start + KEYS_PER_STATEMENT_MAX))
          .where((where) =>
            where.or([where('last_used_at_ms', 'is', null), where('last_used_at_ms', '<', at)]),
          )
          .execute();
      }
    },
  };
}

async function requireTenant(kysely: Kysely<AuthSchema>, tenant: string): Promise<void> {
  const row = await kysely
    .selectFrom('tenants')
    .select('tenant')
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  if (row === undefined) throw new Fault('notFound', 'There is no such company.');
}

function userRow(userId: string, user: NewUser): AuthSchema['users'] {
  const { tenant, name, role, departmentIds, nowMs } = user;
  return {
    user_id: userId,
    tenant,
    name,
    role,
    created_at_ms: BigInt(nowMs),
    department_ids: JSON.stringify(departmentIds),
  };
}

async function insertKey(kysely: Kysely<AuthSchema>, key: NewKey): Promise<ApiKey> {
  const row = await kysely
    .insertInto('api_keys')
    .values({
      key_id: key.keyId,
      tenant: key.tenant,
      user_id: key.userId,
      digest: key.digest,
      label: key.label,
      models: JSON.stringify(key.models),
      created_at_ms: BigInt(key.nowMs),
      expires_at_ms: key.expiresAtMs ?? null,
      revoked_at_ms: null,
      last_used_at_ms: null,
      project_id: key.projectId,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return keyOf(row);
}

/** One row more than wanted was asked for: it only says that there is a further page. */
function pageOf<Row, Item>(
  rows: readonly Row[],
  rowsMax: number,
  itemOf: (row: Row) => Item,
  idOf: (item: Item) => string,
): { items: Item[]; nextAfter: string } {
  const items = rows.slice(0, rowsMax).map(itemOf);
  const last = items.at(-1);
  return { items, nextAfter: rows.length > rowsMax && last !== undefined ? idOf(last) : '' };
}

function userOf(row: Selectable<AuthSchema['users']>): User {
  return {
    userId: row.user_id,
    tenant: row.tenant,
    name: row.name,
    role: roleOf(row.role),
    createdAtMs: row.created_at_ms,
    departmentIds: JSON.parse(row.department_ids),
  };
}

/** Field by field, so that the digest stays behind. */
function keyOf(row: Selectable<AuthSchema['api_keys']>): ApiKey {
  return {
    keyId: row.key_id,
    tenant: row.tenant,
    userId: row.user_id,
    label: row.label,
    models: JSON.parse(row.models),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    revokedAtMs: row.revoked_at_ms ?? undefined,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
    projectId: row.project_id,
  };
}

function roleOf(text: string): Role {
  return Object.values(Role).find((role) => role === text) ?? Role.UNSPECIFIED;
}
