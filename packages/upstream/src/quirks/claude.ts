// What Claude models refuse is told by their names. The dialect knows it as well when it writes a request anew; here it is
// for the bytes of Anthropic's own clients, which go through untouched otherwise.

import { claudeVersion, effortOfBudget, type JsonObject } from '@ai-switch/dialects';
import { isObject, withFields, withoutFields } from './body.ts';
import type { Quirk } from './quirk.ts';

/** From Opus 4.7 on, 2026-04: "`temperature` is deprecated for this model." 1 is taken; top_p and top_k never are. */
export const claudeSampling: Quirk = (body, { model, drop }) => {
  if (claudeVersion(model) < 4.7) return body;
  const names = ['top_p', 'top_k', ...(body.temperature === 1 ? [] : ['temperature'])];
  return withoutFields(body, names, drop);
};

/** From Opus 4.7 on, 2026-05: "Use thinking.type.adaptive and output_config.effort to control thinking behavior." */
export const claudeThinking: Quirk = (body, { model }) => {
  const { thinking, output_config: output } = body;
  if (claudeVersion(model) < 4.7 || !isObject(thinking) || thinking.type !== 'enabled') return body;
  const { budget_tokens: budget, ...rest } = thinking;
  const given: JsonObject = isObject(output) ? output : {};
  return withFields(body, {
    thinking: { ...rest, type: 'adaptive' },
    output_config: { effort: typeof budget === 'number' ? effortOfBudget(budget) : 'high', ...given },
  });
};
