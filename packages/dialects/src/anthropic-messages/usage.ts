// https://docs.claude.com/en/api/messages#response-usage: `input_tokens` leaves the cached ones out already.

import { objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { noUsage, tokenCount, type Usage } from '../model/usage.ts';

/**
 * Undefined for what is not a usage object.
 * @param before the counts so far: a stream tells the input at its start and the output at its end
 */
export function readUsageObject(
  value: JsonValue | undefined,
  before: Usage | undefined = undefined,
): Usage | undefined {
  const usage = objectOf(value);
  if (usage === undefined) return before;
  const creation = objectOf(usage.cache_creation);
  const found = {
    input: tokenCount(usage.input_tokens),
    output: tokenCount(usage.output_tokens),
    cacheRead: tokenCount(usage.cache_read_input_tokens),
    cacheWrite: tokenCount(usage.cache_creation_input_tokens) ?? sumOf(creation),
    reasoning: tokenCount(objectOf(usage.output_tokens_details)?.thinking_tokens),
    cacheWriteOneHour: tokenCount(creation?.ephemeral_1h_input_tokens),
  };
  const given = Object.fromEntries(Object.entries(found).filter(([, tokens]) => tokens !== undefined));
  return Object.keys(given).length === 0 ? before : withinTotals({ ...noUsage, ...before, ...given });
}

/** A labelled part is never more than what it is a part of. */
function withinTotals(usage: Usage): Usage {
  const { reasoning, cacheWriteOneHour } = usage;
  return {
    ...usage,
    ...(reasoning !== undefined && { reasoning: Math.min(reasoning, usage.output) }),
    ...(cacheWriteOneHour !== undefined && {
      cacheWriteOneHour: Math.min(cacheWriteOneHour, usage.cacheWrite),
    }),
  };
}

export function writeUsageObject(usage: Usage): JsonObject {
  const oneHour = usage.cacheWriteOneHour;
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: usage.output,
    ...(oneHour !== undefined && {
      cache_creation: {
        ephemeral_5m_input_tokens: usage.cacheWrite - oneHour,
        ephemeral_1h_input_tokens: oneHour,
      },
    }),
    ...(usage.reasoning !== undefined && { output_tokens_details: { thinking_tokens: usage.reasoning } }),
  };
}

function sumOf(creation: JsonObject | undefined): number | undefined {
  const fiveMinutes = tokenCount(creation?.ephemeral_5m_input_tokens);
  const oneHour = tokenCount(creation?.ephemeral_1h_input_tokens);
  return fiveMinutes === undefined && oneHour === undefined ? undefined : (fiveMinutes ?? 0) + (oneHour ?? 0);
}
