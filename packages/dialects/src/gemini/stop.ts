// https://ai.google.dev/api/generate-content#FinishReason

import type { FinishReason } from '../model/event.ts';

const READ: ReadonlyMap<string, FinishReason | 'error'> = new Map<string, FinishReason | 'error'>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'refusal'],
  ['RECITATION', 'refusal'],
  ['LANGUAGE', 'refusal'],
  ['BLOCKLIST', 'refusal'],
  ['PROHIBITED_CONTENT', 'refusal'],
  ['SPII', 'refusal'],
  ['MODEL_ARMOR', 'refusal'],
  ['IMAGE_SAFETY', 'refusal'],
  ['IMAGE_PROHIBITED_CONTENT', 'refusal'],
  ['IMAGE_RECITATION', 'refusal'],
  // The reason is kept back; what is there is not the whole answer.
  ['OTHER', 'refusal'],
  ['IMAGE_OTHER', 'refusal'],
  ['CONTINUATION', 'pause'],
  ['MALFORMED_FUNCTION_CALL', 'error'],
  ['UNEXPECTED_TOOL_CALL', 'error'],
  ['TOO_MANY_TOOL_CALLS', 'error'],
  ['MALFORMED_RESPONSE', 'error'],
  ['MISSING_THOUGHT_SIGNATURE', 'error'],
  ['NO_IMAGE', 'error'],
]);

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  stopSequence: 'STOP',
  length: 'MAX_TOKENS',
  tool: 'STOP',
  refusal: 'SAFETY',
  contextFull: 'MAX_TOKENS',
  pause: 'STOP',
};

/** Calls have no word of their own here. A word nobody knows is an ordinary end. */
export function readFinishReason(word: string, hasToolCall: boolean): FinishReason | 'error' {
  const reason = READ.get(word) ?? 'stop';
  return reason === 'stop' && hasToolCall ? 'tool' : reason;
}

export function writeFinishReason(reason: FinishReason): string {
  return WRITTEN[reason];
}
