// https://ai.google.dev/api/generate-content#UsageMetadata: the prompt's count has the cached tokens in it, the candidates'
// count leaves thoughts out, and each count of a stream is of all so far.

import { objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { tokenCount, type Usage } from '../model/usage.ts';

/** Undefined for what is not a usage object. */
export function readUsageObject(value: JsonValue | undefined): Usage | undefined {
  const usage = objectOf(value);
  if (usage === undefined) return undefined;
  const given = tokenCount(usage.promptTokenCount);
  const candidates = tokenCount(usage.candidatesTokenCount);
  const thoughts = tokenCount(usage.thoughtsTokenCount);
  if (given === undefined && candidates === undefined && thoughts === undefined) return undefined;

  const prompt = (given ?? 0) + (tokenCount(usage.toolUsePromptTokenCount) ?? 0);
  const cacheRead = Math.min(prompt, tokenCount(usage.cachedContentTokenCount) ?? 0);
  const output = outputOf(prompt, candidates ?? 0, thoughts ?? 0, tokenCount(usage.totalTokenCount));
  return {
    input: prompt - cacheRead,
    output,
    cacheRead,
    cacheWrite: 0,
    ...(thoughts !== undefined && { reasoning: thoughts }),
  };
}

/** What was written to a cache has no count here and stays in the prompt's. */
export function writeUsageObject(usage: Usage): JsonObject {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  const thoughts = usage.reasoning ?? 0;
  return {
    promptTokenCount: prompt,
    ...(usage.cacheRead > 0 && { cachedContentTokenCount: usage.cacheRead }),
    candidatesTokenCount: usage.output - thoughts,
    ...(usage.reasoning !== undefined && { thoughtsTokenCount: thoughts }),
    totalTokenCount: prompt + usage.output,
  };
}

/** Gateways in front of Google count thoughts among the candidates' tokens; the total tells. */
function outputOf(prompt: number, candidates: number, thoughts: number, total: number | undefined): number {
  const isInside = thoughts > 0 && thoughts <= candidates && total === prompt + candidates;
  return isInside ? candidates : candidates + thoughts;
}
