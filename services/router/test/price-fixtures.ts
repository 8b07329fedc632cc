import { ContextTier, PriceBook, PriceRow, type Rates, UnpricedRule } from '@ai-switch/contracts';

/** Whole currency units a million tokens, in micro-units: input, output, cache reads, cache writes, one-hour writes. */
export function rates(...units: readonly number[]): Rates {
  const [input = 0n, output = 0n, cacheRead = 0n, cacheWrite = 0n, cacheWriteOneHour = 0n] = units.map(
    (unit) => BigInt(unit) * 1_000_000n,
  );
  return { input, output, cacheRead, cacheWrite, cacheWriteOneHour };
}

export function row(pattern: string, fields: Partial<PriceRow> = {}): PriceRow {
  return PriceRow.create({ pattern, rates: rates(3, 15, 1, 4, 6), ...fields });
}

export function tier(aboveInputTokens: number, tierRates: Rates = rates(6, 30, 2, 8, 12)): ContextTier {
  return ContextTier.create({ aboveInputTokens: BigInt(aboveInputTokens), rates: tierRates });
}

export function book(fields: Partial<PriceBook> = {}): PriceBook {
  return PriceBook.create({ tenant: 'acme', currency: 'USD', unpriced: UnpricedRule.FREE, ...fields });
}
