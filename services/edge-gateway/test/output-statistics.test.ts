import { expect, test } from 'vitest';
import { OutputStatistics } from '../src/output-statistics.ts';

function noted(tokens: readonly number[], alias = 'chat'): OutputStatistics {
  const statistics = new OutputStatistics();
  for (const count of tokens) statistics.note(alias, 'codex', count);
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
  expect(noted(tokens).expect('chat', 'codex')).toBe(expected);
});

test('what was long ago does not count', () => {
  const statistics = noted([...Array(500).fill(100_000), ...Array(128).fill(100)]);
  expect(statistics.expect('chat', 'codex')).toBe(125);
});

test('each model and each kind of client stands by itself', () => {
  const statistics = noted(oneTo(100));
  expect(statistics.expect('chat', 'claude-code')).toBeUndefined();
  expect(statistics.expect('other', 'codex')).toBeUndefined();
});

test('of more pairs than are kept the one that was silent for longest is forgotten', () => {
  const statistics = noted(Array(20).fill(8), 'first');
  for (const alias of oneTo(1_023)) statistics.note(`m${alias}`, 'codex', 1);
  expect(statistics.expect('first', 'codex')).toBe(10);
  statistics.note('one more', 'codex', 1);
  expect(statistics.expect('first', 'codex')).toBeUndefined();
});
