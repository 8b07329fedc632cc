import type { FinishReason } from './event.ts';
import type { RedactedThinkingPart, TextPart, ThinkingPart, ToolCallPart } from './request.ts';
import type { Usage } from './usage.ts';

/** A whole answer: the fold of its events. */
export interface Reply {
  readonly id: string;
  readonly model: string;
  readonly parts: readonly (TextPart | ThinkingPart | RedactedThinkingPart | ToolCallPart)[];
  readonly finish: FinishReason;
  readonly stopSequence?: string;
  /** Absent when the provider sent none. */
  readonly usage?: Usage;
}
