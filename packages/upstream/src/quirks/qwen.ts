// https://www.alibabacloud.com/help/en/model-studio/deep-thinking, as of November 2026.

import { bareName, type JsonObject } from '@ai-switch/dialects';
import { isObject, listOf, withFields } from './body.ts';
import { budgetOf, effortOf, isThinkingOff } from './effort.ts';
import type { Quirk } from './quirk.ts';

/** Its own words for thinking are `enable_thinking` and `thinking_budget`, at the top of the body. */
export const qwenThinking: Quirk = (body) => {
  const effort = effortOf(body);
  const { thinking } = body;
  if (effort === undefined && !isObject(thinking)) return body;
  const budget = isObject(thinking) ? thinking.budget_tokens : budgetOf(effort ?? '');
  const isOn = !isThinkingOff(body);
  const asked: JsonObject = {
    enable_thinking: body.enable_thinking ?? isOn,
    ...(isOn && budget !== undefined && { thinking_budget: body.thinking_budget ?? budget }),
  };
  return withFields(body, { reasoning_effort: undefined, thinking: undefined, ...asked });
};

/** From qwen3.6 on: "preserve_thinking … passes the reasoning_content of historical assistant messages to the model". */
export const qwenPreservedThinking: Quirk = (body, { model }) => {
  if (!/^qwen(?:3\.[6-9]|[4-9])/.test(bareName(model)) || body.preserve_thinking !== undefined) return body;
  if (isThinkingOff(body) || !hasThought(body)) return body;
  return withFields(body, { preserve_thinking: true });
};

function hasThought(body: JsonObject): boolean {
  return listOf(body.messages).some(
    (message) =>
      isObject(message) && typeof message.reasoning_content === 'string' && message.reasoning_content !== '',
  );
}
