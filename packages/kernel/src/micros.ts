// Money is whole micro-units (millionths of the currency) in bigint: no float ever touches an amount.

/** What a million tokens of each type cost, in micro-units. */
export interface TokenRates {
  readonly input: bigint;
  readonly output: bigint;
  readonly cacheRead: bigint;
  readonly cacheWrite: bigint;
  /** Of cache writes that are kept for an hour. 0: they cost what other cache writes cost. */
  readonly cacheWriteOneHour: bigint;
}

/** As the router gives it with each target. */
export interface TokenPrice {
  readonly rates: TokenRates | undefined;
  /** The rates of requests whose prompt is longer than `aboveInputTokens`; in any order. */
  readonly tiers: readonly {
    readonly aboveInputTokens: bigint;
    readonly rates: TokenRates | undefined;
  }[];
}

/** Tokens of four exclusive types, whole numbers from 0. */
export interface PricedTokens {
  readonly input: bigint | number;
  readonly output: bigint | number;
  readonly cacheRead: bigint | number;
  readonly cacheWrite: bigint | number;
  /** The part of `cacheWrite` that is kept for an hour; never more than all of it. */
  readonly cacheWriteOneHour?: bigint | number;
}

const TOKENS_PER_RATE = 1_000_000n;

/**
 * What the tokens of one request cost, in micro-units: exact, and rounded up once, at the end.
 *
 * The whole request has the rates of the highest tier that its prompt (input, cache reads and cache writes) is above.
 *
 * @throws RangeError for a count that is below 0 or not whole, TypeError for a price without rates: mistakes of ours
 */
export function costMicros(price: TokenPrice, tokens: PricedTokens): bigint {
  const counts = {
    input: tokenCount(tokens.input),
    output: tokenCount(tokens.output),
    cacheRead: tokenCount(tokens.cacheRead),
    cacheWrite: tokenCount(tokens.cacheWrite),
  };
  const oneHour = smaller(tokenCount(tokens.cacheWriteOneHour ?? 0n), counts.cacheWrite);
  const prompt = counts.input + counts.cacheRead + counts.cacheWrite;
  const { rates } = tierOf(price, prompt) ?? price;
  if (rates === undefined) throw new TypeError('a price has no rates');
  const oneHourRate = rates.cacheWriteOneHour === 0n ? rates.cacheWrite : rates.cacheWriteOneHour;
  const scaled =
    counts.input * rates.input +
    counts.output * rates.output +
    counts.cacheRead * rates.cacheRead +
    (counts.cacheWrite - oneHour) * rates.cacheWrite +
    oneHour * oneHourRate;
  return (scaled + TOKENS_PER_RATE - 1n) / TOKENS_PER_RATE;
}

/** The tier whose rates a request with so long a prompt has; undefined for the price's own. */
export function tierOf<Price extends TokenPrice>(
  { tiers }: Price,
  promptTokens: bigint,
): Price['tiers'][number] | undefined {
  let found: Price['tiers'][number] | undefined;
  for (const tier of tiers) {
    if (promptTokens <= tier.aboveInputTokens) continue;
    if (found === undefined || tier.aboveInputTokens > found.aboveInputTokens) found = tier;
  }
  return found;
}

function tokenCount(count: bigint | number): bigint {
  const tokens = BigInt(count);
  if (tokens < 0n) throw new RangeError(`a count of tokens is ${tokens}`);
  return tokens;
}

function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
