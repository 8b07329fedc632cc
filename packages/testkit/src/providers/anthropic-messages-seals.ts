import { seal } from './seals.ts';

/** Bound to the very words, which must come back unchanged. */
export function thinkingSignature(words: string): string {
  return seal('anthropic', words);
}

/** The whole of a redacted thought. */
export const REDACTED_DATA = seal('anthropic-redacted', '');
