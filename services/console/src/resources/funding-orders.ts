import type { FundingOrder, QuotaLedger } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { z } from 'zod';
import type { AdminRequest, Resource } from '../handler.ts';
import { withFieldNames } from '../quota/field-names.ts';
import { scopeOf } from '../quota/names.ts';
import { FUNDING_TIERS, wordFor } from '../quota/words.ts';
import { pageOf, pageQuery, pageReply } from '../read-input.ts';

const PAGE_ROWS = 1_000;

const newOrder = z.strictObject({
  /** In the order in which they pay; what is left out does not pay. */
  tiers: z
    .array(z.enum(['personal', 'project', 'supplementary']))
    .min(1)
    .max(3)
    .refine((tiers) => new Set(tiers).size === tiers.length, { error: 'a tier stands there twice' }),
});

export const fundingOrders: Resource<'funding-orders'> = ({ auth, quotaLedger }) => ({
  'GET /funding-orders': async ({ caller: { tenant }, query }) => {
    const page = pageOf(query(pageQuery));
    const { orders, nextAfter } = await quotaLedger.listFundingOrders({ tenant, page });
    return pageReply(orders.map(orderReply), nextAfter);
  },

  'GET /funding-orders/:scope': async ({ caller: { tenant }, param }) => {
    const scope = await scopeOf(auth, tenant, param('scope'));
    return { body: orderReply(await getOrder(quotaLedger, tenant, scope)) };
  },

  'PUT /funding-orders/:scope': async ({ caller: { tenant }, param, body, audit }) => {
    const { tiers } = await body(newOrder);
    const scope = await scopeOf(auth, tenant, param('scope'));
    const before = await findOrder(quotaLedger, tenant, scope);
    const wanted = { scope, tiers: tiers.map((tier) => FUNDING_TIERS[tier]) };
    const { order } = await withFieldNames(quotaLedger.putFundingOrder({ tenant, order: wanted }));
    await auditChange(audit, 'fundingOrder.put', scope, before, order ?? wanted);
    return { body: orderReply(order ?? wanted) };
  },

  'DELETE /funding-orders/:scope': async ({ caller: { tenant }, param, audit }) => {
    const scope = await scopeOf(auth, tenant, param('scope'));
    const before = await getOrder(quotaLedger, tenant, scope);
    await quotaLedger.putFundingOrder({ tenant, order: { scope, tiers: [] } });
    await auditChange(audit, 'fundingOrder.remove', scope, before, undefined);
    return { body: orderReply(before) };
  },
});

async function getOrder(ledger: QuotaLedger, tenant: string, scope: string): Promise<FundingOrder> {
  const order = await findOrder(ledger, tenant, scope);
  if (order === undefined) throw new Fault('notFound', `No funding order was set for ${scope}.`);
  return order;
}

/** The ledger lists orders only; there are as many as somebody set. */
async function findOrder(
  ledger: QuotaLedger,
  tenant: string,
  scope: string,
): Promise<FundingOrder | undefined> {
  let after = '';
  do {
    const page = pageOf({ after, limit: PAGE_ROWS });
    const { orders, nextAfter } = await ledger.listFundingOrders({ tenant, page });
    const found = orders.find((order) => order.scope === scope);
    if (found !== undefined) return found;
    after = nextAfter;
  } while (after !== '');
  return undefined;
}

function auditChange(
  audit: AdminRequest['audit'],
  action: string,
  scope: string,
  before: FundingOrder | undefined,
  after: FundingOrder | undefined,
): Promise<void> {
  const words = (order: FundingOrder | undefined) =>
    order === undefined ? 'none' : tiersOf(order).join(',');
  return audit(action, scope, { before: words(before), after: words(after) });
}

function orderReply(order: FundingOrder): object {
  return { scope: order.scope, tiers: tiersOf(order) };
}

function tiersOf({ tiers }: FundingOrder): readonly string[] {
  return tiers.map((tier) => wordFor(FUNDING_TIERS, tier) ?? tier);
}
