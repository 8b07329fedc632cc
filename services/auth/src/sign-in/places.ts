// Where people signed in from. Guesses at an account from all over make it wait, but not for who comes from where he was
// before; so this is kept longer than the session that began there.

import type { Transaction } from 'kysely';
import type { AuthDatabase } from '../authority.ts';
import type { AuthSchema } from '../schema.ts';
import { addressGroup } from './attempts.ts';

const MEMORY_MS = 90 * 86_400_000;
/** Of one user; the one that was not used the longest is forgotten. */
const PLACES_MAX = 20;

/** Asked for nobody, too: the time does not tell who is there. */
export async function isKnownPlace(
  database: AuthDatabase,
  userId: string,
  address: string,
  nowMs: number,
): Promise<boolean> {
  const row = await database
    .asSystem('authentication')
    .selectFrom('sign_in_places')
    .select('user_id')
    .where('user_id', '=', userId)
    .where('address_group', '=', addressGroup(address))
    .where('last_used_at_ms', '>', BigInt(nowMs - MEMORY_MS))
    .executeTakeFirst();
  return row !== undefined;
}

export async function rememberPlace(
  trx: Transaction<AuthSchema>,
  user: { readonly tenant: string; readonly userId: string; readonly departmentPath: string },
  address: string,
  nowMs: number,
): Promise<void> {
  const { userId } = user;
  const last_used_at_ms = BigInt(nowMs);
  await trx
    .insertInto('sign_in_places')
    .values({
      user_id: userId,
      tenant: user.tenant,
      department_path: user.departmentPath,
      address_group: addressGroup(address),
      last_used_at_ms,
    })
    .onConflict((conflict) => conflict.columns(['user_id', 'address_group']).doUpdateSet({ last_used_at_ms }))
    .execute();
  const places = await trx
    .selectFrom('sign_in_places')
    .select('address_group')
    .where('user_id', '=', userId)
    .orderBy('last_used_at_ms', 'desc')
    .orderBy('address_group')
    .offset(PLACES_MAX)
    .limit(PLACES_MAX)
    .execute();
  const groups = places.map(({ address_group }) => address_group);
  if (groups.length === 0) return;
  await trx
    .deleteFrom('sign_in_places')
    .where('user_id', '=', userId)
    .where('address_group', 'in', groups)
    .execute();
}
