import { isOpenAiReasoning } from '@ai-switch/dialects';
import { withFields, withoutFields } from './body.ts';
import { withoutCacheControl } from './cache-control.ts';
import type { Quirk } from './quirk.ts';
import { encryptedReasoning, statelessItems, storeNothing } from './responses.ts';
import { completionTokensMax } from './tokens-max.ts';

/**
 * Reasoning models, 2025-01: "Unsupported parameter: 'max_tokens' is not supported with this model. Use
 * 'max_completion_tokens' instead."
 */
const openaiTokensMax: Quirk = (body, call) => {
  const { dialect, model } = call;
  return dialect === 'openai-chat' && isOpenAiReasoning(model) ? completionTokensMax(body, call) : body;
};

/** What a reasoning model takes at most in its default, which changes nothing. */
const DEFAULTS: Readonly<Record<string, number>> = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
};
const REFUSED = ['logprobs', 'top_logprobs', 'logit_bias', 'stop'];

/**
 * Reasoning models, 2025-08: "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value
 * is supported." Without reasoning the newer ones take it, and an admin may know better of a deployment.
 */
const openaiReasoningSampling: Quirk = (body, { dialect, model, target, drop }) => {
  if (!isOpenAiReasoning(model) || target.capabilities?.sampling === true) return body;
  const reasoning = body.reasoning as { readonly effort?: unknown } | undefined;
  if (body.reasoning_effort === 'none' || reasoning?.effort === 'none') return body;
  const names = Object.keys(DEFAULTS).filter((name) => body[name] !== DEFAULTS[name]);
  return withoutFields(body, dialect === 'openai-chat' ? [...names, ...REFUSED] : names, drop);
};

/**
 * "`prompt_cache_key` … is combined with the prefix hash, allowing you to influence routing and improve cache hit rates":
 * https://platform.openai.com/docs/guides/prompt-caching
 */
export const promptCacheKey: Quirk = (body, { affinityKey }) => {
  if (affinityKey === '' || body.prompt_cache_key !== undefined) return body;
  return withFields(body, { prompt_cache_key: affinityKey.slice(0, CACHE_KEY_CHARACTERS_MAX) });
};

/** OpenAI, 2026-02: "Invalid 'prompt_cache_key': string too long. Expected a string with maximum length 64". */
const CACHE_KEY_CHARACTERS_MAX = 64;

/** What OpenAI's own models want, wherever they are served. */
export const OPENAI_QUIRKS: readonly Quirk[] = [
  withoutCacheControl,
  openaiTokensMax,
  openaiReasoningSampling,
  storeNothing,
  encryptedReasoning,
  statelessItems,
  promptCacheKey,
];
