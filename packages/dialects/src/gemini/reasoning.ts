// https://ai.google.dev/gemini-api/docs/thinking: a level from 3 on, a budget for 2.5, never both.

import type { JsonObject } from '../json/value.ts';
import { effortOfBudget } from '../model/effort.ts';
import type { Reasoning } from '../model/request.ts';
import { budgetRangeOf, isLevelTaken, isThinking, levelsOf } from './model-family.ts';

/** `thinkingConfig`, undefined when the model is left to itself. */
export function writeReasoning(
  reasoning: Reasoning | undefined,
  model: string,
  dropped: Set<string>,
): JsonObject | undefined {
  if (reasoning === undefined) return undefined;
  if (!isThinking(model)) {
    if (reasoning.mode !== 'off')
      dropped.add(reasoning.effort === undefined ? 'thinking' : 'reasoning_effort');
    return undefined;
  }
  const { mode, display } = reasoning;
  if (mode === 'off') return writeOff(model, dropped);
  if (display !== undefined && display !== 'omitted' && display !== 'summarized') {
    dropped.add('thinking.display');
  }
  const measure = isLevelTaken(model) ? writeLevel(reasoning, model) : writeBudget(reasoning, model);
  return { ...measure, includeThoughts: display !== 'omitted' };
}

/** Where it cannot be switched off it is made as short as it gets. */
function writeOff(model: string, dropped: Set<string>): JsonObject {
  const range = budgetRangeOf(model);
  if (!isLevelTaken(model) && range.canBeOff) return { thinkingBudget: 0 };
  dropped.add('thinking');
  if (!isLevelTaken(model)) return { thinkingBudget: range.min, includeThoughts: false };
  return { thinkingLevel: levelsOf(model)[0] ?? 'LOW', includeThoughts: false };
}

function writeLevel(reasoning: Reasoning, model: string): JsonObject {
  const wanted = LEVELS.get(effortWord(reasoning));
  if (wanted === undefined) return {};
  const levels = levelsOf(model);
  // A level that the model lacks is rounded up.
  const thinkingLevel = ORDER.slice(ORDER.indexOf(wanted)).find((level) => levels.includes(level));
  return { thinkingLevel: thinkingLevel ?? 'HIGH' };
}

function writeBudget({ effort, budgetTokens }: Reasoning, model: string): JsonObject {
  const { min, max } = budgetRangeOf(model);
  const wanted = budgetTokens ?? BUDGETS.get(effort ?? '');
  // -1 leaves the measure to the model.
  return { thinkingBudget: wanted === undefined ? -1 : Math.min(max, Math.max(min, wanted)) };
}

const ORDER = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'];

const LEVELS: ReadonlyMap<string, string> = new Map([
  ['minimal', 'MINIMAL'],
  ['low', 'LOW'],
  ['medium', 'MEDIUM'],
  ['high', 'HIGH'],
  ['xhigh', 'HIGH'],
  ['max', 'HIGH'],
]);

const BUDGETS: ReadonlyMap<string, number> = new Map([
  ['minimal', 1_024],
  ['low', 4_096],
  ['medium', 8_192],
  ['high', 24_576],
  ['xhigh', 32_768],
  ['max', 32_768],
]);

/** '' leaves it to the model. */
function effortWord({ effort, budgetTokens }: Reasoning): string {
  return effort ?? (budgetTokens === undefined ? '' : effortOfBudget(budgetTokens));
}
