import type { Event, Reply, Usage } from '@ai-switch/dialects';
import type { StreamRelay } from './stream-relay.ts';

/** What a provider answered, in the form in which it goes to the client. */
export type Answer =
  /** A whole reply in the client's own dialect: the provider's bytes go through. */
  | {
      readonly form: 'bytes';
      readonly bytes: Buffer;
      readonly usage: Usage | undefined;
      readonly outputCharacters: number;
    }
  /** A whole reply to be written in the client's dialect. */
  | { readonly form: 'reply'; readonly reply: Reply }
  /** A whole reply for a client that wants a stream. */
  | { readonly form: 'events'; readonly events: readonly Event[] }
  | { readonly form: 'stream'; readonly stream: StreamRelay };

/** Characters of text, thinking and arguments in a whole answer. */
export function charactersIn(events: readonly Event[]): number {
  return events.reduce((sum, event) => sum + charactersOf(event), 0);
}

/** The same of one event. */
export function charactersOf(event: Event): number {
  switch (event.type) {
    case 'textDelta':
    case 'thinkingDelta':
    case 'argumentsDelta':
      return event.text.length;
    default:
      return 0;
  }
}
