// What a caller is charged. The provider's own count where the answer ended properly; for an answer that was cut, what was
// delivered: the provider's count as far as it went, and from there on the tokenizer's, which counts the prompt as well where
// the provider never told of it. When the counting thread is down, both are estimates by length.

import type { Usage } from '@ai-switch/dialects';
import { countHere } from './count-tokens.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { OutputTally } from './output-tally.ts';
import type { Asked } from './read.ts';

/** The gateway ended the answer: `quotaCut` because its hold was used up, `intercepted` because a rule blocks a call in it. */
export type Outcome = 'completed' | 'clientGone' | 'upstreamFailed' | 'cut' | 'quotaCut' | 'intercepted';

export interface Charge {
  readonly usage: Usage;
  /** True when the counts are ours and not the provider's. */
  readonly isEstimated: boolean;
  readonly outcome: Outcome;
}

export interface Delivered {
  /** True when all that the provider had to say was seen, its last count included. */
  readonly isComplete: boolean;
  /** The latest that the provider counted. */
  readonly usage: Usage | undefined;
  readonly tally: OutputTally;
}

/** Never rejects. */
export async function chargeFor(
  edge: EdgeParts,
  asked: Asked,
  outcome: Outcome,
  { isComplete, usage, tally }: Delivered,
): Promise<Charge> {
  if (isComplete && usage !== undefined) return { usage, isEstimated: false, outcome };
  const output = await tally.settle();
  if (usage !== undefined) return { usage: { ...usage, output }, isEstimated: true, outcome };
  const input = await inputTokensOf(edge, asked);
  return { usage: { input, output, cacheRead: 0, cacheWrite: 0 }, isEstimated: true, outcome };
}

async function inputTokensOf(edge: EdgeParts, { request, inputTokensEstimate }: Asked): Promise<number> {
  try {
    return await countHere(edge, request);
  } catch {
    return inputTokensEstimate;
  }
}
