import type { CallForm } from './request.ts';
import type { Usage } from './usage.ts';

/**
 * A piece of an answer. A whole answer is the fold of its events, so that one reader and one writer a dialect serve
 * streams and single replies alike. Part indexes count from 0 without gaps in the order the parts began.
 */
export type Event =
  | { readonly type: 'start'; readonly id: string; readonly model: string }
  | { readonly type: 'partStart'; readonly index: number; readonly part: PartStart }
  | { readonly type: 'textDelta'; readonly index: number; readonly text: string }
  | { readonly type: 'thinkingDelta'; readonly index: number; readonly text: string }
  | { readonly type: 'signature'; readonly index: number; readonly signature: string }
  | { readonly type: 'argumentsDelta'; readonly index: number; readonly text: string }
  | { readonly type: 'partStop'; readonly index: number }
  /** The counts so far; a later one replaces it whole. */
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'finish'; readonly reason: FinishReason; readonly stopSequence?: string }
  /** The answer has something that the hub cannot hold, like a citation: named so that it can be reported. */
  | { readonly type: 'dropped'; readonly name: string }
  /** The provider gave up in the middle; nothing follows. */
  | { readonly type: 'error'; readonly error: ProviderError }
  | { readonly type: 'ping' };

export type PartStart =
  | { readonly kind: 'text' }
  | { readonly kind: 'thinking' }
  | { readonly kind: 'redactedThinking'; readonly data: string }
  | {
      readonly kind: 'toolCall';
      readonly id: string;
      readonly name: string;
      readonly namespace?: string;
      readonly form?: CallForm;
    };

export type FinishReason = 'stop' | 'stopSequence' | 'length' | 'tool' | 'refusal' | 'contextFull' | 'pause';

/** What a provider's error body or error event says, in the terms of packages/kernel's fault codes. */
export interface ProviderError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
  /** What the provider cannot do, in the words of model/capability-refusal.ts, when it refused for that. */
  readonly capability?: string;
}

/** The fault codes that every dialect can render; the same words as packages/kernel/src/fault.ts. */
export type ErrorCode =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'notFound'
  | 'conflict'
  | 'tooLarge'
  | 'quotaExhausted'
  | 'rateLimited'
  | 'overloaded'
  | 'unavailable'
  | 'deadline'
  | 'contextOverflow'
  | 'upstream'
  | 'internal';
