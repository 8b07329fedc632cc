// https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage, and what other providers made of it.

import { objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { tokenCount, type Usage } from '../model/usage.ts';

/** Undefined for what is not a usage object. */
export function readUsageObject(value: JsonValue | undefined): Usage | undefined {
  const usage = objectOf(value);
  if (usage === undefined) return undefined;
  const prompt = tokenCount(usage.prompt_tokens ?? usage.input_tokens);
  const completion = tokenCount(usage.completion_tokens ?? usage.output_tokens);
  if (prompt === undefined && completion === undefined) return undefined;

  const cacheRead = cacheReadOf(usage) ?? 0;
  const cacheWrite = cacheWriteOf(usage) ?? 0;
  const reasoning = reasoningOf(usage);
  const output = outputOf(usage, prompt ?? 0, completion ?? 0, reasoning ?? 0);
  return {
    input: uncached(prompt ?? 0, cacheRead, cacheWrite),
    output,
    cacheRead,
    cacheWrite,
    ...(reasoning !== undefined && { reasoning: Math.min(reasoning, output) }),
  };
}

export function writeUsageObject(usage: Usage): JsonObject {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      ...(usage.cacheWrite > 0 && { cache_write_tokens: usage.cacheWrite }),
    },
    ...(usage.reasoning !== undefined && {
      completion_tokens_details: { reasoning_tokens: usage.reasoning },
    }),
  };
}

/** OpenAI's details, DeepSeek's `prompt_cache_hit_tokens`, Moonshot's top-level `cached_tokens`. */
function cacheReadOf(usage: JsonObject): number | undefined {
  const details = objectOf(usage.prompt_tokens_details) ?? objectOf(usage.input_tokens_details);
  return tokenCount(details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens);
}

/** OpenAI's `cache_write_tokens`, Qwen's `cache_creation_input_tokens`. */
function cacheWriteOf(usage: JsonObject): number | undefined {
  const details = objectOf(usage.prompt_tokens_details) ?? objectOf(usage.input_tokens_details);
  return tokenCount(
    details?.cache_write_tokens ?? details?.cache_creation_input_tokens ?? usage.cache_creation_input_tokens,
  );
}

function reasoningOf(usage: JsonObject): number | undefined {
  const details = objectOf(usage.completion_tokens_details) ?? objectOf(usage.output_tokens_details);
  return tokenCount(details?.reasoning_tokens ?? usage.reasoning_tokens);
}

/** Some providers (xAI) count cached tokens beside the prompt and not in it; then they exceed it. */
function uncached(prompt: number, cacheRead: number, cacheWrite: number): number {
  if (cacheRead + cacheWrite <= prompt) return prompt - cacheRead - cacheWrite;
  return cacheRead <= prompt ? prompt - cacheRead : prompt;
}

/** xAI's chat API counts reasoning beside the completion; the total tells. */
function outputOf(usage: JsonObject, prompt: number, completion: number, reasoning: number): number {
  const total = tokenCount(usage.total_tokens);
  const isReasoningApart = reasoning > 0 && total === prompt + completion + reasoning;
  return isReasoningApart || reasoning > completion ? completion + reasoning : completion;
}
