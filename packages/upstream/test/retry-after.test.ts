import { expect, test } from 'vitest';
import { retryAfterMs } from '../src/retry-after.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12, 0, 0);

test.each([
  ['seconds', { 'retry-after': '3' }, 3_000],
  ['a part of a second', { 'retry-after': '0.25' }, 250],
  ['milliseconds, which go first', { 'retry-after-ms': '120', 'retry-after': '3' }, 120],
  ['a date', { 'retry-after': 'Sun, 22 Nov 2026 12:00:07 GMT' }, 7_000],
  ['a date that has passed', { 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
  ['a year', { 'retry-after': '31536000' }, 86_400_000],
  ['nonsense', { 'retry-after': 'soon' }, undefined],
  ['less than nothing', { 'retry-after-ms': '-5' }, undefined],
  ['nothing', {}, undefined],
])('a provider that asks to wait for %s is understood', (_name, headers, expected) => {
  expect(retryAfterMs(headers, NOW_MS)).toBe(expected);
});
