import { Alias, type Router, UnpricedRule } from '@ai-switch/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placesOf, resource } from './fixtures.ts';
import { rates, row, tier } from './price-fixtures.ts';
import { cases, openPriceRouter, type PriceRouter } from './price-router.ts';

describe.each(cases)('priced routes on $database.name, $transport.name', (each) => {
  let prices: PriceRouter;
  let router: Router;
  beforeAll(async () => {
    prices = await openPriceRouter(each);
    router = prices.router;
  });
  afterAll(() => prices[Symbol.asyncDispose]());

  test('a target carries its price with the next request', async () => {
    const tenant = await prices.tenantWithModels();
    expect((await prices.route(tenant, 'm'))[0]?.price).toBeUndefined();
    const rows = [row('openai/m', { tiers: [tier(200)] }), row('openai/*', { isShadow: true })];
    const { book: stored, isNew } = await prices.put(tenant, { rows });
    expect(isNew).toBe(true);
    expect(stored?.version).toMatch(/^1-[0-9a-f]{12}$/);
    const version = stored?.version ?? '';
    const price = { version, rates: rates(3, 15, 1, 4, 6) };
    expect((await prices.route(tenant, 'm'))[0]?.price).toEqual({
      ...price,
      isShadow: false,
      tiers: [tier(200)],
    });
    expect((await prices.route(tenant, 'n'))[0]?.price).toEqual({ ...price, isShadow: true, tiers: [] });
    expect((await prices.route(tenant, 'openai/other'))[0]?.price).toEqual({
      ...price,
      isShadow: true,
      tiers: [],
    });
  });

  test('each target of an alias has the price of its own provider and model', async () => {
    const tenant = await prices.tenantWithModels();
    const resources = [resource('openai', { model: 'm' }), resource('openai', { model: 'n', priority: 1 })];
    await router.putAlias({ alias: Alias.create({ tenant, name: 'fast', resources }) });
    await prices.put(tenant, { rows: [row('openai/m'), row('openai/n', { rates: rates(7) })] });
    const targets = await prices.route(tenant, 'fast');
    expect(targets.map(({ price }) => price?.rates?.input)).toEqual([3_000_000n, 7_000_000n]);
  });

  test('an unpriced model is denied with a clear sentence, counted by the shadow rate, or free', async () => {
    const tenant = await prices.tenantWithModels();
    const rows = [row('openai/m')];
    await prices.put(tenant, { rows, unpriced: UnpricedRule.DENY });
    expect(await prices.route(tenant, 'm')).toHaveLength(1);
    await expect(prices.route(tenant, 'n')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('"n" has no price'),
    });
    await expect(prices.route(tenant, 'openai/other')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(prices.route(tenant, 'nobody/m')).rejects.toMatchObject({ code: 'notFound' });
    expect((await router.listModels({ tenant })).models.map(({ name }) => name)).toEqual(['m']);

    await prices.put(tenant, { rows, unpriced: UnpricedRule.SHADOW, unpricedRates: rates(1, 2) });
    expect((await prices.route(tenant, 'n'))[0]?.price).toMatchObject({ isShadow: true, rates: rates(1, 2) });

    await prices.put(tenant, { rows, unpriced: UnpricedRule.FREE });
    expect((await prices.route(tenant, 'n'))[0]?.price).toBeUndefined();
    expect((await router.listModels({ tenant })).models).toHaveLength(2);
  });

  test('a denied resource is left out, and the others of its alias answer', async () => {
    const tenant = await prices.tenantWithModels();
    const resources = [resource('openai', { model: 'n' }), resource('openai', { model: 'm', priority: 1 })];
    await router.putAlias({ alias: Alias.create({ tenant, name: 'fast', resources }) });
    await prices.put(tenant, { rows: [row('openai/m')], unpriced: UnpricedRule.DENY });
    expect(placesOf(await prices.route(tenant, 'fast'))).toEqual(['openai/m']);
  });

  test('tenants never see each other’s prices', async () => {
    const [one, other] = [await prices.tenantWithModels(), await prices.tenantWithModels()];
    await prices.put(one, { rows: [row('openai/m')], unpriced: UnpricedRule.DENY });
    expect(await prices.route(other, 'n')).toMatchObject([{ price: undefined }]);
    expect(await prices.versions(other)).toEqual([]);
    await expect(router.getPriceBook({ tenant: other, version: '1' })).rejects.toMatchObject({
      code: 'notFound',
    });
  });
});
