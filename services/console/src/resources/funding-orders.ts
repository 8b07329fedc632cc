import type { AuditEvent, FundingOrder } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { type Changer, changeEvent } from '../change-event.ts';
import type { AdminRequest, Handlers } from '../handler.ts';
import { FUNDING_TIERS } from '../quota/words.ts';
import type { Run, ScopeName, Seen } from '../reach/in-scope.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { QuotaRoutes } from '../routes/quota-routes.ts';
import { wordFor } from '../words.ts';

type Routes = Pick<
  QuotaRoutes,
  'listFundingOrders' | 'getFundingOrder' | 'putFundingOrder' | 'removeFundingOrder'
>;

export const fundingOrders: Handlers<Routes> = {
  listFundingOrders: async ({ ledger, query }) => {
    const { orders, nextAfter } = await ledger.listOrders(pageIn(query));
    return pageReply(orders.map(orderReply), nextAfter);
  },

  getFundingOrder: async ({ reach, ledger, params }) => {
    const scope = await reach.scope(params.scope, 'sees');
    return { body: orderReply(await getOrder(ledger, scope)) };
  },

  putFundingOrder: async (request) => {
    const { reach, ledger, params, body } = request;
    const scope = await reach.scope(params.scope, 'runs');
    const before = await ledger.findOrder(scope);
    const tiers = body.tiers.map((tier) => FUNDING_TIERS[tier]);
    const after = { scope: scope.scope, tiers };
    const event = eventOf(request, 'fundingOrder.put', scope, before, after);
    return { body: orderReply(await ledger.putOrder(scope, tiers, event)) };
  },

  removeFundingOrder: async (request) => {
    const { reach, ledger, params } = request;
    const scope = await reach.scope(params.scope, 'runs');
    const before = await getOrder(ledger, scope);
    await ledger.putOrder(scope, [], eventOf(request, 'fundingOrder.remove', scope, before, undefined));
    return { body: orderReply(before) };
  },
};

async function getOrder(ledger: AdminRequest['ledger'], scope: ScopeName & Seen): Promise<FundingOrder> {
  const order = await ledger.findOrder(scope);
  if (order === undefined) throw new Fault('notFound', `No funding order was set for ${scope.scope}.`);
  return order;
}

function eventOf(
  request: Changer,
  action: string,
  { scope: subject, departmentPath, userId }: ScopeName & Run,
  before: FundingOrder | undefined,
  after: FundingOrder | undefined,
): AuditEvent {
  const words = (order: FundingOrder | undefined) =>
    order === undefined ? 'none' : tiersOf(order).join(',');
  const details = { before: words(before), after: words(after) };
  return changeEvent(request, { action, subject, details, departmentPath, userId });
}

function orderReply(order: FundingOrder) {
  return { scope: order.scope, tiers: tiersOf(order) };
}

function tiersOf({ tiers }: FundingOrder): string[] {
  return tiers.map((tier) => wordFor(FUNDING_TIERS, tier) ?? tier);
}
