// https://docs.vllm.ai/en/latest/features/reasoning_outputs.html, as of November 2026.

import { bareName, type JsonObject } from '@ai-switch/dialects';
import { isObject, withAssistantMessages, withFields } from './body.ts';
import { effortOf, isThinkingOff, lowMediumHigh } from './effort.ts';
import type { Quirk } from './quirk.ts';

/** The field was `reasoning_content` and is `reasoning`; chat templates read one or the other, so that both come back. */
export const vllmReasoningNames: Quirk = (body) =>
  withAssistantMessages(body, (message) => {
    const thought = message.reasoning ?? message.reasoning_content;
    if (typeof thought !== 'string') return message;
    return withFields(message, { reasoning: thought, reasoning_content: thought });
  });

/**
 * Whether to think is a word of the model's chat template: `enable_thinking` of Qwen3 and GLM, `thinking` of Granite and
 * DeepSeek. gpt-oss has efforts instead, low to high.
 */
export const vllmChatTemplateKwargs: Quirk = (body, { model }) => {
  const effort = effortOf(body);
  if (effort === undefined && !isObject(body.thinking)) return body;
  if (bareName(model).startsWith('gpt-oss')) return withEffort(body, effort);
  const isOn = !isThinkingOff(body);
  const given: JsonObject = isObject(body.chat_template_kwargs) ? body.chat_template_kwargs : {};
  const word = /granite|deepseek/.test(bareName(model)) ? 'thinking' : 'enable_thinking';
  return withFields(body, {
    reasoning_effort: undefined,
    thinking: undefined,
    chat_template_kwargs: { [word]: isOn, ...given },
  });
};

/** "none" is the least that it can. */
function withEffort(body: JsonObject, effort: string | undefined): JsonObject {
  const least = effort === undefined || effort === 'none' ? 'low' : lowMediumHigh(effort);
  return withFields(body, { thinking: undefined, reasoning_effort: least });
}
