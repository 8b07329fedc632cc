import {
  type PriceBook,
  type PriceBookVersion,
  type TargetCost,
  TokenCounts,
  UnpricedRule,
} from '@ai-switch/contracts';
import { Fault, unitsOf } from '@ai-switch/kernel';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { priceBookIn, priceFile, priceFileOf, ratesReply, UNPRICED_RULES } from '../prices/price-file.ts';
import { timeReply } from '../quota/times.ts';
import { wordFor } from '../quota/words.ts';
import { pageOf, pageQuery, pageReply } from '../read-input.ts';

const flag = z.enum(['true', 'false']).default('false');
const putQuery = z.strictObject({ dryRun: flag, changeCurrency: flag });

const tokens = z.coerce.number().int().min(0).max(1_000_000_000).default(0);
const version = z.string().max(64).default('');
const costQuery = z.strictObject({
  model: z.string().min(1).max(256),
  version,
  input: tokens,
  output: tokens,
  cacheRead: tokens,
  cacheWrite: tokens,
  cacheWriteOneHour: tokens,
});

/** The version in force, where a path needs a word for it. */
const CURRENT = 'current';

export const prices: Resource<'prices'> = ({ router }) => ({
  'GET /prices': async ({ caller: { tenant }, query }) => {
    const page = pageOf(query(pageQuery));
    const { versions, nextAfter } = await router.listPriceBooks({ tenant, page });
    return pageReply(versions.map(versionReply), nextAfter);
  },

  'POST /prices': async ({ caller: { tenant }, query, body, audit }) => {
    const { dryRun, changeCurrency } = query(putQuery);
    const isDryRun = dryRun === 'true';
    const { book, isNew } = await router.putPriceBook({
      book: priceBookIn(tenant, await body(priceFile)),
      isDryRun,
      mayChangeCurrency: changeCurrency === 'true',
    });
    if (book === undefined) throw new Fault('internal', 'The router answered without a price book.');
    const isStored = isNew && !isDryRun;
    if (isStored) await audit('priceBook.put', book.version, auditDetails(book));
    return { status: isStored ? 201 : 200, body: { ...bookReply(book), isNew, isDryRun } };
  },

  'GET /prices/cost': async ({ caller: { tenant }, query }) => {
    const { model, version, cacheWriteOneHour, ...counts } = query(costQuery);
    const big = Object.entries(counts).map(([type, count]) => [type, BigInt(count)]);
    const explained = await router.explainCost({
      tenant,
      model,
      version,
      tokens: TokenCounts.create(Object.fromEntries(big)),
      cacheWriteOneHour: BigInt(cacheWriteOneHour),
    });
    return { body: { ...explained, costs: explained.costs.map(costReply) } };
  },

  'GET /prices/:version': async ({ caller: { tenant }, param }) => {
    const wanted = param('version');
    const { book } = await router.getPriceBook({ tenant, version: wanted === CURRENT ? '' : wanted });
    if (book === undefined) throw new Fault('internal', 'The router answered without a price book.');
    return { body: bookReply(book) };
  },
});

function versionReply({ effectiveAtMs, createdAtMs, unpriced, ...rest }: PriceBookVersion): object {
  return {
    ...rest,
    unpriced: wordFor(UNPRICED_RULES, unpriced),
    effectiveAt: timeReply(effectiveAtMs),
    createdAt: timeReply(createdAtMs),
  };
}

/** `book` is a file that can be put again. */
function bookReply(book: PriceBook): object {
  return {
    version: book.version,
    effectiveAt: timeReply(book.effectiveAtMs),
    createdAt: timeReply(book.createdAtMs),
    book: priceFileOf(book),
  };
}

function auditDetails({ currency, rows, unpriced, effectiveAtMs }: PriceBook): Record<string, string> {
  return {
    currency,
    rows: String(rows.length),
    unpriced: wordFor(UNPRICED_RULES, unpriced) ?? unpriced,
    effectiveAt: String(timeReply(effectiveAtMs)),
  };
}

/** Either `row`, the pattern that matched, or `unpriced`, what becomes of a model without one. */
function costReply(cost: TargetCost): object {
  const { provider, model, pattern, unpriced, rates, aboveInputTokens, isShadow, costMicros } = cost;
  return {
    provider,
    model,
    ...(unpriced === UnpricedRule.UNSPECIFIED
      ? { row: pattern }
      : { unpriced: wordFor(UNPRICED_RULES, unpriced) }),
    ...(rates === undefined ? {} : { rates: ratesReply(rates) }),
    ...(aboveInputTokens === 0n ? {} : { aboveInputTokens }),
    isShadow,
    ...(unpriced === UnpricedRule.DENY ? {} : { cost: unitsOf(costMicros) }),
  };
}
