// https://docs.z.ai/guides/capabilities/thinking-mode, as of November 2026.

import { bareName } from '@ai-switch/dialects';
import { hasTools, isObject, withFields } from './body.ts';
import { effortOf, isThinkingOff, lowHighMax } from './effort.ts';
import type { Quirk } from './quirk.ts';

/** Arguments come in one piece after minutes of silence unless `tool_stream` is set: https://docs.z.ai/guides/tools/stream-tool */
export const glmToolStream: Quirk = (body, { isStreaming }) => {
  if (!isStreaming || body.tool_stream !== undefined || !hasTools(body)) return body;
  return withFields(body, { tool_stream: true });
};

/**
 * From 4.7 on it goes on with its earlier thoughts when they come back and `clear_thinking` is false; at the coding address that
 * is the default, here `true` is.
 */
export const glmPreservedThinking: Quirk = (body, { model }) => {
  if (glmVersion(model) < 4.7 || isThinkingOff(body)) return body;
  const thinking = isObject(body.thinking) ? body.thinking : { type: 'enabled' };
  if (thinking.clear_thinking !== undefined) return body;
  return withFields(body, { thinking: { ...thinking, clear_thinking: false } });
};

/** GLM-5 knows the efforts low, high and max; older models only whether to think; 5.3 cannot be kept from it. */
export const glmEffort: Quirk = (body, { model, drop }) => {
  const effort = effortOf(body);
  if (effort === undefined) return body;
  const cannotStop = bareName(model).startsWith('glm-5.3');
  if (effort === 'none' && !cannotStop) {
    return withFields(body, { reasoning_effort: undefined, thinking: { type: 'disabled' } });
  }
  if (glmVersion(model) >= 5) {
    return withFields(body, { reasoning_effort: effort === 'none' ? 'low' : lowHighMax(effort) });
  }
  drop('reasoning_effort');
  const thinking = isObject(body.thinking) ? body.thinking : { type: 'enabled' };
  return withFields(body, { reasoning_effort: undefined, thinking });
};

/** `glm-4.7` as 4.7; 0 for other names. */
function glmVersion(model: string): number {
  return Number(/^glm-(\d+(?:\.\d+)?)/.exec(bareName(model))?.[1] ?? 0);
}
