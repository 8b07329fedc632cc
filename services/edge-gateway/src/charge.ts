// What a caller is charged. The provider's own count where the answer ended properly; for an answer that was cut, what
// was delivered: the provider's count where it sent one before the end, and otherwise the characters that went through.

import type { Usage } from '@ai-switch/dialects';
import { tokensOf } from './estimate.ts';

export type Outcome = 'completed' | 'clientGone' | 'upstreamFailed' | 'cut';

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
  readonly outputCharacters: number;
  readonly inputTokensEstimate: number;
}

export function chargeFor(outcome: Outcome, delivered: Delivered): Charge {
  const { isComplete, usage, outputCharacters, inputTokensEstimate } = delivered;
  if (isComplete && usage !== undefined) return { usage, isEstimated: false, outcome };
  const output = Math.max(usage?.output ?? 0, tokensOf(outputCharacters));
  if (usage !== undefined) return { usage: { ...usage, output }, isEstimated: true, outcome };
  return {
    usage: { input: inputTokensEstimate, output, cacheRead: 0, cacheWrite: 0 },
    isEstimated: true,
    outcome,
  };
}
