// What the provider says in the matrix, in pieces as a model sends them: a few tokens each, cut in the middle of words too.
// It thinks in prose, answers in prose, code, numbers and a script without spaces, and calls a tool.

import { countTokens, decode, encode } from 'gpt-tokenizer/encoding/o200k_base';

export interface Answer {
  readonly thinking: readonly string[];
  readonly text: readonly string[];
  /** Of the one call; empty for none. */
  readonly arguments: readonly string[];
}

const THINKING =
  'The user wants the totals of each quarter. I should read the ledger first, then compare what was reserved with what ' +
  'was settled, because an overrun may hide in the difference between the two.';

const TEXT =
  'In Q4 2026 the department spent 1,284,553 tokens (83.7 % of its limit).\n\n```ts\nexport function remaining({ limit, ' +
  'used, held }: Balance): bigint {\n  return limit - used - held; // größer als 0\n}\n```\n\n日本語の文章には空白がありません。' +
  'それでもトークンは正確に数えられます。\n\n- Überläufe: 0\n- Straße & naïve café — 3.14159, 0xdeadbeef, ' +
  'AISWITCH_DATA=./data\n\nEverything else stayed within the personal tiers; the supplementary grant was never touched.';

const ARGUMENTS = JSON.stringify({
  path: 'reports/2026-Q4/übersicht.md',
  lines: [1, 22, 333, 4_444, 55_555],
  text: '# Summary\n\n"Nothing" was lost.\n| bucket | used |\n|---|---|\n| personal:alice | 1284553 |\n',
});

export const WITH_CALL: Answer = {
  thinking: inPieces(THINKING, 12),
  text: inPieces(TEXT, 26),
  arguments: inPieces(ARGUMENTS, 20),
};

/** In Gemini's dialect a call comes whole, which makes one piece of it. */
export const WITHOUT_CALL: Answer = {
  thinking: inPieces(THINKING, 12),
  text: inPieces(`${TEXT}\n\n${TEXT}`, 46),
  arguments: [],
};

export function piecesOf(answer: Answer): readonly string[] {
  return [...answer.thinking, ...answer.text, ...answer.arguments];
}

/** What a tokenizer says of all that was delivered. */
export function tokensUpTo(answer: Answer, pieces: number): number {
  return countTokens(piecesOf(answer).slice(0, pieces).join(''));
}

/** What the provider knows: the tokens that it put into each piece, one after the other. */
export function tokensSent(answer: Answer, pieces: number): number {
  return piecesOf(answer)
    .slice(0, pieces)
    .reduce((sum, piece) => sum + countTokens(piece), 0);
}

/** @param count of the pieces, the last of which is as long as what is left */
function inPieces(text: string, count: number): readonly string[] {
  const tokens = encode(text);
  const pieces: string[] = [];
  for (let from = 0; from < tokens.length; ) {
    const mean = (tokens.length - from) / Math.max(1, count - pieces.length);
    let to = from + Math.max(1, Math.floor(mean - 1 + (pieces.length % 3)));
    if (pieces.length === count - 1) to = tokens.length;
    // A character of several tokens is sent when it is whole.
    while (to < tokens.length && decode(tokens.slice(from, to)).includes('\ufffd')) to += 1;
    pieces.push(decode(tokens.slice(from, to)));
    from = to;
  }
  return pieces;
}
