import {
  type PriceBook,
  type PriceBookVersion,
  type Router,
  type TargetCost,
  TokenCounts,
  UnpricedRule,
} from '@ai-switch/contracts';
import { Fault, unitsOf } from '@ai-switch/kernel';
import { changeEvent } from '../change-event.ts';
import type { Handlers } from '../handler.ts';
import { priceBookIn, priceFileOf, ratesReply, UNPRICED_RULES } from '../prices/price-file.ts';
import { timeText } from '../quota/times.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { PriceRoutes } from '../routes/price-routes.ts';
import { wordFor } from '../words.ts';

/** The version in force, where a path needs a word for it. */
const CURRENT = 'current';

export const prices = (router: Router): Handlers<PriceRoutes> => ({
  listPrices: async ({ tenant, query }) => {
    const { versions, nextAfter } = await router.listPriceBooks({ tenant, page: pageIn(query) });
    return pageReply(versions.map(versionReply), nextAfter);
  },

  putPrices: async (request) => {
    const { tenant, query, body } = request;
    const { dryRun: isDryRun = false, changeCurrency: mayChangeCurrency = false } = query;
    const wanted = priceBookIn(tenant, body);
    // The router knows the version, and from when it counts.
    const event = changeEvent(request, {
      action: 'priceBook.put',
      subject: '',
      details: auditDetails(wanted),
    });
    const { book, isNew } = await router.putPriceBook({ book: wanted, isDryRun, mayChangeCurrency, event });
    if (book === undefined) throw new Fault('internal', 'The router answered without a price book.');
    const isStored = isNew && !isDryRun;
    return { ...(isStored && { status: 201 as const }), body: { ...bookReply(book), isNew, isDryRun } };
  },

  explainCost: async ({ tenant, query }) => {
    const { model, version, cacheWriteOneHour, ...counts } = query;
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

  getPrices: async ({ tenant, params: { version: wanted } }) => {
    const { book } = await router.getPriceBook({ tenant, version: wanted === CURRENT ? '' : wanted });
    if (book === undefined) throw new Fault('internal', 'The router answered without a price book.');
    return { body: bookReply(book) };
  },
});

function versionReply({ effectiveAtMs, createdAtMs, unpriced, ...rest }: PriceBookVersion) {
  return {
    ...rest,
    unpriced: wordFor(UNPRICED_RULES, unpriced),
    effectiveAt: timeText(effectiveAtMs),
    createdAt: timeText(createdAtMs),
  };
}

/** `book` is a file that can be put again. */
function bookReply(book: PriceBook) {
  return {
    version: book.version,
    effectiveAt: timeText(book.effectiveAtMs),
    createdAt: timeText(book.createdAtMs),
    book: priceFileOf(book),
  };
}

function auditDetails({ currency, rows, unpriced }: PriceBook): Record<string, string> {
  return { currency, rows: String(rows.length), unpriced: wordFor(UNPRICED_RULES, unpriced) ?? unpriced };
}

/** Either `row`, the pattern that matched, or `unpriced`, what becomes of a model without one. */
function costReply(cost: TargetCost) {
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
