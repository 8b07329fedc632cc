// Whom an identity token is about. The issuer and its subject decide, never a name or an address: those can be claimed.

import { hash } from 'node:crypto';
import { Role } from '@ai-switch/contracts';
import { newId } from '@ai-switch/kernel';
import type { JWTPayload } from 'jose';
import type { Transaction } from 'kysely';
import { recordIn } from '../changes.ts';
import type { AuthSchema } from '../schema.ts';
import type { SignInContext } from './context.ts';
import type { IdentityProviderRow } from './schema.ts';

export type Claims = JWTPayload & { readonly sub: string };

const NAME = /[^A-Za-z0-9._@-]/g;
const NAME_CHARACTERS_MAX = 100;

/** The user of the subject, who is made when the provider is to make users; undefined for one whom nobody is linked to. */
export async function userOfSubject(
  { database, clock }: SignInContext,
  row: IdentityProviderRow,
  claims: Claims,
): Promise<string | undefined> {
  const { tenant, issuer } = row;
  return database.transactionAsSystem('authentication', async (trx) => {
    const linked = await userLinked(trx, row, claims.sub);
    if (linked !== undefined) return linked;
    if (row.is_creating_users === 0n) return undefined;
    // Who comes twice at once for the first time is made once.
    await trx.selectFrom('companies').select('tenant').where('tenant', '=', tenant).forUpdate().execute();
    const linkedMeanwhile = await userLinked(trx, row, claims.sub);
    if (linkedMeanwhile !== undefined) return linkedMeanwhile;
    const department = await trx
      .selectFrom('departments')
      .select('department_path')
      .where('tenant', '=', tenant)
      .where('department_id', '=', row.department_id)
      .executeTakeFirst();
    const name = nameIn(claims[row.name_claim], claims.sub);
    const taken = await trx
      .selectFrom('users')
      .select('user_id')
      .where('tenant', '=', tenant)
      .where('name', '=', name)
      .executeTakeFirst();
    const nowMs = clock.nowMs();
    const userId = newId('usr', nowMs);
    const departmentPath = department?.department_path ?? '/';
    await trx
      .insertInto('users')
      .values({
        user_id: userId,
        tenant,
        // Who has the name is somebody else, whatever the claim says.
        name:
          taken === undefined ? name : `${name}-${hash('sha256', `${issuer}|${claims.sub}`).slice(0, 12)}`,
        role: Role.MEMBER,
        department_path: departmentPath,
        is_suspended: 0n,
        created_at_ms: BigInt(nowMs),
        revision: 1n,
      })
      .execute();
    await trx
      .insertInto('identity_links')
      .values({ tenant, issuer, subject: claims.sub, user_id: userId, department_path: departmentPath })
      .execute();
    await recordIn(
      trx,
      { tenant, userId, requestId: '', clientAddress: '' },
      {
        action: 'user.create',
        subject: userId,
        details: { name, identityProviderId: row.identity_provider_id },
        userId,
        departmentPath,
      },
    );
    return userId;
  });
}

async function userLinked(
  trx: Transaction<AuthSchema>,
  { tenant, issuer }: IdentityProviderRow,
  subject: string,
): Promise<string | undefined> {
  const link = await trx
    .selectFrom('identity_links')
    .select('user_id')
    .where('tenant', '=', tenant)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
  return link?.user_id;
}

/** What is left of a claim in the letters of a name. */
function nameIn(claim: unknown, subject: string): string {
  const text = typeof claim === 'string' ? claim : subject;
  return text.replace(NAME, '-').slice(0, NAME_CHARACTERS_MAX) || 'user';
}
