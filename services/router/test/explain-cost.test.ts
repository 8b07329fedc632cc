import {
  Alias,
  type ExplainCostRequest,
  type ExplainCostResponse,
  type Router,
  UnpricedRule,
} from '@ai-switch/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resource } from './fixtures.ts';
import { rates, row, tier } from './price-fixtures.ts';
import { cases, openPriceRouter, type PriceRouter } from './price-router.ts';

describe.each(cases)('the explanation of a cost on $database.name, $transport.name', (each) => {
  let prices: PriceRouter;
  let router: Router;
  beforeAll(async () => {
    prices = await openPriceRouter(each);
    router = prices.router;
  });
  afterAll(() => prices[Symbol.asyncDispose]());

  function explain(tenant: string, fields: Partial<ExplainCostRequest>): Promise<ExplainCostResponse> {
    const tokens = { input: 1_000n, output: 100n, cacheRead: 0n, cacheWrite: 200n };
    return router.explainCost({
      tenant,
      model: 'm',
      tokens,
      cacheWriteOneHour: 100n,
      version: '',
      ...fields,
    });
  }

  test('names the row, the tier and the sum', async () => {
    const tenant = await prices.tenantWithModels();
    const { book: stored } = await prices.put(tenant, { rows: [row('openai/*', { tiers: [tier(1_199)] })] });
    const explained = await explain(tenant, {});
    expect(explained).toMatchObject({ version: stored?.version, currency: 'USD' });
    expect(explained.costs).toEqual([
      {
        provider: 'openai',
        model: 'm',
        pattern: 'openai/*',
        unpriced: UnpricedRule.UNSPECIFIED,
        rates: rates(6, 30, 2, 8, 12),
        aboveInputTokens: 1_199n,
        isShadow: false,
        costMicros: 11_000n,
      },
    ]);
    const tokens = { input: 999n, output: 100n, cacheRead: 0n, cacheWrite: 200n };
    const below = (await explain(tenant, { tokens })).costs[0];
    expect(below).toMatchObject({
      aboveInputTokens: 0n,
      costMicros: 5_497n,
      rates: rates(3, 15, 1, 4, 6),
    });
  });

  test('names every resource of an alias, denied ones as well', async () => {
    const tenant = await prices.tenantWithModels();
    const resources = [resource('openai', { model: 'n', priority: 1 }), resource('openai', { model: 'm' })];
    await router.putAlias({ alias: Alias.create({ tenant, name: 'fast', resources }) });
    await prices.put(tenant, { rows: [row('openai/m')], unpriced: UnpricedRule.DENY });
    const { costs } = await explain(tenant, { model: 'fast' });
    expect(costs.map(({ model, unpriced }) => [model, unpriced])).toEqual([
      ['m', UnpricedRule.UNSPECIFIED],
      ['n', UnpricedRule.DENY],
    ]);
    expect(costs[1]).toMatchObject({ costMicros: 0n, pattern: '', rates: undefined });
  });

  test('is nothing without a book', async () => {
    const tenant = await prices.tenantWithModels();
    const explained = await explain(tenant, {});
    expect(explained).toMatchObject({ version: '', currency: '' });
    expect(explained.costs).toMatchObject([{ unpriced: UnpricedRule.FREE, costMicros: 0n }]);
  });

  test('goes by another version when one is named', async () => {
    const tenant = await prices.tenantWithModels();
    await prices.put(tenant, { rows: [row('openai/m')] });
    await prices.put(tenant, { rows: [row('openai/m', { rates: rates(100) })] });
    expect((await explain(tenant, { version: '1' })).costs[0]?.costMicros).toBe(5_500n);
    expect((await explain(tenant, {})).costs[0]?.costMicros).toBe(100_000n);
    await expect(explain(tenant, { version: '3' })).rejects.toMatchObject({ code: 'notFound' });
  });

  test('is refused for counts that cannot be and models that are not', async () => {
    const tenant = await prices.tenantWithModels();
    const none = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n };
    const cases: [string, Partial<ExplainCostRequest>][] = [
      ['tokens.output', { tokens: { ...none, output: -1n }, cacheWriteOneHour: 0n }],
      ['tokens.input', { tokens: { ...none, input: 1_000_000_001n }, cacheWriteOneHour: 0n }],
      ['tokens.cacheWriteOneHour', { tokens: { ...none, cacheWrite: 99n }, cacheWriteOneHour: 100n }],
    ];
    for (const [field, fields] of cases) {
      await expect(explain(tenant, fields)).rejects.toMatchObject({ code: 'invalid', details: { field } });
    }
    await expect(explain(tenant, { model: 'nothing' })).rejects.toMatchObject({ code: 'notFound' });
  });
});
