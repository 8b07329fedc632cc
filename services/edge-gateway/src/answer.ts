import type { Event, FinishReason, ProviderError, Usage } from '@ai-switch/dialects';
import type { Fault } from '@ai-switch/kernel';
import type { StreamRelay } from './stream-relay.ts';

/** What a provider answered, in the form in which it goes to the client. */
export type Answer =
  /** A whole reply in the client's own dialect: the provider's bytes go through. */
  | {
      readonly form: 'bytes';
      readonly bytes: Buffer;
      readonly usage: Usage | undefined;
      /** What it says; '' where that is not needed. */
      readonly words: string;
    }
  /** A whole reply to be written in the client's dialect, as a stream when it wants one. */
  | { readonly form: 'events'; readonly events: readonly Event[] }
  | { readonly form: 'stream'; readonly stream: StreamRelay }
  /** A whole reply that a rule keeps from the client, who is told why; it was generated and is charged. */
  | {
      readonly form: 'blocked';
      readonly fault: Fault;
      readonly usage: Usage | undefined;
      readonly words: string;
    };

/**
 * An answer that says nothing and calls nothing. Shown as one, it makes agents ask again without end, and pay each time; as
 * an error it is asked again once, elsewhere.
 */
export const EMPTY_ANSWER: ProviderError = {
  code: 'unavailable',
  message: 'The provider sent an empty answer.',
};

/**
 * True when an answer without a part ended as if it had one. A refusal says something without a part, and so does an
 * exhausted maximum.
 */
export function isEmptyAnswer(finish: FinishReason): boolean {
  return finish === 'stop' || finish === 'tool' || finish === 'stopSequence';
}

/** Text, thinking and arguments of a whole answer. */
export function wordsIn(events: readonly Event[]): string {
  return events.map(wordsOf).join('');
}

/** The same of one event. */
export function wordsOf(event: Event): string {
  switch (event.type) {
    case 'textDelta':
    case 'thinkingDelta':
    case 'argumentsDelta':
      return event.text;
    default:
      return '';
  }
}

/** The provider's last count. */
export function usageIn(events: readonly Event[]): Usage | undefined {
  return events.findLast((event) => event.type === 'usage')?.usage;
}
