import type { AuthDatabase } from './authority.ts';

/** Keys in one statement, within the parameters that both databases take. */
const KEYS_PER_STATEMENT_MAX = 500;

/** Never back in time: several processes write their notes in any order. */
export async function noteLastUse(
  database: AuthDatabase,
  atMs: number,
  keyIds: readonly string[],
): Promise<void> {
  const at = BigInt(atMs);
  for (let start = 0; start < keyIds.length; start += KEYS_PER_STATEMENT_MAX) {
    await database
      .asSystem('upkeep')
      .updateTable('api_keys')
      .set({ last_used_at_ms: at })
      .where('key_id', 'in', keyIds.slice(start, start + KEYS_PER_STATEMENT_MAX))
      .where((where) => where.or([where('last_used_at_ms', 'is', null), where('last_used_at_ms', '<', at)]))
      .execute();
  }
}
