import { type Balance, Limits, type QuotaLedger, type User } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { pageOf, pageQuery, pageReply } from '../read-input.ts';
import { findUser } from './users.ts';

/** Each row of the list costs a call to the ledger. */
const LIST_ROWS_MAX = 100;

/** Tokens a month; null is unlimited, what is left out stays as it is. */
const limit = z.number().int().min(0).nullable().optional();
const patchLimits = z.strictObject({ input: limit, output: limit, cacheRead: limit, cacheWrite: limit });

const quotaQuery = pageQuery.extend({
  limit: z.coerce.number().int().min(1).max(LIST_ROWS_MAX).default(LIST_ROWS_MAX),
});

export const quotas: Resource<'quotas'> = ({ auth, quotaLedger }) => ({
  'GET /quotas': async ({ caller: { tenant }, query }) => {
    const { users, nextAfter } = await auth.listUsers({ tenant, page: pageOf(query(quotaQuery)) });
    const balances = await Promise.all(users.map(({ userId }) => balanceOf(quotaLedger, tenant, userId)));
    const rows = users.flatMap((user, index) => {
      const balance = balances[index];
      return balance === undefined ? [] : [quotaReply(user, balance)];
    });
    return pageReply(rows, nextAfter);
  },

  'GET /quotas/:user': async ({ caller: { tenant }, param }) => {
    const user = await findUser(auth, tenant, param('user'));
    return { body: quotaReply(user, await balanceOf(quotaLedger, tenant, user.userId)) };
  },

  'PATCH /quotas/:user': async ({ caller: { tenant }, param, body, audit }) => {
    const patch = await body(patchLimits);
    const user = await findUser(auth, tenant, param('user'));
    const { limits: stored } = await balanceOf(quotaLedger, tenant, user.userId);
    const limits = Limits.create({
      input: patched(stored?.input, patch.input),
      output: patched(stored?.output, patch.output),
      cacheRead: patched(stored?.cacheRead, patch.cacheRead),
      cacheWrite: patched(stored?.cacheWrite, patch.cacheWrite),
    });
    const { balance } = await quotaLedger.setLimits({ tenant, userId: user.userId, limits });
    if (balance === undefined) throw new Fault('internal', 'The ledger answered without a balance.');
    await audit('quota.setLimits', user.userId, detailsOf(limits));
    return { body: quotaReply(user, balance) };
  },
});

function patched(stored: bigint | undefined, wanted: number | null | undefined): bigint | undefined {
  if (wanted === undefined) return stored;
  return wanted === null ? undefined : BigInt(wanted);
}

function detailsOf({ input, output, cacheRead, cacheWrite }: Limits): Record<string, string> {
  const words = (amount: bigint | undefined) => (amount === undefined ? 'unlimited' : String(amount));
  return {
    input: words(input),
    output: words(output),
    cacheRead: words(cacheRead),
    cacheWrite: words(cacheWrite),
  };
}

async function balanceOf(quotaLedger: QuotaLedger, tenant: string, userId: string): Promise<Balance> {
  const { balance } = await quotaLedger.getBalance({ tenant, userId });
  if (balance === undefined) throw new Fault('internal', 'The ledger answered without a balance.');
  return balance;
}

function quotaReply({ userId, name }: User, balance: Balance): object {
  const { period, periodEndsAtMs, limits, used, held, overrun } = balance;
  return { userId, name, period, periodEndsAtMs, limits, used, held, overrun };
}
