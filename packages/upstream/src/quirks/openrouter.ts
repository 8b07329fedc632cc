import { isObject, withFields } from './body.ts';
import { effortOf } from './effort.ts';
import type { Quirk } from './quirk.ts';

/**
 * One object for all that it passes requests to: `reasoning: {effort | max_tokens | enabled}`. Its highest effort is xhigh.
 * https://openrouter.ai/docs/use-cases/reasoning-tokens
 */
export const openrouterReasoning: Quirk = (body) => {
  if (isObject(body.reasoning)) return withFields(body, { reasoning_effort: undefined });
  const effort = effortOf(body);
  const { thinking } = body;
  if (effort !== undefined) {
    const reasoning =
      effort === 'none' ? { enabled: false } : { effort: effort === 'max' ? 'xhigh' : effort };
    return withFields(body, { reasoning_effort: undefined, thinking: undefined, reasoning });
  }
  if (!isObject(thinking)) return body;
  const budget = thinking.budget_tokens;
  const asked =
    typeof budget === 'number' ? { max_tokens: budget } : { enabled: thinking.type !== 'disabled' };
  return withFields(body, { thinking: undefined, reasoning: asked });
};
