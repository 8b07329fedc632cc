import { type Organisation, Role } from '@ai-switch/contracts';
import { numberChange } from '@ai-switch/db';
import { Fault } from '@ai-switch/kernel';
import { authorityOf } from '../authority.ts';
import { recordIn } from '../changes.ts';
import { checkCompanyId, checkRevision, checkTitle, pageOf, readPage } from '../request-rules.ts';
import type { OrganisationContext } from './context.ts';
import { companyOf } from './rows.ts';

type Calls = Pick<Organisation, 'createCompany' | 'getCompany' | 'listCompanies' | 'updateCompany'>;

export function companyCalls({ database, clock, onChange }: OrganisationContext): Calls {
  const find = async (tenant: string) => {
    const row = await database
      .asSystem('authority')
      .selectFrom('companies')
      .selectAll()
      .where('tenant', '=', tenant)
      .executeTakeFirst();
    if (row === undefined) throw new Fault('notFound', 'There is no such company.');
    return row;
  };

  return {
    createCompany: async ({ actor, tenant, name }) => {
      checkCompanyId(tenant);
      checkTitle(name);
      const authority = await authorityOf(database, actor);
      authority.mustBe(Role.ROOT);
      const nowMs = BigInt(clock.nowMs());
      await database.transactionAsSystem('wholeInstallation', async (trx) => {
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto('companies')
          .values({ tenant, name, is_suspended: 0n, created_at_ms: nowMs, revision: 1n })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (numInsertedOrUpdatedRows !== 1n) return;
        await recordIn(trx, authority, { action: 'company.create', subject: tenant, details: { name } });
      });
      const company = companyOf(await find(tenant));
      if (company.name !== name) throw new Fault('conflict', 'A company of this id has another name.');
      return { company };
    },

    // Who has an authority in it has one to see.
    getCompany: async ({ actor }) => {
      const { tenant } = await authorityOf(database, actor);
      return { company: companyOf(await find(tenant)) };
    },

    listCompanies: async ({ actor, page }) => {
      const authority = await authorityOf(database, actor);
      const wanted = readPage(page);
      if (authority.role !== Role.ROOT) {
        const own = companyOf(await find(authority.tenant));
        return { companies: own.tenant > wanted.after ? [own] : [], nextAfter: '' };
      }
      const rows = await database
        .asSystem('wholeInstallation')
        .selectFrom('companies')
        .selectAll()
        .where('tenant', '>', wanted.after)
        .orderBy('tenant')
        .limit(wanted.rowsMax + 1)
        .execute();
      const { items, nextAfter } = pageOf(rows, wanted, companyOf, ({ tenant }) => tenant);
      return { companies: items, nextAfter };
    },

    updateCompany: async ({ actor, name, isSuspended, expectedRevision }) => {
      if (name !== undefined) checkTitle(name);
      const authority = await authorityOf(database, actor);
      authority.mustBe(isSuspended === undefined ? Role.COMPANY_ADMIN : Role.ROOT);
      const { tenant } = authority;
      const company = await database.transactionAsSystem('authority', async (trx) => {
        const before = await trx
          .selectFrom('companies')
          .selectAll()
          .where('tenant', '=', tenant)
          .forUpdate()
          .executeTakeFirstOrThrow();
        checkRevision(expectedRevision, before.revision);
        const after = {
          ...before,
          name: name ?? before.name,
          is_suspended: isSuspended === undefined ? before.is_suspended : BigInt(isSuspended),
          revision: before.revision + 1n,
        };
        await trx.updateTable('companies').set(after).where('tenant', '=', tenant).execute();
        await recordIn(trx, authority, {
          action: 'company.update',
          subject: tenant,
          details: {
            ...(name !== undefined && { name }),
            ...(isSuspended !== undefined && { isSuspended: String(isSuspended) }),
          },
        });
        await numberChange(trx, tenant);
        return companyOf(after);
      });
      onChange(tenant);
      return { company };
    },
  };
}
