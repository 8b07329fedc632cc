// https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model, as of November 2026.

import { bareName } from '@ai-switch/dialects';
import { listOf, withAssistantMessages, withFields, withFunctions, withoutFields } from './body.ts';
import { effortOf, isThinkingOff, lowHighMax } from './effort.ts';
import type { Quirk } from './quirk.ts';

/** 2026-01: "thinking is enabled but reasoning_content is missing in assistant tool call message at index 1". */
export const kimiReasoningBackfill: Quirk = (body, { model }) => {
  if (!isKimi(model) || isThinkingOff(body)) return body;
  return withAssistantMessages(body, (message) => {
    const isCalling = listOf(message.tool_calls).length > 0;
    if (!isCalling || typeof message.reasoning_content === 'string') return message;
    return { ...message, reasoning_content: '' };
  });
};

const FIXED = ['temperature', 'top_p', 'n', 'presence_penalty', 'frequency_penalty'];

/** 2026-01: "invalid temperature: only 1 is allowed for this model". Strict tools are not known either. */
export const kimiSampling: Quirk = (body, { model, drop }) => {
  const loose = withFunctions(body, (declaration) => withoutFields(declaration, ['strict']));
  return isKimi(model) ? withoutFields(loose, FIXED, drop) : loose;
};

/** K3 knows efforts; K2.5 and K2.6 can be kept from thinking; others think as they like. */
export const kimiThinking: Quirk = (body, { model, drop }) => {
  const effort = effortOf(body);
  if (effort === undefined) return body;
  const name = bareName(model);
  if (/^kimi-k(?:[3-9]|\d\d)/.test(name)) {
    return withFields(body, { reasoning_effort: effort === 'none' ? 'low' : lowHighMax(effort) });
  }
  if (effort === 'none' && /^kimi-k2\.[56]/.test(name)) {
    return withFields(body, { reasoning_effort: undefined, thinking: { type: 'disabled' } });
  }
  return withoutFields(body, ['reasoning_effort'], drop);
};

function isKimi(model: string): boolean {
  return bareName(model).startsWith('kimi-');
}
