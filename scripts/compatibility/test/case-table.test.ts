import { describe, expect, test } from 'vitest';
import { caseNumbersIn } from '../case-table.ts';
import { CASES } from '../cases.ts';
import { replaceBetween } from '../marked-text.ts';

test('there are a hundred cases, each with a sentence of its own', () => {
  expect(new Set(CASES).size).toBe(100);
});

describe('the numbers that a test claims', () => {
  test.each([
    ['case 47: a stream split at every byte', [47]],
    ['a group > case 7: one > case 12: two', [7, 12]],
    ['a group > case 31: case 95: both', [31, 95]],
    ['a test about case 47: in the middle of its words', []],
    ['case 1000: a number too long', []],
  ])('%s: %j', (name, numbers) => {
    expect(caseNumbersIn(name)).toEqual(numbers);
  });
});

describe('what stands between marks', () => {
  test('is replaced, and nothing else', () => {
    const text = 'a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb';
    expect(replaceBetween(text, 'x', 'new')).toBe('a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb');
    expect(replaceBetween(replaceBetween(text, 'x', 'new'), 'x', 'old')).toBe(text);
  });

  test('is not guessed at where the marks are missing', () => {
    expect(() => replaceBetween('a', 'x', 'new')).toThrow('<!-- x:begin -->');
  });
});
