// https://platform.openai.com/docs/api-reference/responses/object#responses/object-usage

import type { JsonObject } from '../json/value.ts';
import type { Usage } from '../model/usage.ts';

// OpenAI's other dialect has the same counts under other names, and its reader knows both.
export { readUsageObject } from '../openai-chat/usage.ts';

/** Both details are always there: Codex takes a usage without them for broken, and repeats the whole turn. */
export function writeUsageObject(usage: Usage | undefined): JsonObject {
  const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0, reasoning = 0 } = usage ?? {};
  const total = input + cacheRead + cacheWrite;
  return {
    input_tokens: total,
    input_tokens_details: {
      cached_tokens: cacheRead,
      ...(cacheWrite > 0 && { cache_write_tokens: cacheWrite }),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: total + output,
  };
}
