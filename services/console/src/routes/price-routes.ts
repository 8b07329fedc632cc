import { z } from 'zod';
import { priceFile, UNPRICED_RULES } from '../prices/price-file.ts';
import { wordsOf } from '../words.ts';
import type { Route } from './route.ts';
import { flag, int64, pageOf, pageQuery } from './schemas.ts';

const isoTime = z.string().describe('ISO 8601, in UTC.');
const rate = z.string().describe('Of a million tokens, in units of the currency.');
const rates = z
  .object({
    input: rate,
    output: rate,
    cacheRead: rate,
    cacheWrite: rate,
    cacheWriteOneHour: rate.optional(),
  })
  .meta({ id: 'Rates' });

const unpriced = z.enum(wordsOf(UNPRICED_RULES));

const file = z
  .object({
    currency: z.string(),
    unpriced: unpriced.optional(),
    unpricedRates: rates.optional(),
    rows: z.array(
      z.object({
        pattern: z.string(),
        isShadow: z.boolean().optional(),
        isFree: z.boolean().optional(),
        rates: rates.optional(),
        tiers: z.array(z.object({ aboveInputTokens: int64, rates: rates.optional() })).optional(),
      }),
    ),
  })
  .meta({ id: 'PriceFile', description: 'As it can be put again.' });

const book = z
  .object({ version: z.string(), effectiveAt: isoTime, createdAt: isoTime, book: file })
  .meta({ id: 'PriceBook' });

const version = z
  .object({
    version: z.string(),
    effectiveAt: isoTime,
    createdAt: isoTime,
    currency: z.string(),
    unpriced: unpriced.optional(),
    rows: z.number().int(),
    isInForce: z.boolean(),
  })
  .meta({ id: 'PriceBookVersion' });

const cost = z
  .object({
    provider: z.string(),
    model: z.string(),
    row: z.string().optional().describe('The pattern that matched.'),
    unpriced: unpriced.optional().describe('What becomes of a model without a row.'),
    rates: rates.optional(),
    aboveInputTokens: int64.optional(),
    isShadow: z.boolean(),
    cost: z.string().optional(),
  })
  .meta({ id: 'TargetCost' });

const tokens = z.coerce.number().int().min(0).max(1_000_000_000).default(0);

export const priceRoutes = {
  listPrices: {
    method: 'get',
    path: '/prices',
    tag: 'prices',
    summary: 'List the versions of the price book, newest first',
    permission: 'departmentAdmin',
    query: pageQuery,
    reply: pageOf(version),
  },
  putPrices: {
    method: 'post',
    path: '/prices',
    tag: 'prices',
    summary: 'Add a version of the price book; the same again adds nothing',
    permission: 'companyAdmin',
    query: z.strictObject({
      dryRun: flag.optional().describe('Says what would be, and changes nothing.'),
      changeCurrency: flag.optional(),
    }),
    body: priceFile,
    creates: true,
    reply: book.extend({ isNew: z.boolean(), isDryRun: z.boolean() }),
  },
  explainCost: {
    method: 'get',
    path: '/prices/cost',
    tag: 'prices',
    summary: 'Say what a request would cost at each resource that may answer',
    permission: 'departmentAdmin',
    query: z.strictObject({
      model: z.string().min(1).max(256),
      version: z.string().max(64).default(''),
      input: tokens,
      output: tokens,
      cacheRead: tokens,
      cacheWrite: tokens,
      cacheWriteOneHour: tokens.describe('The part of `cacheWrite` that is kept for an hour.'),
    }),
    reply: z.object({ version: z.string(), currency: z.string(), costs: z.array(cost) }),
  },
  getPrices: {
    method: 'get',
    path: '/prices/:version',
    tag: 'prices',
    summary: 'Read a version of the price book',
    permission: 'departmentAdmin',
    reply: book,
  },
} as const satisfies Record<string, Route>;

export type PriceRoutes = typeof priceRoutes;
