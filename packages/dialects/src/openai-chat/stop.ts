// https://platform.openai.com/docs/api-reference/chat/object#chat/object-choices and the words of other providers.

import type { FinishReason } from '../model/event.ts';

const READ: ReadonlyMap<string, FinishReason | 'error'> = new Map<string, FinishReason | 'error'>([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['tool_calls', 'tool'],
  ['function_call', 'tool'],
  ['tool_use', 'tool'],
  ['content_filter', 'refusal'],
  ['refusal', 'refusal'],
  ['safety', 'refusal'],
  // GLM
  ['sensitive', 'refusal'],
  ['model_context_window_exceeded', 'contextFull'],
  ['network_error', 'error'],
  ['pause_turn', 'pause'],
  // DeepSeek: "the request is interrupted due to insufficient resource of the inference system"
  ['insufficient_system_resource', 'error'],
  ['error', 'error'],
]);

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  stopSequence: 'stop',
  length: 'length',
  tool: 'tool_calls',
  refusal: 'content_filter',
  contextFull: 'length',
  pause: 'stop',
};

/**
 * What a finish reason means beside what was sent: a call that was made is run whatever the word says, and a word that
 * promises calls where none came would make agents wait. A word nobody knows is an ordinary end.
 */
export function readFinishReason(
  word: string,
  sent: { readonly hasToolCall: boolean; readonly hasRefusal: boolean },
): FinishReason | 'error' {
  const reason = READ.get(word.toLowerCase()) ?? 'stop';
  if (reason === 'stop' || reason === 'tool') {
    if (sent.hasToolCall) return 'tool';
    return sent.hasRefusal ? 'refusal' : 'stop';
  }
  return reason;
}

export function writeFinishReason(reason: FinishReason): string {
  return WRITTEN[reason];
}

/** vLLM names the stop string that was hit in `stop_reason` beside the finish reason; others put words of their own there. */
export function stopSequenceOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && !READ.has(value.toLowerCase()) ? value : undefined;
}
