// https://docs.claude.com/en/docs/build-with-claude/extended-thinking and .../adaptive-thinking

import type { JsonObject } from '../json/value.ts';
import { effortOfBudget } from '../model/effort.ts';
import type { Reasoning, Request } from '../model/request.ts';
import { isAdaptive } from './model-family.ts';

export interface WrittenReasoning {
  readonly thinking?: JsonObject;
  readonly effort?: string;
  /** The maximum of the answer, thinking included. */
  readonly tokensMax: number;
}

/** @param tokensMax of the answer alone */
export function writeReasoning(
  request: Request,
  model: string,
  tokensMax: number,
  dropped: Set<string>,
): WrittenReasoning {
  const { reasoning } = request;
  if (reasoning === undefined) return { tokensMax };
  if (reasoning.mode === 'off') {
    const effort = isAdaptive(model) ? EFFORTS.get(reasoning.effort ?? '') : undefined;
    return { thinking: { type: 'disabled' }, tokensMax, ...(effort !== undefined && { effort }) };
  }
  const display = reasoning.display === undefined ? {} : { display: reasoning.display };
  if (isAdaptive(model)) {
    const effort = EFFORTS.get(effortWord(reasoning));
    return { thinking: { type: 'adaptive', ...display }, tokensMax, ...(effort !== undefined && { effort }) };
  }
  if (isForced(request) || lacksThinking(request)) {
    dropped.add('reasoning_effort');
    return { tokensMax };
  }
  const budget = Math.max(
    BUDGET_MIN,
    reasoning.budgetTokens ?? BUDGETS.get(reasoning.effort ?? '') ?? BUDGET_MEDIUM,
  );
  if (reasoning.budgetTokens !== undefined && reasoning.effort !== undefined)
    dropped.add('output_config.effort');
  // "`max_tokens` must be greater than `thinking.budget_tokens`"
  const widened = budget < tokensMax ? tokensMax : budget + Math.max(1, tokensMax);
  return { thinking: { type: 'enabled', budget_tokens: budget, ...display }, tokensMax: widened };
}

/** "Thinking may not be enabled when tool_choice forces tool use." */
function isForced({ toolChoice }: Request): boolean {
  return toolChoice?.kind === 'any' || toolChoice?.kind === 'tool';
}

/**
 * "Expected `thinking` or `redacted_thinking`, but found `tool_use`": a budget wants the thought before the calls that
 * are being answered, and a thought of another model cannot stand in for it.
 */
function lacksThinking({ turns }: Request): boolean {
  const last = turns.findLast((turn) => turn.role === 'assistant');
  if (last === undefined || !last.parts.some((part) => part.kind === 'toolCall')) return false;
  return !last.parts.some(
    (part) => part.kind === 'redactedThinking' || (part.kind === 'thinking' && part.signature !== undefined),
  );
}

const BUDGET_MIN = 1_024;
const BUDGET_MEDIUM = 8_192;
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ['minimal', BUDGET_MIN],
  ['low', 4_096],
  ['medium', BUDGET_MEDIUM],
  ['high', 24_576],
  ['xhigh', 32_000],
  ['max', 32_000],
]);

const EFFORTS: ReadonlyMap<string, string> = new Map([
  ['minimal', 'low'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'xhigh'],
  ['max', 'max'],
]);

/** '' leaves it to the model. */
function effortWord({ effort, budgetTokens }: Reasoning): string {
  return effort ?? (budgetTokens === undefined ? '' : effortOfBudget(budgetTokens));
}
