// https://platform.openai.com/docs/guides/reasoning

import { listOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { effortOfBudget } from '../model/effort.ts';
import type { Reasoning, Request } from '../model/request.ts';
import { isOpenAi, isReasoningRefused } from '../openai-chat/model-family.ts';

/** Undefined when the model is left to itself. */
export function writeReasoning(
  { reasoning, extra }: Request,
  model: string,
  dropped: Set<string>,
): JsonObject | undefined {
  const context = extra['openai-responses']?.['reasoning.context'];
  if (reasoning === undefined && context === undefined) return undefined;
  const effort = reasoning && effortOf(reasoning, model, dropped);
  if (isReasoningRefused(model)) {
    if (effort !== undefined && effort !== 'none') dropped.add('reasoning_effort');
    return undefined;
  }
  const isShown = reasoning !== undefined && reasoning.mode !== 'off' && reasoning.display !== 'omitted';
  const written = {
    ...(effort !== undefined && { effort }),
    // Without it nothing of the thoughts is shown, in whatever dialect the client reads them.
    ...(isShown && { summary: 'auto' }),
    ...(context !== undefined && { context }),
  };
  return Object.keys(written).length === 0 ? undefined : written;
}

export const ENCRYPTED = 'reasoning.encrypted_content';

/** With `store: false` the provider forgets its thoughts, so that they must come along to be sent back. */
export function writeInclude({ extra }: Request, model: string): JsonObject {
  const wanted = isReasoningRefused(model) ? [] : [ENCRYPTED];
  const include = [...wanted, ...listOf(extra['openai-responses']?.include)];
  return include.length === 0 ? {} : { include };
}

function effortOf(
  { mode, effort, budgetTokens }: Reasoning,
  model: string,
  dropped: Set<string>,
): string | undefined {
  if (effort !== undefined) return effort;
  if (mode === 'off') return leastEffort(model, dropped);
  return budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens);
}

/** "Unsupported value: 'none' is not supported with the 'gpt-5' model": models from 5.1 on can leave their thoughts out. */
function leastEffort(model: string, dropped: Set<string>): string | undefined {
  const [, major, minor = '0'] = /gpt-(\d+)(?:\.(\d+))?/.exec(model.toLowerCase()) ?? [];
  const version = major === undefined ? 0 : Number(major) + Number(minor) / 100;
  if (isOpenAi(model) && version > 5) return 'none';
  dropped.add('thinking');
  return isOpenAi(model) && version === 5 ? 'minimal' : undefined;
}
