// https://docs.claude.com/en/api/handling-stop-reasons

import type { FinishReason } from '../model/event.ts';

const READ: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stopSequence'],
  ['max_tokens', 'length'],
  ['tool_use', 'tool'],
  ['refusal', 'refusal'],
  ['pause_turn', 'pause'],
  ['model_context_window_exceeded', 'contextFull'],
]);

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  stopSequence: 'stop_sequence',
  length: 'max_tokens',
  tool: 'tool_use',
  refusal: 'refusal',
  contextFull: 'model_context_window_exceeded',
  pause: 'pause_turn',
};

/** A call that was made is run whatever the word says; one that was promised and never came would make agents wait. */
export function readStopReason(word: string, hasToolCall: boolean): FinishReason {
  const reason = READ.get(word) ?? 'stop';
  if (reason === 'tool' || reason === 'stop') return hasToolCall ? 'tool' : 'stop';
  return reason;
}

export function writeStopReason(reason: FinishReason): string {
  return WRITTEN[reason];
}
