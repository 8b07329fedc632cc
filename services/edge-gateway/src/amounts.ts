import type { Amounts } from '@ai-switch/contracts';
import type { EdgeParts } from './edge-parts.ts';
import type { Asked } from './read.ts';
import type { Wanted } from './reserve.ts';

export function wantedFor(edge: EdgeParts, { request, inputTokensEstimate }: Asked): Wanted {
  const { outputTokensDefault, outputTokensMax } = edge.settings;
  const output = Math.min(request.outputTokensMax ?? outputTokensDefault, outputTokensMax);
  return wantedOf(inputTokensEstimate, Math.max(1, output) * Math.max(1, request.answerCount));
}

export function wantedForInput(input: number): Wanted {
  return wantedOf(input, 0);
}

function wantedOf(input: number, output: number): Wanted {
  const nothing: Amounts = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };
  const promptEstimate = { ...nothing, input: BigInt(input) };
  return { amounts: { ...promptEstimate, output: BigInt(output) }, promptEstimate, priceVersion: '' };
}
