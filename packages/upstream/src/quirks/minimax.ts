// https://platform.minimax.io/docs/api-reference/text-openai-api and …/text-anthropic-api, as of November 2026.

import { bareName, type JsonObject } from '@ai-switch/dialects';
import { isObject, withAssistantMessages, withFields, withoutFields } from './body.ts';
import { effortOf } from './effort.ts';
import type { Quirk } from './quirk.ts';

/**
 * Thoughts stand as `<think>` within the text unless `reasoning_split` is set; then they are `reasoning_details`, and have to
 * come back as those. The M3.1 preview has `reasoning_content` instead.
 */
export const minimaxReasoningSplit: Quirk = (body, { dialect, model }) => {
  if (dialect !== 'openai-chat' || /^minimax-m3\.1-flash/.test(bareName(model))) return body;
  const split = body.reasoning_split === undefined ? withFields(body, { reasoning_split: true }) : body;
  if (split.reasoning_split !== true) return split;
  return withAssistantMessages(split, (message) => {
    const { reasoning_content: thought, ...rest } = message;
    if (typeof thought !== 'string' || thought === '' || rest.reasoning_details !== undefined) return message;
    return { ...rest, reasoning_details: [{ type: 'reasoning.text', text: thought }] };
  });
};

/** M3 knows `thinking: {type: adaptive | disabled}` and no effort; M2 always thinks and knows neither. */
export const minimaxThinkingTypes: Quirk = (body, { model, drop }) => {
  const wanted = wantedThinking(body);
  const bare = withoutEffort(body, drop);
  if (wanted === undefined) return bare;
  if (!/^minimax-m(?:[3-9]|\d\d)/.test(bareName(model))) {
    if (wanted === 'disabled') drop('thinking');
    return withFields(bare, { thinking: undefined });
  }
  if (isObject(bare.thinking) && bare.thinking.type === wanted && Object.keys(bare.thinking).length === 1)
    return bare;
  return withFields(bare, { thinking: { type: wanted } });
};

function wantedThinking(body: JsonObject): 'adaptive' | 'disabled' | undefined {
  if (isObject(body.thinking)) return body.thinking.type === 'disabled' ? 'disabled' : 'adaptive';
  const effort = effortOf(body);
  if (effort === undefined) return undefined;
  return effort === 'none' ? 'disabled' : 'adaptive';
}

function withoutEffort(body: JsonObject, drop: (name: string) => void): JsonObject {
  const told = (name: string) => body[name] !== 'none' && drop(name);
  const bare = withoutFields(body, ['reasoning_effort'], told);
  const { output_config: output } = bare;
  if (!isObject(output) || output.effort === undefined) return bare;
  drop('output_config.effort');
  const rest = withFields(output, { effort: undefined });
  return withFields(bare, { output_config: Object.keys(rest).length === 0 ? undefined : rest });
}
