// How much is held for a request: the prompt as it is estimated, the most that the answer may have, and what both cost
// where they cost most. Never nothing.

import { HoldRule, type Policy } from '@ai-switch/contracts';
import { costMicros } from '@ai-switch/kernel';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import { boundedTypes } from './hold-meter.ts';
import type { Hold } from './holds/hold.ts';
import type { Asked } from './read.ts';
import type { Wanted } from './reserve.ts';
import type { Destination } from './route.ts';
import { larger, NOTHING } from './sum-amounts.ts';

export function wantedFor(
  edge: EdgeParts,
  { record }: Exchange,
  asked: Asked,
  destinations: readonly Destination[],
  policy: Policy,
): Wanted {
  const answers = Math.max(1, asked.request.answerCount);
  const most = outputTokensMaxFor(asked, destinations, policy) * answers;
  const isStatistical = policy.holdRule === HoldRule.STATISTICAL;
  const expected = isStatistical ? edge.outputStatistics.expect(record) : undefined;
  return wantedOf(asked.inputTokensEstimate, Math.min(most, expected ?? most), destinations);
}

/** For a request whose answer has no tokens of its own. */
export function wantedForInput(input: number, destinations: readonly Destination[]): Wanted {
  return wantedOf(input, 0, destinations);
}

/** The most that one answer may have. */
function outputTokensMaxFor(
  { request }: Asked,
  destinations: readonly Destination[],
  policy: Policy,
): number {
  const wanted = Math.min(request.outputTokensMax ?? policy.outputTokensDefault, policy.outputTokensMax);
  const able = destinations.map(
    ({ capabilities }) => capabilities.outputTokensMax ?? Number.POSITIVE_INFINITY,
  );
  return Math.max(1, Math.min(wanted, Math.max(...able)));
}

/**
 * Where something bounds what the caller may spend on the answer, the provider is told a maximum if the client named none,
 * or more than is held: only then what is held is all that can come.
 */
export function boundedRequest(
  asked: Asked,
  destinations: readonly Destination[],
  policy: Policy,
  hold: Hold,
): Asked {
  if (boundedTypes(hold).length === 0) return asked;
  const outputTokensMax = outputTokensMaxFor(asked, destinations, policy);
  const named = asked.request.outputTokensMax;
  if (named !== undefined && named <= outputTokensMax) return asked;
  return { ...asked, request: { ...asked.request, outputTokensMax }, unbounded: asked };
}

function wantedOf(input: number, output: number, destinations: readonly Destination[]): Wanted {
  const tokens = { ...NOTHING, input: BigInt(Math.max(1, input)) };
  let promptCost = 0n;
  let cost = 0n;
  let priceVersion = '';
  for (const { target } of destinations) {
    if (target.price === undefined) continue;
    if (priceVersion === '') priceVersion = target.price.version;
    promptCost = larger(promptCost, costMicros(target.price, tokens));
    cost = larger(cost, costMicros(target.price, { ...tokens, output: BigInt(output) }));
  }
  return {
    amounts: { ...tokens, output: BigInt(output), cost },
    promptEstimate: { ...tokens, cost: promptCost },
    priceVersion,
  };
}
