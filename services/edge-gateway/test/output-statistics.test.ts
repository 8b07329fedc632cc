import { expect, test } from 'vitest';
import { type Asker, OutputStatistics } from '../src/output-statistics.ts';

const by = (more: Partial<Asker> = {}): Asker => ({
  tenant: 'acme',
  alias: 'chat',
  dialect: 'openai-responses',
  userAgent: 'codex_cli_rs/0.98.0 (Linux)',
  ...more,
});

function noted(tokens: readonly number[], alias = 'chat'): OutputStatistics {
  const statistics = new OutputStatistics();
  for (const count of tokens) statistics.note(by({ alias }), count);
  return statistics;
}

const oneTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

test.each([
  ['nine in ten and a quarter more', oneTo(100), Math.ceil(90 * 1.25)],
  ['all alike', Array(20).fill(400), 500],
  ['nothing said', Array(20).fill(0), 1],
  ['in any order', oneTo(100).toReversed(), Math.ceil(90 * 1.25)],
  ['too few', oneTo(19), undefined],
  ['none', [], undefined],
])('of answers with %s', (_name, tokens, expected) => {
  expect(noted(tokens).expect(by())).toBe(expected);
});

test('what was long ago does not count', () => {
  const statistics = noted([...Array(500).fill(100_000), ...Array(128).fill(100)]);
  expect(statistics.expect(by())).toBe(125);
});

test.each([
  ['company', { tenant: 'other' }],
  ['model', { alias: 'other' }],
  ['dialect', { dialect: 'openai-chat' }],
  ['program', { userAgent: 'opencode/1.2' }],
  ['nameless program', { userAgent: '' }],
])('each %s stands by itself', (_name, more) => {
  expect(noted(oneTo(100)).expect(by(more))).toBeUndefined();
});

test('the version of a program does not matter', () => {
  expect(noted(oneTo(100)).expect(by({ userAgent: 'codex_cli_rs/1.0.0' }))).toBe(113);
});

test('of more pairs than are kept the one that was silent for longest is forgotten', () => {
  const statistics = noted(Array(20).fill(8), 'first');
  for (const alias of oneTo(1_023)) statistics.note(by({ alias: `m${alias}` }), 1);
  expect(statistics.expect(by({ alias: 'first' }))).toBe(10);
  statistics.note(by({ alias: 'one more' }), 1);
  expect(statistics.expect(by({ alias: 'first' }))).toBeUndefined();
});
