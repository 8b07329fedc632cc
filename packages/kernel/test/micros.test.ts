import { describe, expect, test } from 'vitest';
import { costMicros, type PricedTokens, type TokenPrice, type TokenRates } from '../src/index.ts';

const NOTHING: TokenRates = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cacheWriteOneHour: 0n };
const NO_TOKENS: PricedTokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** 3.00, 15.00, 0.30, 3.75 and 6.00 a million; from 200,000 on double, from 1,000,000 on tenfold. */
const RATES: TokenRates = {
  input: 3_000_000n,
  output: 15_000_000n,
  cacheRead: 300_000n,
  cacheWrite: 3_750_000n,
  cacheWriteOneHour: 6_000_000n,
};
const PRICE: TokenPrice = {
  rates: RATES,
  tiers: [
    { aboveInputTokens: 200_000n, rates: times(RATES, 2n) },
    { aboveInputTokens: 1_000_000n, rates: times(RATES, 10n) },
  ],
};

describe('the cost of a request', () => {
  test.each<[string, PricedTokens, bigint]>([
    ['nothing', NO_TOKENS, 0n],
    ['a million of output', { ...NO_TOKENS, output: 1_000_000 }, 15_000_000n],
    ['one token of each type', { input: 1, output: 1, cacheRead: 1, cacheWrite: 1 }, 23n],
    ['bigint counts', { input: 10n, output: 10n, cacheRead: 0n, cacheWrite: 0n }, 180n],
    ['five-minute cache writes', { ...NO_TOKENS, cacheWrite: 1_000 }, 3_750n],
    ['one-hour cache writes', { ...NO_TOKENS, cacheWrite: 1_000, cacheWriteOneHour: 1_000 }, 6_000n],
    ['both kinds of cache writes', { ...NO_TOKENS, cacheWrite: 1_000, cacheWriteOneHour: 400 }, 4_650n],
    ['more kept an hour than written', { ...NO_TOKENS, cacheWrite: 10, cacheWriteOneHour: 1_000 }, 60n],
    ['a prompt up to the tier', { ...NO_TOKENS, input: 200_000 }, 600_000n],
    ['a prompt above the tier, from its first token', { ...NO_TOKENS, input: 200_001 }, 1_200_006n],
    [
      'a prompt above the tier by what was cached',
      { input: 100_000, output: 10, cacheRead: 100_000, cacheWrite: 1 },
      660_308n,
    ],
    ['a long answer to a short prompt', { ...NO_TOKENS, output: 5_000_000 }, 75_000_000n],
    ['a prompt above the second tier', { ...NO_TOKENS, input: 1_000_001 }, 30_000_030n],
  ])('of %s', (_title, tokens, cost) => {
    expect(costMicros(PRICE, tokens)).toBe(cost);
    expect(costMicros({ ...PRICE, tiers: [...PRICE.tiers].reverse() }, tokens)).toBe(cost);
  });

  test('is rounded up once, at the end', () => {
    const rates = { ...NOTHING, input: 1n, output: 1n, cacheRead: 1n, cacheWrite: 1n };
    const price = { rates, tiers: [] };
    expect(costMicros(price, { input: 1, output: 1, cacheRead: 1, cacheWrite: 1 })).toBe(1n);
    expect(costMicros(price, { ...NO_TOKENS, input: 1_000_000 })).toBe(1n);
    expect(costMicros(price, { ...NO_TOKENS, input: 1_000_001 })).toBe(2n);
  });

  test('one-hour cache writes without a rate of their own cost what others cost', () => {
    const price = { rates: { ...RATES, cacheWriteOneHour: 0n }, tiers: [] };
    expect(costMicros(price, { ...NO_TOKENS, cacheWrite: 1_000, cacheWriteOneHour: 900 })).toBe(3_750n);
  });

  test('is exact where a float is not', () => {
    const price = { rates: { ...NOTHING, input: 99_999_999_999_999n }, tiers: [] };
    expect(costMicros(price, { ...NO_TOKENS, input: 999_999_999_999 })).toBe(99_999_999_999_899_000_001n);
  });

  test('of random requests is the sum of exact parts, and grows with every token', () => {
    const random = randomFrom(1);
    for (let round = 0; round < 2_000; round += 1) {
      const rates = {
        input: random(20_000_000),
        output: random(90_000_000),
        cacheRead: random(2_000_000),
        cacheWrite: random(30_000_000),
        cacheWriteOneHour: random(40_000_000) + 1n,
      };
      const [input, output, cacheRead] = [random(300_000), random(300_000), random(300_000)];
      const [fiveMinutes, oneHour] = [random(300_000), random(300_000)];
      const tokens = {
        input,
        output,
        cacheRead,
        cacheWrite: fiveMinutes + oneHour,
        cacheWriteOneHour: oneHour,
      };
      const exact =
        input * rates.input +
        output * rates.output +
        cacheRead * rates.cacheRead +
        fiveMinutes * rates.cacheWrite +
        oneHour * rates.cacheWriteOneHour;
      const cost = costMicros({ rates, tiers: [] }, tokens);
      expect(cost * 1_000_000n >= exact && (cost - 1n) * 1_000_000n < exact, `round ${round}`).toBe(true);
      expect(costMicros({ rates, tiers: [] }, { ...tokens, output: output + 1n })).toBeGreaterThanOrEqual(
        cost,
      );
    }
  });

  test.each([
    ['below 0', { ...NO_TOKENS, output: -1 }],
    ['not whole', { ...NO_TOKENS, input: 0.5 }],
    ['no number', { ...NO_TOKENS, cacheWriteOneHour: Number.NaN }],
  ])('a count that is %s is a mistake of ours', (_title, tokens) => {
    expect(() => costMicros(PRICE, tokens)).toThrow(RangeError);
  });

  test('a price without rates is a mistake of ours, and not free', () => {
    expect(() => costMicros({ rates: undefined, tiers: [] }, NO_TOKENS)).toThrow(TypeError);
  });
});

function times(rates: TokenRates, factor: bigint): TokenRates {
  const entries = Object.entries(rates).map(([type, rate]) => [type, rate * factor]);
  return Object.fromEntries(entries) as unknown as TokenRates;
}

/** Whole numbers below a bound, the same ones for the same seed. */
function randomFrom(seed: number): (below: number) => bigint {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return BigInt(Math.floor((state / 2 ** 32) * below));
  };
}
