import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, describe, expect, test } from 'vitest';
import { OutputTallies, OutputTally } from '../src/output-tally.ts';
import { TokenCounter } from '../src/token-counter.ts';

const counter = new TokenCounter();
const tallies = new OutputTallies(counter, 5);
const open = (own = tallies, by = counter) => {
  const tally = new OutputTally(by);
  own.add(tally);
  return tally;
};
afterAll(async () => {
  tallies.close();
  await counter.close();
});

const PROSE = 'The ledger is exact: whatever crashes, races or retries, 1,234 tokens stay 1,234 tokens.\n\n';
const TEXTS = {
  prose: PROSE.repeat(20),
  code: 'export function add(a: number, b: number): number {\n  return a + b; // größer\n}\n'.repeat(20),
  json: '{"path":"/tmp/a b.txt","lines":[1,22,333],"text":"say \\"hi\\""}'.repeat(20),
  'a script without spaces': '日本語の文章には空白がありません。それでも数えられます。'.repeat(20),
  'long runs': `${'='.repeat(900)} ${'abcdefgh'.repeat(200)}`,
};

/** Pieces of 1 to 9 characters. */
function* piecesOf(text: string): Generator<string> {
  for (let from = 0, turn = 0; from < text.length; turn += 1) {
    const length = 1 + ((turn * 5) % 9);
    yield text.slice(from, from + length);
    from += length;
  }
}

const round = (tally: OutputTally) =>
  new Promise<void>((resolve) => {
    tally.onCounted = resolve;
  });

describe.each(Object.entries(TEXTS))('an answer of %s', (_name, text) => {
  const whole = countTokens(text);

  test('is counted to the token when it is cut', async () => {
    const tally = open();
    for (const piece of piecesOf(text)) tally.add(piece);
    expect(await tally.settle()).toBe(whole);
    tallies.delete(tally);
  });

  test('is counted as it goes on, within one in a hundred', async () => {
    const tally = open();
    let said = '';
    for (const piece of piecesOf(text)) {
      tally.add(piece);
      said += piece;
      if (said.length % 7 !== 0) continue;
      await round(tally);
      expect(Math.abs(tally.tokens - countTokens(said))).toBeLessThanOrEqual(1 + countTokens(said) / 100);
    }
    expect(Math.abs((await tally.settle()) - whole)).toBeLessThanOrEqual(whole / 100);
    tallies.delete(tally);
  });
});

test("the provider's own count is taken as far as it went", async () => {
  const tally = open();
  tally.provide({ input: 9, output: 3, cacheRead: 0, cacheWrite: 0 });
  expect(tally.tokens).toBe(3);
  tally.add('Hello there, how are you today?');
  expect(await tally.settle()).toBe(countTokens('Hello there, how are you today?'));
  tally.provide({ input: 9, output: 40, cacheRead: 0, cacheWrite: 0 });
  expect(await tally.settle()).toBe(40);
  tally.add(' Fine.');
  expect(await tally.settle()).toBe(40 + countTokens(' Fine.'));
  tallies.delete(tally);
});

test('a count of the provider that did not grow with the words is none of them', async () => {
  const tally = open();
  tally.add('Hello there,');
  tally.provide({ input: 9, output: 0, cacheRead: 0, cacheWrite: 0 });
  expect(await tally.settle()).toBe(countTokens('Hello there,'));
  tally.provide({ input: 9, output: 40, cacheRead: 0, cacheWrite: 0 });
  tally.add(' how are you?');
  tally.provide({ input: 9, output: 40, cacheRead: 0, cacheWrite: 0 });
  expect(await tally.settle()).toBe(40 + countTokens(' how are you?'));
  tallies.delete(tally);
});

test('without the counting thread an answer is as dense as what was counted of it', async () => {
  const mortal = new TokenCounter();
  const own = new OutputTallies(mortal, 5);
  const tally = open(own, mortal);
  tally.add(TEXTS['a script without spaces']);
  await round(tally);
  const counted = tally.tokens;
  own.close();
  tally.add(TEXTS['a script without spaces']);
  expect(Math.abs(tally.tokens - 2 * counted)).toBeLessThanOrEqual(1);
  const dying = tally.settle();
  await mortal.close();
  expect(Math.abs((await dying) - 2 * counted)).toBeLessThanOrEqual(1);
});

test('what nobody counted yet is four characters a token', () => {
  const tally = open();
  tally.add('12345678');
  expect(tally.tokens).toBe(2);
  tallies.delete(tally);
});

test('an answer that was dropped is not counted any more', async () => {
  const [left, right] = [open(), open()];
  let isLeftCounted = false;
  left.onCounted = () => {
    isLeftCounted = true;
  };
  left.add('Hello');
  right.add('Hello');
  tallies.delete(left);
  await round(right);
  expect([isLeftCounted, right.tokens]).toEqual([false, 1]);
  tallies.delete(right);
});
