// The step of the walk at which rules look at what a client sends. What its caller's rules say about the answer is asked
// of the same inspector later.

import type { Caller } from '@ai-switch/contracts';
import { type JsonObject, sentTexts } from '@ai-switch/dialects';
import type { EdgeParts } from '../edge-parts.ts';
import type { Exchange } from '../exchange.ts';
import { Inspector } from './inspector.ts';

/** Most callers have none: ask this before anything else is done. */
export function hasRules({ policy }: Caller): boolean {
  return policy !== undefined && policy.ruleSets.length > 0;
}

/**
 * @param body all that the client sent, items that it only named included
 * @returns the inspector, which is the exchange's as well where it has to see the answer
 * @throws Fault `forbidden` for what a rule blocks; `unavailable` when the rules cannot be had
 */
export async function intercept(
  edge: EdgeParts,
  exchange: Exchange,
  caller: Caller,
  body: JsonObject,
): Promise<Inspector> {
  const compiled = await edge.rules.of(caller);
  const inspector = new Inspector(edge, exchange, compiled);
  if (inspector.isWatchingCalls) exchange.inspector = inspector;
  if (compiled.rules.isEmpty) return inspector;
  await inspector.inspectSent(sentTexts(body));
  return inspector;
}
