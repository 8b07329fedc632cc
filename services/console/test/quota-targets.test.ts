import { expect, it } from 'vitest';
import { amountText, limitsIn, limitsText } from '../src/cli/quotas/limits.ts';
import { bucketOf, scopeOf } from '../src/cli/quotas/targets.ts';

it.each([
  ['alice', 'personal:alice', 'user:alice'],
  ['user:company', 'personal:company', 'user:company'],
  ['personal:alice', 'personal:alice', 'user:alice'],
  ['company', 'company', 'company'],
  ['project:web', 'project:web', 'project:web'],
  ['department:emea', 'department:emea', 'department:emea'],
  ['model:local/qwen3:8b', 'model:local/qwen3:8b', 'model:local/qwen3:8b'],
  ['grant:summer', 'grant:summer', 'grant:summer'],
])('%s is the bucket %s and the scope %s', (target, bucket, scope) => {
  expect([bucketOf(target), scopeOf(target)]).toEqual([bucket, scope]);
});

it('limits are whole tokens, money as text, and `unlimited`', () => {
  const limits = limitsIn({ input: '9007199254740991', output: '0', cacheRead: 'unlimited', cost: '12.50' });
  expect(limits).toEqual({ input: Number.MAX_SAFE_INTEGER, output: 0, cacheRead: null, cost: '12.50' });
});

it.each([
  { input: '9007199254740992' },
  { input: '1.5' },
  { output: '-1' },
  { output: '1e6' },
  { output: '' },
  { cost: '0.0000001' },
  { cost: '-5' },
])('%j is no limit', (options) => {
  expect(() => limitsIn(options)).toThrow(/a limit is a whole number|--cost takes/);
});

it('amounts are shown in groups of three digits, to the last decimal', () => {
  expect(amountText(1_234_567)).toBe('1,234,567');
  expect(amountText('9007199254740993')).toBe('9,007,199,254,740,993');
  expect(amountText('-1234.000001')).toBe('-1,234.000001');
  expect(limitsText({ output: 5_000, cost: '2500' }, 'unlimited')).toBe('output 5,000, cost 2,500');
  expect(limitsText({}, 'unlimited')).toBe('unlimited');
});
