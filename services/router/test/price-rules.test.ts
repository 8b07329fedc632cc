import { type PriceBook, UnpricedRule } from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import { checkedPriceBook } from '../src/price-rules.ts';
import { START_MS } from './fixtures.ts';
import { book, rates, row, tier } from './price-fixtures.ts';

const NOW_MS = BigInt(START_MS);
const DAY_MS = 86_400_000n;
const RATE_MAX = 100_000_000_000_000n;

const good: PriceBook = book({
  rows: [row('a/m', { tiers: [tier(1_000), tier(2_000)] }), row('a/*', { isShadow: true }), row('*-mini')],
});

describe('a price book', () => {
  test.each<[string, Partial<PriceBook>]>([
    ['without rows', { rows: [] }],
    ['with every kind of row', {}],
    ['with a free row', { rows: [row('a/m', { isFree: true, rates: undefined })] }],
    ['with one rate only', { rows: [row('a/m', { rates: rates(0, 0, 1) })] }],
    ['with the highest rate', { rows: [row('a/m', { rates: { ...rates(1), output: RATE_MAX } })] }],
    ['with 2,000 rows', { rows: Array.from({ length: 2_000 }, (_, index) => row(`a/m${index}`)) }],
    ['with 8 tiers', { rows: [row('a/m', { tiers: Array.from({ length: 8 }, (_, n) => tier(n + 1)) })] }],
    ['with a shadow rate for the rest', { unpriced: UnpricedRule.SHADOW, unpricedRates: rates(1) }],
    ['of a day ago', { effectiveAtMs: NOW_MS - DAY_MS }],
    ['for next year', { effectiveAtMs: NOW_MS + 365n * DAY_MS }],
    ['in yen', { currency: 'JPY' }],
  ])('%s is good', (_title, fields) => {
    const given = { ...good, ...fields };
    expect(checkedPriceBook(given, NOW_MS)).toEqual(given);
  });

  test.each<[string, string, Partial<PriceBook>]>([
    ['without a tenant', 'book.tenant', { tenant: '' }],
    ['without a currency', 'currency', { currency: '' }],
    ['in an unknown currency', 'currency', { currency: 'ABC' }],
    ['in a currency by its sign', 'currency', { currency: '$' }],
    ['in a currency in small letters', 'currency', { currency: 'usd' }],
    ['that says nothing of the rest', 'unpriced', { unpriced: UnpricedRule.UNSPECIFIED }],
    ['with a shadow rule and no rates', 'unpricedRates', { unpriced: UnpricedRule.SHADOW }],
    [
      'with a shadow rule of nothing',
      'unpricedRates',
      { unpriced: UnpricedRule.SHADOW, unpricedRates: rates() },
    ],
    ['with rates and no shadow rule', 'unpricedRates', { unpricedRates: rates(1) }],
    ['of the day before yesterday', 'effectiveAt', { effectiveAtMs: NOW_MS - DAY_MS - 1n }],
    ['in seconds', 'effectiveAt', { effectiveAtMs: NOW_MS / 1_000n }],
    ['for the next century', 'effectiveAt', { effectiveAtMs: NOW_MS + 36_500n * DAY_MS }],
    ['before the epoch', 'effectiveAt', { effectiveAtMs: -1n }],
    ['with 2,001 rows', 'rows', { rows: Array.from({ length: 2_001 }, (_, index) => row(`a/m${index}`)) }],
    ['with a pattern twice', 'rows[2].pattern', { rows: [row('a/m'), row('a/*'), row('a/m')] }],
  ])('%s is refused', (_title, field, fields) => {
    expect(faultOf({ ...good, ...fields })).toMatchObject({ code: 'invalid', details: { field } });
  });

  test.each<[string, string, Parameters<typeof row>[1]]>([
    ['without rates', 'rates', { rates: undefined }],
    ['with a rate below 0', 'rates.cacheRead', { rates: { ...rates(1), cacheRead: -1n } }],
    ['with a rate above the bound', 'rates.output', { rates: { ...rates(1), output: RATE_MAX + 1n } }],
    ['with rates of 0 only', 'rates', { rates: rates() }],
    ['that is free and has rates', 'isFree', { isFree: true }],
    ['that is free and has tiers', 'isFree', { isFree: true, rates: undefined, tiers: [tier(1)] }],
    ['that is free and a shadow', 'isFree', { isFree: true, rates: undefined, isShadow: true }],
    ['with 9 tiers', 'tiers', { tiers: Array.from({ length: 9 }, (_, index) => tier(index + 1)) }],
    ['with a tier from 0 on', 'tiers[0].aboveInputTokens', { tiers: [tier(0)] }],
    ['with a tier without an end', 'tiers[0].aboveInputTokens', { tiers: [tier(1_000_000_001)] }],
    ['with tiers that descend', 'tiers[1].aboveInputTokens', { tiers: [tier(2), tier(1)] }],
    ['with a tier twice', 'tiers[1].aboveInputTokens', { tiers: [tier(2), tier(2)] }],
    ['with a tier without rates', 'tiers[0].rates', { tiers: [{ aboveInputTokens: 1n, rates: undefined }] }],
    ['with a tier of nothing', 'tiers[0].rates', { tiers: [tier(1, rates())] }],
    [
      'with a wrong rate in a tier',
      'tiers[1].rates.input',
      { tiers: [tier(1), tier(2, { ...rates(1), input: -5n })] },
    ],
  ])('with a row %s is refused, and the row is named', (_title, field, fields) => {
    const fault = faultOf({ ...good, rows: [row('a/*'), row('b/wrong', fields)] });
    expect(fault).toMatchObject({ code: 'invalid', details: { field: `rows[1].${field}` } });
    expect((fault as Error).message).toContain('1 (b/wrong)');
  });

  test.each(['', ' ', 'a/m b', 'a/m\n', `a/${'x'.repeat(200)}`, '*', '**', 'a/**', '*a*', 'a/*b', 'a*/b'])(
    'with the pattern %j is refused',
    (pattern) => {
      const details = { field: 'rows[0].pattern' };
      expect(faultOf({ ...good, rows: [row(pattern)] })).toMatchObject({ code: 'invalid', details });
    },
  );

  test.each(['gpt-5.5', 'gpt-5*', 'openai*', 'OpenAI/gpt', '/m', 'a/'])(
    'with the pattern %j, that can match nothing or too much, is refused',
    (pattern) => {
      expect(faultOf({ ...good, rows: [row(pattern)] })).toMatchObject({ code: 'invalid' });
    },
  );

  test('that is missing is refused', () => {
    expect(() => checkedPriceBook(undefined, NOW_MS)).toThrow('missing');
  });
});

function faultOf(given: PriceBook): unknown {
  try {
    return checkedPriceBook(given, NOW_MS);
  } catch (error) {
    return error;
  }
}
