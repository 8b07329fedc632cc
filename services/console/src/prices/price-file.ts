// A price book as people write it: rates are decimals of the currency a million tokens, as text or as JSON numbers. They
// become whole micro-units digit by digit, never through a float.

import { ContextTier, PriceBook, PriceRow, Rates, UnpricedRule } from '@ai-switch/contracts';
import { microsOf, unitsOf } from '@ai-switch/kernel';
import { z } from 'zod';
import { wordFor } from '../words.ts';

export const UNPRICED_RULES = {
  deny: UnpricedRule.DENY,
  shadow: UnpricedRule.SHADOW,
  free: UnpricedRule.FREE,
} as const;

const rate = z
  .unknown()
  .transform((value, context) => {
    const micros =
      typeof value === 'string' || typeof value === 'number' ? microsOf(String(value)) : undefined;
    if (micros !== undefined) return micros;
    const message =
      value === undefined
        ? 'the rate is missing'
        : 'give a rate for a million tokens, 0 or more with at most six decimals, like "3.00"';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .describe('For a million tokens: text like "3.00", or a number.');

const rates = z.strictObject({
  input: rate,
  output: rate,
  cacheRead: rate,
  cacheWrite: rate,
  cacheWriteOneHour: rate.optional(),
});

const row = z.strictObject({
  pattern: z.string(),
  rates: rates.optional(),
  tiers: z.array(z.strictObject({ aboveInputTokens: z.number().int(), rates })).default([]),
  isShadow: z.boolean().default(false),
  isFree: z.boolean().default(false),
});

export const priceFile = z.strictObject({
  currency: z.string(),
  /** A day, which begins in UTC, or a time with its offset. Left out: now. */
  effectiveAt: z
    .union(
      [z.iso.date(), z.iso.datetime({ offset: true })],
      'give a day like 2026-12-01 or a time like 2026-12-01T00:00:00Z',
    )
    .optional(),
  unpriced: z.enum(Object.keys(UNPRICED_RULES) as (keyof typeof UNPRICED_RULES)[]),
  unpricedRates: rates.optional(),
  rows: z.array(row),
});

export type PriceFile = z.infer<typeof priceFile>;

export function priceBookIn(tenant: string, file: PriceFile): PriceBook {
  const { currency, effectiveAt, unpriced, unpricedRates, rows } = file;
  return PriceBook.create({
    tenant,
    currency,
    effectiveAtMs: effectiveAt === undefined ? 0n : BigInt(Date.parse(effectiveAt)),
    unpriced: UNPRICED_RULES[unpriced],
    unpricedRates: unpricedRates && Rates.create(unpricedRates),
    rows: rows.map(({ tiers, ...each }) =>
      PriceRow.create({
        ...each,
        tiers: tiers.map((tier) =>
          ContextTier.create({ aboveInputTokens: BigInt(tier.aboveInputTokens), rates: tier.rates }),
        ),
      }),
    ),
  });
}

/** The file of a book, without its date: it can be changed and put again. */
export function priceFileOf({ currency, unpriced, unpricedRates, rows }: PriceBook) {
  return {
    currency,
    unpriced: wordFor(UNPRICED_RULES, unpriced),
    ...(unpricedRates === undefined ? {} : { unpricedRates: ratesReply(unpricedRates) }),
    rows: rows.map(({ pattern, isShadow, isFree, rates: own, tiers }) => ({
      pattern,
      ...(isShadow ? { isShadow } : {}),
      ...(isFree ? { isFree } : {}),
      ...(own === undefined ? {} : { rates: ratesReply(own) }),
      ...(tiers.length === 0 ? {} : { tiers: tiers.map(tierReply) }),
    })),
  };
}

function tierReply({ aboveInputTokens, rates: own }: ContextTier) {
  return { aboveInputTokens, rates: own && ratesReply(own) };
}

export function ratesReply({ input, output, cacheRead, cacheWrite, cacheWriteOneHour }: Rates) {
  return {
    input: unitsOf(input),
    output: unitsOf(output),
    cacheRead: unitsOf(cacheRead),
    cacheWrite: unitsOf(cacheWrite),
    ...(cacheWriteOneHour === 0n ? {} : { cacheWriteOneHour: unitsOf(cacheWriteOneHour) }),
  };
}
