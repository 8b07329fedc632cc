import { type PriceBook, type Router, UnpricedRule } from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrations, type RouterSchema } from '../src/schema.ts';
import { rates, row, tier } from './price-fixtures.ts';
import { cases, openPriceRouter, type PriceRouter } from './price-router.ts';

const HOUR_MS = 3_600_000;

describe.each(cases)('price books on $database.name, $transport.name', (each) => {
  let prices: PriceRouter;
  let router: Router;
  beforeAll(async () => {
    prices = await openPriceRouter(each);
    router = prices.router;
  });
  afterAll(() => prices[Symbol.asyncDispose]());

  test('a version to come takes effect at its date by itself, to the millisecond', async () => {
    const tenant = await prices.tenantWithModels();
    const atMs = prices.time.nowMs + HOUR_MS;
    const first = (await prices.put(tenant, { rows: [row('openai/*')] })).book;
    const rows = [row('openai/m', { rates: rates(9) })];
    const unpriced = UnpricedRule.DENY;
    const next = (await prices.put(tenant, { rows, unpriced, effectiveAtMs: BigInt(atMs) })).book;
    expect(next).toMatchObject({ effectiveAtMs: BigInt(atMs), createdAtMs: BigInt(prices.time.nowMs) });
    expect(await prices.versionOf(tenant)).toBe(first?.version);
    prices.time.nowMs = atMs - 1;
    expect(await prices.versionOf(tenant, 'n')).toBe(first?.version);
    expect((await router.getPriceBook({ tenant, version: '' })).book?.version).toBe(first?.version);
    prices.time.nowMs = atMs;
    expect(await prices.versionOf(tenant)).toBe(next?.version);
    await expect(prices.route(tenant, 'n')).rejects.toMatchObject({ code: 'forbidden' });
    expect((await router.getPriceBook({ tenant, version: '' })).book).toEqual(next);
  });

  test('a router that starts anew has the versions to come as well', async () => {
    const tenant = await prices.tenantWithModels();
    const atMs = prices.time.nowMs + HOUR_MS;
    await prices.put(tenant, { rows: [row('openai/*')] });
    const next = (await prices.put(tenant, { rows: [row('openai/m')], effectiveAtMs: BigInt(atMs) })).book;
    const other = await prices.openAnother();
    try {
      const routed = async () =>
        (await other.router.route({ tenant, alias: 'm', affinityKey: '' })).targets[0]?.price?.version;
      expect(await routed()).toMatch(/^1-/);
      prices.time.nowMs = atMs;
      expect(await routed()).toBe(next?.version);
    } finally {
      await other.close();
    }
  });

  test('the same book put twice is the same version, in whatever order its rows are', async () => {
    const tenant = await prices.tenantWithModels();
    const rows = [row('openai/m'), row('openai/n', { tiers: [tier(5)] })];
    const first = await prices.put(tenant, { rows });
    prices.time.nowMs += HOUR_MS;
    const second = await prices.put(tenant, { rows: rows.toReversed() });
    expect(second).toEqual({ book: first.book, isNew: false });
    const effectiveAtMs = BigInt(prices.time.nowMs + HOUR_MS);
    expect(await prices.put(tenant, { rows, effectiveAtMs })).toEqual({ book: first.book, isNew: false });
    expect(await prices.versions(tenant)).toHaveLength(1);
  });

  test.each<[string, Partial<PriceBook>]>([
    ['a rate', { rows: [row('openai/m', { rates: rates(3, 15, 1, 4, 7) })] }],
    ['a tier', { rows: [row('openai/m', { tiers: [tier(5)] })] }],
    ['a pattern', { rows: [row('openai/m*')] }],
    ['a shadow', { rows: [row('openai/m', { isShadow: true })] }],
    ['the rule for the rest', { rows: [row('openai/m')], unpriced: UnpricedRule.DENY }],
  ])('another %s is another version', async (_title, fields) => {
    const tenant = await prices.tenantWithModels();
    await prices.put(tenant, { rows: [row('openai/m')] });
    expect(await prices.put(tenant, fields)).toMatchObject({ isNew: true });
    expect(await prices.versions(tenant)).toHaveLength(2);
  });

  test('an earlier book put again is a new version, with the same digest', async () => {
    const tenant = await prices.tenantWithModels();
    const rows = [row('openai/m')];
    await prices.put(tenant, { rows });
    await prices.put(tenant, { rows: [row('openai/n')] });
    await prices.put(tenant, { rows });
    const [third = '', second = '', first = ''] = await prices.versions(tenant);
    expect([third, second, first].map((version) => version.split('-')[0])).toEqual(['3', '2', '1']);
    expect(third.split('-')[1]).toBe(first.split('-')[1]);
    expect(await prices.versionOf(tenant)).toBe(third);
  });

  test('of two versions with one date the later put is in force, so that a version to come can be taken back', async () => {
    const tenant = await prices.tenantWithModels();
    const rows = [row('openai/m')];
    const effectiveAtMs = BigInt(prices.time.nowMs + HOUR_MS);
    await prices.put(tenant, { rows });
    await prices.put(tenant, { rows: [row('openai/m', { rates: rates(99) })], effectiveAtMs });
    await prices.put(tenant, { rows, effectiveAtMs });
    prices.time.nowMs += HOUR_MS;
    expect(await prices.versionOf(tenant)).toMatch(/^3-/);
    expect((await prices.route(tenant, 'm'))[0]?.price?.rates?.input).toBe(3_000_000n);
  });

  test('a date that is a little past is now', async () => {
    const tenant = await prices.tenantWithModels();
    await prices.put(tenant, { rows: [row('openai/m')] });
    const effectiveAtMs = BigInt(prices.time.nowMs - HOUR_MS);
    const { book: stored } = await prices.put(tenant, { rows: [row('openai/n')], effectiveAtMs });
    expect(stored?.effectiveAtMs).toBe(BigInt(prices.time.nowMs));
    expect(await prices.versionOf(tenant, 'n')).toBe(stored?.version);
  });

  test('a put wins over one of another router whose clock is ahead', async () => {
    const tenant = await prices.tenantWithModels();
    prices.time.nowMs += 2_000;
    await prices.put(tenant, { rows: [row('openai/m')] });
    prices.time.nowMs -= 2_000;
    const { book: later } = await prices.put(tenant, { rows: [row('openai/n')] });
    prices.time.nowMs += 2_000;
    expect(await prices.versionOf(tenant, 'n')).toBe(later?.version);
  });

  test('a dry run says what would be stored, and stores nothing', async () => {
    const tenant = await prices.tenantWithModels();
    const rows = [row('openai/m')];
    const tried = await prices.put(tenant, { rows }, { isDryRun: true });
    expect(tried).toMatchObject({ isNew: true, book: { version: expect.stringMatching(/^1-/) } });
    expect(await prices.versions(tenant)).toEqual([]);
    expect(await prices.versionOf(tenant)).toBeUndefined();
    expect((await prices.put(tenant, { rows })).book).toEqual(tried.book);
    expect(await prices.put(tenant, { rows }, { isDryRun: true })).toMatchObject({ isNew: false });
    const wrong = prices.put(tenant, { currency: 'XX' }, { isDryRun: true });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid' });
  });

  test('a wrong book changes nothing, and its fault names the row and the field', async () => {
    const tenant = await prices.tenantWithModels();
    const { book: stored } = await prices.put(tenant, { rows: [row('openai/m')] });
    const wrong = row('openai/n', { tiers: [tier(200), tier(100)] });
    await expect(prices.put(tenant, { rows: [row('openai/*'), wrong] })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('The row 1 (openai/n)'),
      details: { field: 'rows[1].tiers[1].aboveInputTokens' },
    });
    expect(await prices.versions(tenant)).toEqual([stored?.version]);
    expect(await prices.versionOf(tenant)).toBe(stored?.version);
    expect((await router.getPriceBook({ tenant, version: '' })).book).toEqual(stored);
  });

  test('another currency has to be meant', async () => {
    const tenant = await prices.tenantWithModels();
    await prices.put(tenant, { rows: [row('openai/m')] });
    const fields = { rows: [row('openai/m')], currency: 'EUR' };
    await expect(prices.put(tenant, fields)).rejects.toMatchObject({ code: 'conflict' });
    expect(await prices.put(tenant, fields, { mayChangeCurrency: true })).toMatchObject({ isNew: true });
    expect((await router.getPriceBook({ tenant, version: '' })).book?.currency).toBe('EUR');
  });

  test('at most 8 versions are to come', async () => {
    const tenant = await prices.tenantWithModels();
    for (let hours = 1; hours <= 8; hours += 1) {
      const effectiveAtMs = BigInt(prices.time.nowMs + hours * HOUR_MS);
      await prices.put(tenant, { rows: [row(`openai/m${hours}`)], effectiveAtMs });
    }
    const effectiveAtMs = BigInt(prices.time.nowMs + 9 * HOUR_MS);
    await expect(prices.put(tenant, { effectiveAtMs })).rejects.toMatchObject({ code: 'tooLarge' });
    expect(await prices.put(tenant, { rows: [row('openai/now')] })).toMatchObject({ isNew: true });
  });

  test('there are at most 10,000 versions', async () => {
    const tenant = await prices.tenantWithModels();
    const { book: stored } = await prices.put(tenant, { rows: [row('openai/m')] });
    const database = await openDatabase<RouterSchema>({
      url: prices.databaseUrl,
      schema: 'router',
      migrations,
    });
    await database.kysely
      .updateTable('price_books')
      .set({ number: 10_000n })
      .where('tenant', '=', tenant)
      .execute();
    await database.close();
    await expect(prices.put(tenant, { rows: [] })).rejects.toMatchObject({ code: 'tooLarge' });
    expect(await prices.versions(tenant)).toEqual([stored?.version.replace(/^1-/, '10000-')]);
  });

  test('a version is read by its whole name or its number', async () => {
    const tenant = await prices.tenantWithModels();
    await expect(router.getPriceBook({ tenant, version: '' })).rejects.toMatchObject({ code: 'notFound' });
    const rows = [
      row('openai/m', { tiers: [tier(5)], isShadow: true }),
      row('a/*', { isFree: true, rates: undefined }),
    ];
    const fields = { rows, unpriced: UnpricedRule.SHADOW, unpricedRates: rates(1, 2, 3) };
    const { book: stored } = await prices.put(tenant, fields);
    expect(stored).toMatchObject(fields);
    await prices.put(tenant, { rows: [] });
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
    const tenant = await prices.tenantWithModels();
    for (const model of ['a', 'b', 'c']) await prices.put(tenant, { rows: [row(`openai/${model}`)] });
    const effectiveAtMs = BigInt(prices.time.nowMs + HOUR_MS);
    await prices.put(tenant, { rows: [], unpriced: UnpricedRule.DENY, effectiveAtMs });
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
    const tenant = await prices.tenantWithModels();
    const models = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(models.map((model) => prices.put(tenant, { rows: [row(`openai/${model}`)] })));
    const numbers = (await prices.versions(tenant)).map((version) => version.split('-')[0]);
    expect(numbers).toEqual(['5', '4', '3', '2', '1']);
  });
});
