// The second wall on PostgreSQL: what a transaction within a scope sees and writes is bounded by the server itself, whatever
// the query says. Outside of a scope a session is the service's own, which is what authentication and migrations need.
// A superuser and a role that bypasses row-level security are bounded by nothing: `isWallOpen` tells of such a connection.

import { hash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RowScope, ScopeColumns } from './scope.ts';

const POLICY_PREFIX = 'aiswitch_scope_';

/** Sets the policies that are not there yet. A policy's name holds a digest of what it says, so that a start changes nothing. */
export async function raiseWall(
  kysely: Kysely<never>,
  tables: Readonly<Record<string, ScopeColumns | undefined>>,
): Promise<void> {
  for (const [table, columns] of Object.entries(tables)) {
    if (columns === undefined) continue;
    const condition = conditionOf(columns);
    const name = `${POLICY_PREFIX}${hash('sha256', condition).slice(0, 16)}`;
    const { rows: found } = await policiesOf(kysely, table);
    if (found.length === 1 && found[0]?.name === name) continue;
    await kysely.transaction().execute(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended('aiswitch policies', 0))`.execute(trx);
      const { rows: former } = await policiesOf(trx, table);
      if (former.some((policy) => policy.name === name)) return;
      for (const policy of former)
        await sql`drop policy ${sql.id(policy.name)} on ${sql.id(table)}`.execute(trx);
      await sql`create policy ${sql.id(name)} on ${sql.id(table)} using (${sql.raw(condition)})`.execute(trx);
      await sql`alter table ${sql.id(table)} enable row level security, force row level security`.execute(
        trx,
      );
    });
  }
}

/** True when the connected role is bounded by no policy. */
export async function isWallOpen(kysely: Kysely<never>): Promise<boolean> {
  const { rows } = await sql<{ is_open: boolean }>`
    select rolsuper or rolbypassrls as is_open from pg_roles where rolname = current_user
  `.execute(kysely);
  return rows[0]?.is_open ?? true;
}

/** From here to its end the transaction sees the scope only. */
export async function enterScope<Schema>(trx: Transaction<Schema>, scope: RowScope): Promise<void> {
  await sql`select
    set_config('aiswitch.system', 'off', true),
    set_config('aiswitch.tenant', ${scope.tenant}, true),
    set_config('aiswitch.whole', ${scope.isWholeCompany ? 'on' : 'off'}, true),
    set_config('aiswitch.departments', ${scope.departmentPaths.join('\n')}, true),
    set_config('aiswitch.user', ${scope.userId}, true)`.execute(trx);
}

/** The transaction is the service's own again. */
export async function leaveScope<Schema>(trx: Transaction<Schema>): Promise<void> {
  await sql`select set_config('aiswitch.system', 'on', true)`.execute(trx);
}

function policiesOf(kysely: Kysely<never>, table: string) {
  return sql<{ name: string }>`
    select policyname as name from pg_policies
    where schemaname = current_schema() and tablename = ${table} and policyname like 'aiswitch\\_scope\\_%'
  `.execute(kysely);
}

/** Column names are the program's own. A setting that nobody made is empty and lets nothing through. */
function conditionOf({ tenant, departmentPath, userId }: ScopeColumns): string {
  const setting = (name: string) => `coalesce(current_setting('aiswitch.${name}', true), '')`;
  const within = [`${setting('whole')} = 'on'`];
  if (departmentPath !== undefined) {
    within.push(
      `exists (select 1 from unnest(string_to_array(${setting('departments')}, chr(10))) as above` +
        ` where above <> '' and substr(${departmentPath}, 1, length(above)) = above)`,
    );
  }
  if (userId !== undefined) within.push(`(${setting('user')} <> '' and ${userId} = ${setting('user')})`);
  return `${setting('system')} = 'on' or (${tenant} = ${setting('tenant')} and (${within.join(' or ')}))`;
}
