import type { Quirk } from './quirk.ts';

/** `max_tokens` is deprecated at MiniMax and Moonshot, in favour of `max_completion_tokens` (their references, November 2026). */
export const completionTokensMax: Quirk = (body) => {
  if (body.max_tokens === undefined) return body;
  const { max_tokens: tokensMax, ...rest } = body;
  return rest.max_completion_tokens === undefined ? { ...rest, max_completion_tokens: tokensMax } : rest;
};
