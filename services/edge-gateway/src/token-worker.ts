// Counts tokens on a thread of its own: loading the vocabulary takes 0.1 s and a long prompt tens of milliseconds, in
// which no stream of the main thread could move.

import { parentPort } from 'node:worker_threads';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

/** What TokenCounter asks, and what it hears. */
export type TokensAsked = readonly [id: number, texts: readonly string[]];
export type TokensCounted = readonly [id: number, tokens: readonly number[]];

/** A prompt that quotes a special token means its letters. */
const NO_SPECIAL_TOKENS = { disallowedSpecial: new Set<string>() };

/**
 * Runs of one class without an end: merging one takes the square of its length, 20,000 times the letter `a` a quarter of
 * a second. Cut into pieces of this length they cost as much as other text, and one token a piece more at most.
 */
const LONG_RUN = /[\p{L}\p{M}]{512}|[^\s\p{L}\p{N}]{512}|\s{512}/gu;

parentPort?.on('message', ([id, texts]: TokensAsked) => {
  const counted: TokensCounted = [id, texts.map(tokensIn)];
  parentPort?.postMessage(counted);
});

function tokensIn(text: string): number {
  let tokens = 0;
  let from = 0;
  for (const run of text.matchAll(LONG_RUN)) {
    const end = run.index + run[0].length;
    tokens += countTokens(text.slice(from, end), NO_SPECIAL_TOKENS);
    from = end;
  }
  return tokens + countTokens(from === 0 ? text : text.slice(from), NO_SPECIAL_TOKENS);
}
