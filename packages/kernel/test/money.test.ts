import { expect, it } from 'vitest';
import { microsOf, unitsOf } from '../src/index.ts';

it.each([
  [0n, '0'],
  [1n, '0.000001'],
  [500_000n, '0.5'],
  [12_000_000n, '12'],
  [12_345_678n, '12.345678'],
  [9_007_199_254_740_991n, '9007199254.740991'],
])('%i millionths are %s units, and back', (micros, units) => {
  expect(unitsOf(micros)).toBe(units);
  expect(microsOf(units)).toBe(micros);
});

it('what was given back stands below zero', () => {
  expect(unitsOf(-1n)).toBe('-0.000001');
  expect(unitsOf(-2_500_000n)).toBe('-2.5');
});

it('a trailing zero changes nothing', () => {
  expect(microsOf('12.50')).toBe(12_500_000n);
});

it.each(['', '.5', '5.', '1.0000001', '-1', '+1', '1e3', '1,5', ' 1', '12345678901', 'Infinity', '0x10'])(
  '%j is no amount of money',
  (text) => {
    expect(microsOf(text)).toBeUndefined();
  },
);
