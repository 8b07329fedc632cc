// https://docs.ollama.com/api/openai-compatibility, as of November 2026.

import { isObject, listOf, withFields } from './body.ts';
import { effortOf, lowMediumHigh } from './effort.ts';
import type { Quirk } from './quirk.ts';

/** `tool_choice` is not among the fields that it supports: what must not be called is kept from it instead. */
export const ollamaToolChoice: Quirk = (body) => {
  const { tool_choice: choice, ...rest } = body;
  if (choice === undefined) return body;
  if (choice === 'none') return withFields(rest, { tools: undefined });
  const wanted = isObject(choice) && isObject(choice.function) ? choice.function.name : undefined;
  if (wanted === undefined) return rest;
  const only = listOf(rest.tools).filter(
    (tool) => isObject(tool) && isObject(tool.function) && tool.function.name === wanted,
  );
  return only.length === 0 ? rest : withFields(rest, { tools: only });
};

/** `reasoning_effort` is none, low, medium or high. */
export const ollamaEffort: Quirk = (body) => {
  const effort = effortOf(body);
  if (effort === undefined || effort === 'none') return body;
  return withFields(body, { reasoning_effort: lowMediumHigh(effort) });
};
