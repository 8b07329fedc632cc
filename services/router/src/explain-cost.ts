// Pure: what a request would cost at each resource that may answer it, and why.

import {
  type ExplainCostRequest,
  type ExplainCostResponse,
  TargetCost,
  TokenCounts,
  UnpricedRule,
} from '@ai-switch/contracts';
import { costMicros, Fault, tierOf } from '@ai-switch/kernel';
import type { PriceList } from './price-list.ts';
import type { Route } from './snapshot.ts';

const TOKENS_MAX = 1_000_000_000n;

/** @throws Fault `invalid` for a count out of its bounds */
export function explainCost(
  { candidates }: Pick<Route, 'candidates'>,
  priceList: PriceList | undefined,
  request: ExplainCostRequest,
): ExplainCostResponse {
  const tokens = checkedTokens(request);
  const costs = candidates
    .toSorted((one, other) => one.priority - other.priority)
    .map(({ place: { provider, model } }) => targetCost(provider, model, priceList, tokens));
  return { costs, version: priceList?.version ?? '', currency: priceList?.currency ?? '' };
}

type Tokens = TokenCounts & { readonly cacheWriteOneHour: bigint };

function targetCost(
  provider: string,
  model: string,
  priceList: PriceList | undefined,
  tokens: Tokens,
): TargetCost {
  const found = priceList?.find(provider, model);
  const tier = found?.price && tierOf(found.price, tokens.input + tokens.cacheRead + tokens.cacheWrite);
  return TargetCost.create({
    provider,
    model,
    pattern: found?.row?.pattern ?? '',
    unpriced:
      found?.row === undefined ? (priceList?.unpriced ?? UnpricedRule.FREE) : UnpricedRule.UNSPECIFIED,
    rates: tier === undefined ? found?.price?.rates : tier.rates,
    aboveInputTokens: tier?.aboveInputTokens ?? 0n,
    isShadow: found?.price?.isShadow ?? false,
    costMicros: found?.price === undefined ? 0n : costMicros(found.price, tokens),
  });
}

function checkedTokens({ tokens, cacheWriteOneHour }: ExplainCostRequest): Tokens {
  const counts = { ...TokenCounts.create(tokens ?? {}), cacheWriteOneHour };
  for (const [type, count] of Object.entries(counts)) {
    if (count >= 0n && count <= TOKENS_MAX) continue;
    throw new Fault('invalid', `The count of ${type} must be 0 to ${TOKENS_MAX} tokens.`, {
      details: { field: `tokens.${type}` },
    });
  }
  if (cacheWriteOneHour > counts.cacheWrite) {
    throw new Fault('invalid', 'The cache writes that are kept an hour are more than all cache writes.', {
      details: { field: 'tokens.cacheWriteOneHour' },
    });
  }
  return counts;
}
