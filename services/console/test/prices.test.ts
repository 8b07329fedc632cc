import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Admin, type Answer, openAdmin } from './admin.ts';

const RATES = { input: '3.00', output: '15', cacheRead: '0.30', cacheWrite: '3.75', cacheWriteOneHour: 6 };
const SHOWN_RATES = {
  input: '3',
  output: '15',
  cacheRead: '0.3',
  cacheWrite: '3.75',
  cacheWriteOneHour: '6',
};
const ROW = { pattern: 'mine/*', rates: RATES };
const FILE = { currency: 'USD', unpriced: 'deny', rows: [ROW] };

let admin: Admin;

beforeAll(async () => {
  admin = await openAdmin();
  const given = { kind: 'custom', baseUrl: 'http://127.0.0.1:9', models: ['fast', 'slow'] };
  await admin.ask('PUT /providers/mine', given);
  await admin.ask('PUT /providers/other', given);
});

afterAll(async () => {
  await admin[Symbol.asyncDispose]();
});

/** Each one differs, so that each is a new version. */
let rate = 1;
function fileOf(fields: object = {}): object {
  rate += 1;
  return { ...FILE, rows: [{ pattern: 'mine/*', rates: { ...RATES, output: rate } }], ...fields };
}

describe('a price book', () => {
  it('is put, shown, listed, and put again without a change', async () => {
    const rows = [
      ROW,
      { pattern: '*-mini', rates: RATES, tiers: [{ aboveInputTokens: 200_000, rates: RATES }] },
      { pattern: 'local/*', rates: RATES, isShadow: true },
      { pattern: 'gift/*', isFree: true },
    ];
    const file = { ...FILE, unpriced: 'shadow', unpricedRates: RATES, rows };
    const put = await admin.ask('POST /prices', file);
    expect(put.status).toBe(201);
    const version = String(put.body.version);
    expect(put.body).toMatchObject({ version: expect.stringMatching(/^1-/), isNew: true, isDryRun: false });
    const shown = {
      currency: 'USD',
      unpriced: 'shadow',
      unpricedRates: SHOWN_RATES,
      rows: [
        { pattern: 'mine/*', rates: SHOWN_RATES },
        {
          pattern: '*-mini',
          rates: SHOWN_RATES,
          tiers: [{ aboveInputTokens: 200_000, rates: SHOWN_RATES }],
        },
        { pattern: 'local/*', isShadow: true, rates: SHOWN_RATES },
        { pattern: 'gift/*', isFree: true },
      ],
    };
    for (const path of ['current', '1', version]) {
      const { status, body } = await admin.ask(`GET /prices/${path}`);
      expect([status, body.version, body.book]).toEqual([200, version, shown]);
    }
    expect((await admin.ask('GET /prices')).body.items).toEqual([
      {
        version,
        currency: 'USD',
        unpriced: 'shadow',
        rows: 4,
        isInForce: true,
        effectiveAt: put.body.effectiveAt,
        createdAt: put.body.createdAt,
      },
    ]);
    const again = await admin.ask('POST /prices', shown);
    expect([again.status, again.body.version, again.body.isNew]).toEqual([200, version, false]);
  });

  it('is audited when it changes, and only then', async () => {
    const count = async () => (await admin.actions()).filter((action) => action === 'priceBook.put').length;
    const before = await count();
    const file = fileOf();
    await admin.ask('POST /prices?dryRun=true', file);
    await admin.ask('POST /prices', fileOf({ currency: 'XXXX' }));
    expect(await count()).toBe(before);
    await admin.ask('POST /prices', file);
    await admin.ask('POST /prices', file);
    expect(await count()).toBe(before + 1);
  });

  it('takes effect at its date: a day in UTC, or a time with its zone', async () => {
    const day = await admin.ask('POST /prices?dryRun=true', fileOf({ effectiveAt: inDays(20).slice(0, 10) }));
    expect(day.body.effectiveAt).toBe(`${inDays(20).slice(0, 10)}T00:00:00.000Z`);
    const time = `${inDays(30).slice(0, 10)}T00:00:00+02:00`;
    const later = await admin.ask('POST /prices', fileOf({ effectiveAt: time }));
    expect(later.body.effectiveAt).toBe(`${inDays(29).slice(0, 10)}T22:00:00.000Z`);
    const { body } = await admin.ask('GET /prices?limit=1');
    expect(body.items).toMatchObject([{ version: later.body.version, isInForce: false }]);
    expect((await admin.ask('GET /prices/current')).body.version).not.toBe(later.body.version);
  });

  it('a dry run says what would be, and changes nothing', async () => {
    const before = (await admin.ask('GET /prices')).body;
    const { status, body } = await admin.ask('POST /prices?dryRun=true', fileOf());
    expect([status, body.isNew, body.isDryRun]).toEqual([200, true, true]);
    expect((await admin.ask('GET /prices')).body).toEqual(before);
  });

  it('may be the example of the documentation', async () => {
    const document = readFileSync(join(import.meta.dirname, '../../../docs/PRICES.md'), 'utf8');
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(document) ?? [];
    const effectiveAt = inDays(10).slice(0, 10);
    const { status, body } = await admin.ask('POST /prices?dryRun=true', {
      ...JSON.parse(example),
      effectiveAt,
    });
    expect([status, body.isNew]).toEqual([200, true]);
  });

  it('another currency has to be asked for', async () => {
    const file = fileOf({ currency: 'CHF' });
    const refused = await admin.ask('POST /prices?dryRun=true', file);
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
    expect((await admin.ask('POST /prices?dryRun=true&changeCurrency=true', file)).status).toBe(200);
  });

  it('that is not there is not found', async () => {
    expect((await admin.ask('GET /prices/999')).body.code).toBe('notFound');
    expect((await admin.ask('GET /prices/nonsense')).body.code).toBe('invalid');
  });
});

describe('a bad price file changes nothing and is told its row and field', () => {
  let before: Answer;
  beforeEach(async () => {
    before = await admin.ask('GET /prices/current');
  });

  const withRow = (fields: object) => ({
    ...FILE,
    rows: [
      { ...ROW, pattern: 'a/b' },
      { ...ROW, ...fields },
    ],
  });
  const { cacheRead: _missing, ...threeRates } = RATES;

  it.each<[string, unknown, string | undefined]>([
    ['no JSON', '{"currency": "USD",', undefined],
    ['a list', [], undefined],
    ['no currency', { ...FILE, currency: undefined }, 'currency'],
    ['an unknown currency', { ...FILE, currency: 'US$' }, 'currency'],
    ['an unknown field', { ...FILE, prices: [] }, 'prices'],
    ['no rule for the rest', { ...FILE, unpriced: undefined }, 'unpriced'],
    ['an unknown rule for the rest', { ...FILE, unpriced: 'ignore' }, 'unpriced'],
    ['a shadow rule without rates', { ...FILE, unpriced: 'shadow' }, 'unpricedRates'],
    ['no rows', { ...FILE, rows: undefined }, 'rows'],
    ['a date that is none', { ...FILE, effectiveAt: '2026-02-30' }, 'effectiveAt'],
    ['a time without a zone', { ...FILE, effectiveAt: '2026-12-01T00:00:00' }, 'effectiveAt'],
    ['a date long past', { ...FILE, effectiveAt: '2020-01-01' }, 'effectiveAt'],
    ['a date far ahead', { ...FILE, effectiveAt: '2126-01-01' }, 'effectiveAt'],
    ['an unknown field in a row', withRow({ price: 3 }), 'rows[1].price'],
    ['no pattern', withRow({ pattern: undefined }), 'rows[1].pattern'],
    ['a pattern for everything', withRow({ pattern: '*' }), 'rows[1].pattern'],
    ['a pattern twice', withRow({ pattern: 'a/b' }), 'rows[1].pattern'],
    ['no rates', withRow({ rates: undefined }), 'rows[1].rates'],
    ['a missing rate', withRow({ rates: threeRates }), 'rows[1].rates.cacheRead'],
    ['an unknown rate', withRow({ rates: { ...RATES, reasoning: 1 } }), 'rows[1].rates.reasoning'],
    [
      'rates of 0 only',
      withRow({ rates: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } }),
      'rows[1].rates',
    ],
    ['tiers that descend', withRow({ tiers: [2, 1].map(tierAbove) }), 'rows[1].tiers[1].aboveInputTokens'],
    ['a tier of half a token', withRow({ tiers: [tierAbove(0.5)] }), 'rows[1].tiers[0].aboveInputTokens'],
    [
      'a missing rate in a tier',
      withRow({ tiers: [{ aboveInputTokens: 5, rates: threeRates }] }),
      'rows[1].tiers[0].rates.cacheRead',
    ],
    ['too many bytes', { ...FILE, rows: Array.from({ length: 20_000 }, () => ROW) }, undefined],
  ])('%s', async (_title, file, field) => {
    const { status, body } = await admin.ask('POST /prices', file);
    expect([status, body.field]).toEqual([body.code === 'tooLarge' ? 413 : 400, field]);
    expect(await admin.ask('GET /prices/current')).toMatchObject({ text: before.text });
  });

  it.each([
    '-1',
    '1.0000001',
    '',
    ' 1',
    '1,5',
    '1e3',
    'NaN',
    '0x10',
    '.5',
    '100000001',
    -0.5,
    1e-7,
    1e21,
    null,
    true,
    [],
  ])('the rate %j', async (output) => {
    const { status, body } = await admin.ask('POST /prices', withRow({ rates: { ...RATES, output } }));
    expect([status, body.code, body.field]).toEqual([400, 'invalid', 'rows[1].rates.output']);
  });
});

describe('rates', () => {
  it.each([
    ['0.000001', '0.000001'],
    ['100000000', '100000000'],
    ['1.10', '1.1'],
    [0.1, '0.1'],
    [1.005, '1.005'],
    [16_777_217.000001, '16777217.000001'],
    [99_999_999.999999, '99999999.999999'],
  ])('of %j are kept exactly', async (output, shown) => {
    const rows = [{ ...ROW, rates: { ...RATES, output } }];
    const { body } = await admin.ask('POST /prices?dryRun=true', { ...FILE, rows });
    expect(body.book).toMatchObject({ rows: [{ rates: { output: shown } }] });
  });
});

describe('the cost of a request', () => {
  beforeAll(async () => {
    const tiers = [{ aboveInputTokens: 1_000, rates: { ...RATES, input: 6 } }];
    const rows = [
      { ...ROW, tiers },
      { pattern: '*/cheap', rates: RATES, isShadow: true },
    ];
    await admin.ask('POST /prices', { ...FILE, rows });
    const resources = [
      { provider: 'mine', model: 'fast' },
      { provider: 'other', model: 'cheap', priority: 1 },
      { provider: 'other', model: 'fast', priority: 2 },
    ];
    await admin.ask('PUT /aliases/chain', { resources });
  });

  it('is explained by row, tier and rule for each resource', async () => {
    const { body } = await admin.ask('GET /prices/cost?model=chain&input=1001&output=100');
    expect(body).toMatchObject({ version: expect.any(String), currency: 'USD' });
    expect(body.costs).toEqual([
      {
        provider: 'mine',
        model: 'fast',
        row: 'mine/*',
        rates: { ...SHOWN_RATES, input: '6' },
        aboveInputTokens: 1_000,
        isShadow: false,
        cost: '0.007506',
      },
      {
        provider: 'other',
        model: 'cheap',
        row: '*/cheap',
        rates: SHOWN_RATES,
        isShadow: true,
        cost: '0.004503',
      },
      { provider: 'other', model: 'fast', unpriced: 'deny', isShadow: false },
    ]);
  });

  it('counts cache writes that are kept an hour by their own rate', async () => {
    const path = 'GET /prices/cost?model=mine/fast&cacheWrite=1000&cacheWriteOneHour=400';
    expect((await admin.ask(path)).body.costs).toMatchObject([{ cost: '0.00465' }]);
  });

  it.each(['model=', 'input=1', 'model=chain&input=-1', 'model=chain&input=x', 'model=chain&reasoning=1'])(
    'is not asked for by %s',
    async (query) => {
      expect((await admin.ask(`GET /prices/cost?${query}`)).body.code).toBe('invalid');
    },
  );

  it('of a model that is not known is not found', async () => {
    expect((await admin.ask('GET /prices/cost?model=nobody/x&input=1')).body.code).toBe('notFound');
  });
});

function tierAbove(aboveInputTokens: number): object {
  return { aboveInputTokens, rates: RATES };
}

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}
