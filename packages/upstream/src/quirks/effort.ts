// How hard a model is to think, from the names that clients use to what a provider knows. Chat bodies say it as
// `reasoning_effort`; some clients send a provider's own `thinking` object, which then is the answer.

import type { JsonObject } from '@ai-switch/dialects';
import { isObject } from './body.ts';

/** Undefined: the client leaves it to the model. */
export function effortOf(body: JsonObject): string | undefined {
  const effort = body.reasoning_effort;
  return typeof effort === 'string' ? effort : undefined;
}

/** True when the client wants an answer without thinking. */
export function isThinkingOff(body: JsonObject): boolean {
  if (isObject(body.thinking)) return body.thinking.type === 'disabled';
  return effortOf(body) === 'none' || body.enable_thinking === false;
}

/** The ladder of three that DeepSeek, GLM and Kimi share: https://api-docs.deepseek.com/guides/thinking_mode */
export function lowHighMax(effort: string): string {
  if (effort === 'minimal' || effort === 'low') return 'low';
  return effort === 'max' ? 'max' : 'high';
}

/** The ladder of three that servers of open weights know. */
export function lowMediumHigh(effort: string): string {
  if (effort === 'minimal' || effort === 'low') return 'low';
  return effort === 'medium' ? 'medium' : 'high';
}

/** Tokens that an effort stands for; undefined for the most. */
export function budgetOf(effort: string): number | undefined {
  return BUDGETS[effort];
}

const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1_024,
  low: 4_096,
  medium: 8_192,
  high: 24_576,
};
