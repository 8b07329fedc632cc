import { expect, it } from 'vitest';
import { newId } from '../src/index.ts';

it('an id is its prefix and 26 characters of base 32', () => {
  expect(newId('usr')).toMatch(/^usr_[0-9a-hjkmnp-tv-z]{26}$/);
});

it('100,000 ids of one moment are all different', () => {
  const ids = new Set(Array.from({ length: 100_000 }, () => newId('x', 1_750_000_000_000)));
  expect(ids.size).toBe(100_000);
});

it('ids sort by the moment they were made', () => {
  const momentsMs = [0, 1, 31, 32, 1_023, 1_024, 1_750_000_000_000, 1_750_000_000_001, 2 ** 48 - 1];
  const ids = momentsMs.map((momentMs) => newId('x', momentMs));
  expect(ids.toSorted()).toEqual(ids);
});

it('the moment stands in the first ten characters, as ULID writes it', () => {
  expect(newId('x', 1_469_918_176_385).slice(2, 12)).toBe('01aryz6s41');
});

it('every random character takes every value', () => {
  const seen = Array.from({ length: 16 }, () => new Set<string>());
  for (let round = 0; round < 2_000; round += 1) {
    const random = newId('x').slice(12);
    seen.forEach((values, place) => {
      values.add(random.charAt(place));
    });
  }
  expect(seen.map((values) => values.size)).toEqual(Array.from({ length: 16 }, () => 32));
});
