import { performance } from 'node:perf_hooks';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, expect, test } from 'vitest';
import { TokenCounter } from '../src/token-counter.ts';

const counter = new TokenCounter();
afterAll(() => counter.close());

const WORDS = [
  'The',
  'quick',
  'brøwn',
  'fox',
  'jumps',
  'over',
  '12345',
  '{"key":',
  '"größe"}',
  '日本語',
  '🚀',
  '\n',
];
const prose = (characters: number) => {
  let text = '';
  for (let at = 0; text.length < characters; at += 1) text += `${WORDS[(at * 7) % WORDS.length]} `;
  return text;
};

test.each([
  ['nothing', []],
  ['an empty text', ['']],
  ['one word', ['Hello']],
  ['what is quoted of a special token', ['say <|endoftext|> and <|im_start|>']],
  ['half a surrogate pair', ['\ud83d and \ude80']],
  ['many short texts', Array.from({ length: 3_000 }, (_, at) => `tool number ${at}`)],
])('%s is counted as the tokenizer does', async (_name, texts) => {
  const direct = texts.reduce((sum, text) => sum + countTokens(text, { disallowedSpecial: new Set() }), 0);
  expect(await counter.count(texts)).toBe(direct);
});

test('a long text is counted in pieces, with hardly a token of difference', async () => {
  const text = prose(300_000);
  const direct = countTokens(text);
  const counted = await counter.count([text]);
  expect(Math.abs(counted - direct)).toBeLessThan(direct / 1_000);
});

test.each([
  ['a letter', 'a'],
  ['a sign', '='],
  ['a space', ' '],
  ['a letter of a script without spaces', 'あ'],
])('%s repeated without an end takes no longer than other text', async (_name, character) => {
  await counter.count(['warm']);
  const begun = performance.now();
  expect(await counter.count([character.repeat(200_000)])).toBeGreaterThan(0);
  expect(performance.now() - begun).toBeLessThan(2_000);
});

test('what is beyond the bound is taken to be as dense as what is before it', async () => {
  const text = 'word '.repeat(4 * 1024 * 1024);
  const counted = await counter.count([text]);
  expect(counted / (text.length / 5)).toBeCloseTo(1, 1);
});

test('while prompts are counted the event loop is free', async () => {
  const fresh = new TokenCounter();
  const texts = Array.from({ length: 20 }, () => prose(80_000));
  const before = performance.eventLoopUtilization();
  await Promise.all(texts.map((text) => fresh.count([text])));
  const { utilization } = performance.eventLoopUtilization(before);
  await fresh.close();
  // Counting on the loop itself would keep it busy all the time; a busy machine takes its part too.
  expect(utilization).toBeLessThan(0.6);
});

test('counts that the thread did not live to answer fail, and the next starts another', async () => {
  const mortal = new TokenCounter();
  const cut = mortal.count([prose(2_000_000)]);
  const expected = expect(cut).rejects.toMatchObject({ code: 'unavailable' });
  await mortal.close();
  await expected;
  expect(await mortal.count(['Hello'])).toBe(1);
  await mortal.close();
});
