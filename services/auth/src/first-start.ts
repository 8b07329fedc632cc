// What an empty database begins with: one company, one root user, and a key of his.

import { KeyScope, Role } from '@ai-switch/contracts';
import { newId } from '@ai-switch/kernel';
import type { AuthDatabase } from './authority.ts';
import { keyRow, type NewKey } from './organisation/keys.ts';

const FIRST_TENANT = 'default';
const FIRST_COMPANY = 'Default';
const FIRST_USER = 'root';

/** Makes the first company with its root user and his key; false when there is one. */
export async function makeFirstCompany(
  database: AuthDatabase,
  nowMs: number,
  key: Pick<NewKey, 'keyId' | 'digest'>,
): Promise<boolean> {
  return database.transactionAsSystem('wholeInstallation', async (trx) => {
    const inserted = await trx
      .insertInto('companies')
      .values({
        tenant: FIRST_TENANT,
        name: FIRST_COMPANY,
        is_suspended: 0n,
        created_at_ms: BigInt(nowMs),
        revision: 1n,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n) return false;
    const user = {
      user_id: newId('usr', nowMs),
      tenant: FIRST_TENANT,
      name: FIRST_USER,
      role: Role.ROOT,
      department_path: '/',
      is_suspended: 0n,
      created_at_ms: BigInt(nowMs),
      revision: 1n,
    };
    await trx.insertInto('users').values(user).execute();
    await trx
      .insertInto('role_grants')
      .values({
        role_grant_id: newId('rol', nowMs),
        tenant: FIRST_TENANT,
        user_id: user.user_id,
        user_name: FIRST_USER,
        role: Role.ROOT,
        department_id: '',
        department_path: '/',
        granted_by: 'system',
        created_at_ms: BigInt(nowMs),
      })
      .execute();
    const row = keyRow(user, { ...key, ...FIRST_KEY, nowMs });
    await trx.insertInto('api_keys').values(row).execute();
    return true;
  });
}

const FIRST_KEY = {
  label: 'first root key',
  models: [],
  networks: [],
  scopes: [KeyScope.INFERENCE, KeyScope.ADMIN],
  projectId: '',
  expiresAtMs: undefined,
};

/** The root user who is there the longest. */
export async function firstRootUser(
  database: AuthDatabase,
): Promise<{ readonly tenant: string; readonly userId: string } | undefined> {
  const row = await database
    .asSystem('wholeInstallation')
    .selectFrom('role_grants')
    .select(['tenant', 'user_id'])
    .where('role', '=', Role.ROOT)
    .orderBy('role_grant_id')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : { tenant: row.tenant, userId: row.user_id };
}
