// https://platform.openai.com/docs/api-reference/responses/object#responses/object-incomplete_details

import type { FinishReason } from '../model/event.ts';

/** Undefined for an answer that is complete. */
export function incompleteReason(finish: FinishReason): string | undefined {
  return INCOMPLETE[finish];
}

/** True when the answer may have ended anywhere, in the middle of a call too. */
export function isByLength(finish: FinishReason): boolean {
  return incompleteReason(finish) === 'max_output_tokens';
}

const INCOMPLETE: Partial<Readonly<Record<FinishReason, string>>> = {
  length: 'max_output_tokens',
  contextFull: 'max_output_tokens',
  refusal: 'content_filter',
};

/** A call that was made is run, whatever the status says. */
export function readFinish(
  reason: string | undefined,
  said: { readonly hasToolCall: boolean; readonly hasRefusal: boolean },
): FinishReason {
  if (reason === 'content_filter') return 'refusal';
  if (reason !== undefined) return 'length';
  if (said.hasToolCall) return 'tool';
  return said.hasRefusal ? 'refusal' : 'stop';
}
