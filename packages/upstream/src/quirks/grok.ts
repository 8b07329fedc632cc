import { bareName } from '@ai-switch/dialects';
import { isObject, withFields, withoutFields } from './body.ts';
import type { Quirk } from './quirk.ts';

/**
 * "presencePenalty, frequencyPenalty, and stop parameters are not supported by reasoning models":
 * https://docs.x.ai/docs/models. The two grok-4.20 models, 2026-09, refuse every effort: "does not support parameter
 * reasoningEffort."
 */
export const grokUnsupported: Quirk = (body, { model, drop }) => {
  const penalties = ['presence_penalty', 'frequency_penalty', 'stop', 'presencePenalty', 'frequencyPenalty'];
  const taken = withoutFields(body, penalties, drop);
  if (!/^grok-4\.20(?:-\d{4})?-(?:non-)?reasoning/.test(bareName(model))) return taken;
  const { reasoning } = taken;
  const withoutEffort = withoutFields(taken, ['reasoning_effort'], () => drop('reasoning.effort'));
  if (!isObject(reasoning)) return withoutEffort;
  const kept = withoutFields(reasoning, ['effort'], () => drop('reasoning.effort'));
  return withFields(withoutEffort, { reasoning: Object.keys(kept).length === 0 ? undefined : kept });
};
