import { randomBytes } from 'node:crypto';
import {
  Alias,
  type ExplainCostRequest,
  type ExplainCostResponse,
  type PriceBook,
  type PutPriceBookRequest,
  type PutPriceBookResponse,
  type Router,
  RouterDefinition,
  type Target,
  UnpricedRule,
} from '@ai-switch/contracts';
import { databases, type FreshDatabase, transports } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenRouter, openRouter } from '../src/index.ts';
import { logged, newTenant, placesOf, provider, resource, START_MS } from './fixtures.ts';
import { book, rates, row, tier } from './price-fixtures.ts';
import { seeded } from './random.ts';

const HOUR_MS = 3_600_000;
const cases = databases.flatMap((database) => transports.map((transport) => ({ database, transport })));

describe.each(cases)('price books on $database.name, $transport.name', ({ database, transport }) => {
  const time = { nowMs: START_MS };
  let fresh: FreshDatabase;
  let opened: OpenRouter;
  let router: Router;
  let disconnect: () => Promise<void>;

  const open = () =>
    openRouter({
      databaseUrl: fresh.url,
      masterKey: randomBytes(32),
      clock: { nowMs: () => time.nowMs },
      random: seeded(1),
      logger: logged().logger,
    });

  beforeAll(async () => {
    fresh = await database.create();
    opened = await open();
    const connected = await transport.open(RouterDefinition, opened.router);
    router = connected.port;
    disconnect = connected.close;
  });
  afterAll(async () => {
    await disconnect();
    await opened.close();
    await fresh.drop();
  });

  /** A tenant whose provider `openai` serves `m` and `n`. */
  async function tenantWithModels(): Promise<string> {
    const tenant = newTenant();
    await router.putProvider({ provider: provider({ tenant, models: ['m', 'n'] }), credential: undefined });
    return tenant;
  }

  function put(
    tenant: string,
    fields: Partial<PriceBook>,
    options: Partial<PutPriceBookRequest> = {},
  ): Promise<PutPriceBookResponse> {
    const given = book({ tenant, ...fields });
    return router.putPriceBook({ book: given, isDryRun: false, mayChangeCurrency: false, ...options });
  }

  async function route(tenant: string, alias: string): Promise<Target[]> {
    return (await router.route({ tenant, alias, affinityKey: '' })).targets;
  }

  async function versionOf(tenant: string, alias = 'm'): Promise<string | undefined> {
    return (await route(tenant, alias))[0]?.price?.version;
  }

  async function versions(tenant: string): Promise<string[]> {
    const listed = await router.listPriceBooks({ tenant, page: undefined });
    return listed.versions.map(({ version }) => version);
  }

  test('a target carries its price with the next request', async () => {
    const tenant = await tenantWithModels();
    expect((await route(tenant, 'm'))[0]?.price).toBeUndefined();
    const rows = [row('openai/m', { tiers: [tier(200)] }), row('openai/*', { isShadow: true })];
    const { book: stored, isNew } = await put(tenant, { rows });
    expect(isNew).toBe(true);
    expect(stored?.version).toMatch(/^1-[0-9a-f]{12}$/);
    const version = stored?.version ?? '';
    const price = { version, rates: rates(3, 15, 1, 4, 6) };
    expect((await route(tenant, 'm'))[0]?.price).toEqual({ ...price, isShadow: false, tiers: [tier(200)] });
    expect((await route(tenant, 'n'))[0]?.price).toEqual({ ...price, isShadow: true, tiers: [] });
    expect((await route(tenant, 'openai/other'))[0]?.price).toEqual({ ...price, isShadow: true, tiers: [] });
  });

  test('each target of an alias has the price of its own provider and model', async () => {
    const tenant = await tenantWithModels();
    const resources = [resource('openai', { model: 'm' }), resource('openai', { model: 'n', priority: 1 })];
    await router.putAlias({ alias: Alias.create({ tenant, name: 'fast', resources }) });
    await put(tenant, { rows: [row('openai/m'), row('openai/n', { rates: rates(7) })] });
    const targets = await route(tenant, 'fast');
    expect(targets.map(({ price }) => price?.rates?.input)).toEqual([3_000_000n, 7_000_000n]);
  });

  test('an unpriced model is denied with a clear sentence, counted by the shadow rate, or free', async () => {
    const tenant = await tenantWithModels();
    const rows = [row('openai/m')];
    await put(tenant, { rows, unpriced: UnpricedRule.DENY });
    expect(await route(tenant, 'm')).toHaveLength(1);
    await expect(route(tenant, 'n')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('"n" has no price'),
    });
    await expect(route(tenant, 'openai/other')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(route(tenant, 'nobody/m')).rejects.toMatchObject({ code: 'notFound' });
    expect((await router.listModels({ tenant })).models.map(({ name }) => name)).toEqual(['m']);

    await put(tenant, { rows, unpriced: UnpricedRule.SHADOW, unpricedRates: rates(1, 2) });
    expect((await route(tenant, 'n'))[0]?.price).toMatchObject({ isShadow: true, rates: rates(1, 2) });

    await put(tenant, { rows, unpriced: UnpricedRule.FREE });
    expect((await route(tenant, 'n'))[0]?.price).toBeUndefined();
    expect((await router.listModels({ tenant })).models).toHaveLength(2);
  });

  test('a denied resource is left out, and the others of its alias answer', async () => {
    const tenant = await tenantWithModels();
    const resources = [resource('openai', { model: 'n' }), resource('openai', { model: 'm', priority: 1 })];
    await router.putAlias({ alias: Alias.create({ tenant, name: 'fast', resources }) });
    await put(tenant, { rows: [row('openai/m')], unpriced: UnpricedRule.DENY });
    expect(placesOf(await route(tenant, 'fast'))).toEqual(['openai/m']);
  });

  test('a version to come takes effect at its date by itself, to the millisecond', async () => {
    const tenant = await tenantWithModels();
    const atMs = time.nowMs + HOUR_MS;
    const first = (await put(tenant, { rows: [row('openai/*')] })).book;
    const rows = [row('openai/m', { rates: rates(9) })];
    const unpriced = UnpricedRule.DENY;
    const next = (await put(tenant, { rows, unpriced, effectiveAtMs: BigInt(atMs) })).book;
    expect(next).toMatchObject({ effectiveAtMs: BigInt(atMs), createdAtMs: BigInt(time.nowMs) });
    expect(await versionOf(tenant)).toBe(first?.version);
    time.nowMs = atMs - 1;
    expect(await versionOf(tenant, 'n')).toBe(first?.version);
    expect((await router.getPriceBook({ tenant, version: '' })).book?.version).toBe(first?.version);
    time.nowMs = atMs;
    expect(await versionOf(tenant)).toBe(next?.version);
    await expect(route(tenant, 'n')).rejects.toMatchObject({ code: 'forbidden' });
    expect((await router.getPriceBook({ tenant, version: '' })).book).toEqual(next);
  });

  test('a router that starts anew has the versions to come as well', async () => {
    const tenant = await tenantWithModels();
    const atMs = time.nowMs + HOUR_MS;
    await put(tenant, { rows: [row('openai/*')] });
    const next = (await put(tenant, { rows: [row('openai/m')], effectiveAtMs: BigInt(atMs) })).book;
    const other = await open();
    try {
      const routed = async () =>
        (await other.router.route({ tenant, alias: 'm', affinityKey: '' })).targets[0]?.price?.version;
      expect(await routed()).toMatch(/^1-/);
      time.nowMs = atMs;
      expect(await routed()).toBe(next?.version);
    } finally {
      await other.close();
    }
  });

  test('the same book put twice is the same version, in whatever order its rows are', async () => {
    const tenant = await tenantWithModels();
    const rows = [row('openai/m'), row('openai/n', { tiers: [tier(5)] })];
    const first = await put(tenant, { rows });
    time.nowMs += HOUR_MS;
    const second = await put(tenant, { rows: rows.toReversed() });
    expect(second).toEqual({ book: first.book, isNew: false });
    const effectiveAtMs = BigInt(time.nowMs + HOUR_MS);
    expect(await put(tenant, { rows, effectiveAtMs })).toEqual({ book: first.book, isNew: false });
    expect(await versions(tenant)).toHaveLength(1);
  });

  test.each<[string, Partial<PriceBook>]>([
    ['a rate', { rows: [row('openai/m', { rates: rates(3, 15, 1, 4, 7) })] }],
    ['a tier', { rows: [row('openai/m', { tiers: [tier(5)] })] }],
    ['a pattern', { rows: [row('openai/m*')] }],
    ['a shadow', { rows: [row('openai/m', { isShadow: true })] }],
    ['the rule for the rest', { rows: [row('openai/m')], unpriced: UnpricedRule.DENY }],
  ])('another %s is another version', async (_title, fields) => {
    const tenant = await tenantWithModels();
    await put(tenant, { rows: [row('openai/m')] });
    expect(await put(tenant, fields)).toMatchObject({ isNew: true });
    expect(await versions(tenant)).toHaveLength(2);
  });

  test('an earlier book put again is a new version, with the same digest', async () => {
    const tenant = await tenantWithModels();
    const rows = [row('openai/m')];
    await put(tenant, { rows });
    await put(tenant, { rows: [row('openai/n')] });
    await put(tenant, { rows });
    const [third = '', second = '', first = ''] = await versions(tenant);
    expect([third, second, first].map((version) => version.split('-')[0])).toEqual(['3', '2', '1']);
    expect(third.split('-')[1]).toBe(first.split('-')[1]);
    expect(await versionOf(tenant)).toBe(third);
  });

  test('of two versions with one date the later put is in force, so that a version to come can be taken back', async () => {
    const tenant = await tenantWithModels();
    const rows = [row('openai/m')];
    const effectiveAtMs = BigInt(time.nowMs + HOUR_MS);
    await put(tenant, { rows });
    await put(tenant, { rows: [row('openai/m', { rates: rates(99) })], effectiveAtMs });
    await put(tenant, { rows, effectiveAtMs });
    time.nowMs += HOUR_MS;
    expect(await versionOf(tenant)).toMatch(/^3-/);
    expect((await route(tenant, 'm'))[0]?.price?.rates?.input).toBe(3_000_000n);
  });

  test('a date that is a little past is now', async () => {
    const tenant = await tenantWithModels();
    await put(tenant, { rows: [row('openai/m')] });
    const effectiveAtMs = BigInt(time.nowMs - HOUR_MS);
    const { book: stored } = await put(tenant, { rows: [row('openai/n')], effectiveAtMs });
    expect(stored?.effectiveAtMs).toBe(BigInt(time.nowMs));
    expect(await versionOf(tenant, 'n')).toBe(stored?.version);
  });

  test('a put wins over one of another router whose clock is ahead', async () => {
    const tenant = await tenantWithModels();
    time.nowMs += 2_000;
    await put(tenant, { rows: [row('openai/m')] });
    time.nowMs -= 2_000;
    const { book: later } = await put(tenant, { rows: [row('openai/n')] });
    time.nowMs += 2_000;
    expect(await versionOf(tenant, 'n')).toBe(later?.version);
  });

  test('a dry run says what would be stored, and stores nothing', async () => {
    const tenant = await tenantWithModels();
    const rows = [row('openai/m')];
    const tried = await put(tenant, { rows }, { isDryRun: true });
    expect(tried).toMatchObject({ isNew: true, book: { version: expect.stringMatching(/^1-/) } });
    expect(await versions(tenant)).toEqual([]);
    expect(await versionOf(tenant)).toBeUndefined();
    expect((await put(tenant, { rows })).book).toEqual(tried.book);
    expect(await put(tenant, { rows }, { isDryRun: true })).toMatchObject({ isNew: false });
    const wrong = put(tenant, { currency: 'XX' }, { isDryRun: true });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid' });
  });

  test('a wrong book changes nothing, and its fault names the row and the field', async () => {
    const tenant = await tenantWithModels();
    const { book: stored } = await put(tenant, { rows: [row('openai/m')] });
    const wrong = row('openai/n', { tiers: [tier(200), tier(100)] });
    await expect(put(tenant, { rows: [row('openai/*'), wrong] })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('The row 1 (openai/n)'),
      details: { field: 'rows[1].tiers[1].aboveInputTokens' },
    });
    expect(await versions(tenant)).toEqual([stored?.version]);
    expect(await versionOf(tenant)).toBe(stored?.version);
    expect((await router.getPriceBook({ tenant, version: '' })).book).toEqual(stored);
  });

  test('another currency has to be meant', async () => {
    const tenant = await tenantWithModels();
    await put(tenant, { rows: [row('openai/m')] });
    const fields = { rows: [row('openai/m')], currency: 'EUR' };
    await expect(put(tenant, fields)).rejects.toMatchObject({ code: 'conflict' });
    expect(await put(tenant, fields, { mayChangeCurrency: true })).toMatchObject({ isNew: true });
    expect((await router.getPriceBook({ tenant, version: '' })).book?.currency).toBe('EUR');
  });

  test('at most 8 versions are to come', async () => {
    const tenant = await tenantWithModels();
    for (let hours = 1; hours <= 8; hours += 1) {
      const effectiveAtMs = BigInt(time.nowMs + hours * HOUR_MS);
      await put(tenant, { rows: [row(`openai/m${hours}`)], effectiveAtMs });
    }
    const effectiveAtMs = BigInt(time.nowMs + 9 * HOUR_MS);
    await expect(put(tenant, { effectiveAtMs })).rejects.toMatchObject({ code: 'tooLarge' });
    expect(await put(tenant, { rows: [row('openai/now')] })).toMatchObject({ isNew: true });
  });

  test('a version is read by its whole name or its number', async () => {
    const tenant = await tenantWithModels();
    await expect(router.getPriceBook({ tenant, version: '' })).rejects.toMatchObject({ code: 'notFound' });
    const rows = [
      row('openai/m', { tiers: [tier(5)], isShadow: true }),
      row('a/*', { isFree: true, rates: undefined }),
    ];
    const fields = { rows, unpriced: UnpricedRule.SHADOW, unpricedRates: rates(1, 2, 3) };
    const { book: stored } = await put(tenant, fields);
    expect(stored).toMatchObject(fields);
    await put(tenant, { rows: [] });
    for (const version of [stored?.version ?? '', '1']) {
      expect((await router.getPriceBook({ tenant, version })).book).toEqual(stored);
    }
    for (const version of ['3', '1-000000000000']) {
      await expect(router.getPriceBook({ tenant, version })).rejects.toMatchObject({ code: 'notFound' });
    }
    for (const version of ['x', '-1', '1-', '1-00']) {
      await expect(router.getPriceBook({ tenant, version })).rejects.toMatchObject({ code: 'invalid' });
    }
  });

  test('versions are listed newest first, in pages', async () => {
    const tenant = await tenantWithModels();
    for (const model of ['a', 'b', 'c']) await put(tenant, { rows: [row(`openai/${model}`)] });
    const effectiveAtMs = BigInt(time.nowMs + HOUR_MS);
    await put(tenant, { rows: [], unpriced: UnpricedRule.DENY, effectiveAtMs });
    const listed: unknown[] = [];
    let after = '';
    do {
      const page = await router.listPriceBooks({ tenant, page: { after, limit: 3 } });
      listed.push(...page.versions.map(({ version, isInForce }) => [version.split('-')[0], isInForce]));
      after = page.nextAfter;
    } while (after !== '');
    expect(listed).toEqual([
      ['4', false],
      ['3', true],
      ['2', false],
      ['1', false],
    ]);
    const [first] = (await router.listPriceBooks({ tenant, page: undefined })).versions;
    expect(first).toMatchObject({ rows: 0, currency: 'USD', unpriced: UnpricedRule.DENY, effectiveAtMs });
    const wrong = router.listPriceBooks({ tenant, page: { after: 'x', limit: 3 } });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid' });
  });

  test('puts at the same time get numbers of their own', async () => {
    const tenant = await tenantWithModels();
    const models = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(models.map((model) => put(tenant, { rows: [row(`openai/${model}`)] })));
    const numbers = (await versions(tenant)).map((version) => version.split('-')[0]);
    expect(numbers).toEqual(['5', '4', '3', '2', '1']);
  });

  test('tenants never see each other’s prices', async () => {
    const [one, other] = [await tenantWithModels(), await tenantWithModels()];
    await put(one, { rows: [row('openai/m')], unpriced: UnpricedRule.DENY });
    expect(await route(other, 'n')).toMatchObject([{ price: undefined }]);
    expect(await versions(other)).toEqual([]);
    await expect(router.getPriceBook({ tenant: other, version: '1' })).rejects.toMatchObject({
      code: 'notFound',
    });
  });

  describe('the explanation of a cost', () => {
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
      const tenant = await tenantWithModels();
      const { book: stored } = await put(tenant, { rows: [row('openai/*', { tiers: [tier(1_199)] })] });
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
      const tenant = await tenantWithModels();
      const resources = [resource('openai', { model: 'n', priority: 1 }), resource('openai', { model: 'm' })];
      await router.putAlias({ alias: Alias.create({ tenant, name: 'fast', resources }) });
      await put(tenant, { rows: [row('openai/m')], unpriced: UnpricedRule.DENY });
      const { costs } = await explain(tenant, { model: 'fast' });
      expect(costs.map(({ model, unpriced }) => [model, unpriced])).toEqual([
        ['m', UnpricedRule.UNSPECIFIED],
        ['n', UnpricedRule.DENY],
      ]);
      expect(costs[1]).toMatchObject({ costMicros: 0n, pattern: '', rates: undefined });
    });

    test('is nothing without a book', async () => {
      const tenant = await tenantWithModels();
      const explained = await explain(tenant, {});
      expect(explained).toMatchObject({ version: '', currency: '' });
      expect(explained.costs).toMatchObject([{ unpriced: UnpricedRule.FREE, costMicros: 0n }]);
    });

    test('goes by another version when one is named', async () => {
      const tenant = await tenantWithModels();
      await put(tenant, { rows: [row('openai/m')] });
      await put(tenant, { rows: [row('openai/m', { rates: rates(100) })] });
      expect((await explain(tenant, { version: '1' })).costs[0]?.costMicros).toBe(5_500n);
      expect((await explain(tenant, {})).costs[0]?.costMicros).toBe(100_000n);
      await expect(explain(tenant, { version: '3' })).rejects.toMatchObject({ code: 'notFound' });
    });

    test('is refused for counts that cannot be and models that are not', async () => {
      const tenant = await tenantWithModels();
      const none = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n };
      for (const tokens of [
        { ...none, output: -1n },
        { ...none, input: 1_000_000_001n },
        { ...none, cacheWrite: 99n },
      ]) {
        await expect(explain(tenant, { tokens })).rejects.toMatchObject({ code: 'invalid' });
      }
      await expect(explain(tenant, { model: 'nothing' })).rejects.toMatchObject({ code: 'notFound' });
    });
  });
});
