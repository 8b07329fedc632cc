import type { JsonObject, JsonValue } from '@ai-switch/dialects';
import { isObject, withAssistantMessages, withFields, withList, withoutFields } from './body.ts';
import { digest } from './digest.ts';
import type { Quirk } from './quirk.ts';

/** "Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9." (2024-07) */
export const mistralCallIds: Quirk = (body) =>
  withList(body, 'messages', (message) => {
    const answered = withFields(message, { tool_call_id: shortId(message.tool_call_id) });
    return withList(answered, 'tool_calls', (called) => withFields(called, { id: shortId(called.id) }));
  });

function shortId(id: JsonValue | undefined): JsonValue | undefined {
  if (typeof id !== 'string' || /^[A-Za-z0-9]{9}$/.test(id)) return id;
  return digest(id).slice(0, 9);
}

const UNKNOWN = [
  'user',
  'stream_options',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'service_tier',
  'store',
  'metadata',
  'verbosity',
  'reasoning_effort',
  'prompt_cache_key',
];
/** Left out without a word: they change nothing that somebody could miss. */
const HARMLESS: ReadonlySet<string> = new Set(['stream_options', 'user', 'store', 'prompt_cache_key']);

/** Other fields than its own are refused: "Extra inputs are not permitted" (2025-02). */
export const mistralFields: Quirk = (body, { drop }) => {
  const {
    seed,
    max_completion_tokens: tokensMax,
    ...rest
  } = withoutFields(body, UNKNOWN, (name) => void (HARMLESS.has(name) || drop(name)));
  const renamed: JsonObject = {
    ...rest,
    ...(seed !== undefined && { random_seed: seed }),
    ...(tokensMax !== undefined && { max_tokens: rest.max_tokens ?? tokensMax }),
  };
  const same = seed === undefined && tokensMax === undefined;
  const known = same ? withoutFields(body, UNKNOWN) : renamed;
  return withAssistantMessages(known, (message) => {
    if (isObject(message.reasoning_content)) return message;
    return withoutFields(message, ['reasoning_content', 'reasoning', 'refusal', 'annotations']);
  });
};
