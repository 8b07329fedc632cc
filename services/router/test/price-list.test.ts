import { UnpricedRule } from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import { priceListOf } from '../src/price-list.ts';
import { book, rates, row, tier } from './price-fixtures.ts';

describe('the row that prices a model', () => {
  const patterns = [
    'openai/gpt-5.5',
    'openai/gpt-5.5*',
    'openai/gpt*',
    'openai/*',
    '*/gpt-5.5',
    '*-mini',
    '*/qwen/qwen3-8b',
    'local/a',
    'local/*',
    '*ocal/aab',
  ];
  const list = priceListOf(book({ rows: patterns.map((pattern) => row(pattern)) }));

  test.each<[string, string, string | undefined, string]>([
    ['openai', 'gpt-5.5', 'openai/gpt-5.5', 'the exact one'],
    ['openai', 'gpt-5.5-pro', 'openai/gpt-5.5*', 'the longest beginning'],
    ['openai', 'gpt-4', 'openai/gpt*', 'the longest beginning that matches'],
    ['openai', 'o9', 'openai/*', 'any model of a provider'],
    ['azure', 'gpt-5.5', '*/gpt-5.5', 'an ending, whoever the provider is'],
    ['azure', 'o9-mini', '*-mini', 'an ending'],
    ['openai', 'gpt-5.5-mini', 'openai/gpt-5.5*', 'a longer beginning before an ending'],
    ['openai', 'o9-mini', 'openai/*', 'a longer beginning before an ending'],
    ['vllm', 'qwen/qwen3-8b', '*/qwen/qwen3-8b', 'a model with a slash'],
    ['local', 'a', 'local/a', 'the exact one'],
    ['local', 'aab', '*ocal/aab', 'a longer ending before a beginning'],
    ['xlocal', 'a', undefined, 'none: an exact row is the whole name'],
    ['openrouter', 'openai/gpt-5.5', '*/gpt-5.5', 'an ending of a routed model'],
    ['__proto__', 'constructor', undefined, 'none'],
  ])('of %s/%s is %s: %s', (provider, model, pattern) => {
    expect(list.find(provider, model).row?.pattern).toBe(pattern);
  });

  test('is the beginning when a beginning and an ending are equally long', () => {
    const even = priceListOf(book({ rows: [row('*/de'), row('ab/*')] }));
    expect(even.find('ab', 'de').row?.pattern).toBe('ab/*');
    const uneven = priceListOf(book({ rows: [row('*b/de'), row('ab/*')] }));
    expect(uneven.find('ab', 'de').row?.pattern).toBe('*b/de');
  });

  test('does not depend on the order of the rows', () => {
    const reversed = priceListOf(book({ rows: patterns.toReversed().map((pattern) => row(pattern)) }));
    for (const model of ['gpt-5.5', 'gpt-5.5-pro', 'o9-mini', 'a']) {
      expect(reversed.find('openai', model).row).toEqual(list.find('openai', model).row);
    }
  });

  test('is found as the rules say, for every name, against a plain search', () => {
    const texts = ['a', 'b', 'ab', 'ba', 'aab', 'abb', 'a/b', 'b/a', 'ab/ab', 'a/ab', 'aa/bb', 'ab/a'];
    const all = texts.flatMap((text) => [text, `${text}*`, `*${text}`]);
    const list = priceListOf(book({ rows: all.map((pattern) => row(pattern)) }));
    for (const provider of ['a', 'b', 'ab', 'ba']) {
      for (const model of ['a', 'b', 'ab', 'bab', 'abb', 'ab/ab']) {
        const name = `${provider}/${model}`;
        expect(list.find(provider, model).row?.pattern, name).toBe(plainSearch(all, name));
      }
    }
  });
});

/** Exact, then most characters, then beginnings. */
function plainSearch(patterns: readonly string[], name: string): string | undefined {
  if (patterns.includes(name)) return name;
  return patterns
    .filter((pattern) => pattern.includes('*'))
    .filter((pattern) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name.endsWith(pattern.slice(1)),
    )
    .sort((one, other) => other.length - one.length || (one.endsWith('*') ? -1 : 1))[0];
}

describe('the price', () => {
  const version = '3-0123456789ab';

  test('has its version, its rates, its tiers and whether it is a shadow price', () => {
    const list = priceListOf(book({ version, rows: [row('a/*', { tiers: [tier(200)], isShadow: true })] }));
    expect(list.find('a', 'm').price).toEqual({
      version,
      isShadow: true,
      rates: rates(3, 15, 1, 4, 6),
      tiers: [tier(200)],
    });
  });

  test('of a free row is nothing, and has a version', () => {
    const list = priceListOf(book({ version, rows: [row('a/*', { isFree: true, rates: undefined })] }));
    const price = { version, isShadow: false, rates: rates(), tiers: [] };
    expect(list.find('a', 'm')).toMatchObject({ isDenied: false, price });
  });

  test.each([
    ['denied', UnpricedRule.DENY, true, undefined],
    ['free', UnpricedRule.FREE, false, undefined],
    [
      'at the shadow rate',
      UnpricedRule.SHADOW,
      false,
      { version, isShadow: true, rates: rates(1, 2), tiers: [] },
    ],
  ])('of a model without a row: %s', (_title, unpriced, isDenied, price) => {
    const unpricedRates = unpriced === UnpricedRule.SHADOW ? rates(1, 2) : undefined;
    const list = priceListOf(book({ version, unpriced, unpricedRates, rows: [row('a/m')] }));
    expect(list.find('a', 'n')).toEqual({ row: undefined, isDenied, price });
    expect(list.find('a', 'm').isDenied).toBe(false);
  });
});
