import type { AuthDatabase } from '../authority.ts';

/** '' where there are several: then who signs in has to name his. */
export async function onlyCompany(database: AuthDatabase): Promise<string> {
  const rows = await database
    .asSystem('authentication')
    .selectFrom('companies')
    .select('tenant')
    .orderBy('tenant')
    .limit(2)
    .execute();
  return rows.length === 1 ? (rows[0]?.tenant ?? '') : '';
}
