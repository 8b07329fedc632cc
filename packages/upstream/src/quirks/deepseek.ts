// https://api-docs.deepseek.com/guides/thinking_mode, as of November 2026.

import { bareName, type JsonValue } from '@ai-switch/dialects';
import { withAssistantMessages, withFields, withFunctions, withoutFields } from './body.ts';
import { digest } from './digest.ts';
import { effortOf, isThinkingOff, lowHighMax } from './effort.ts';
import type { Quirk } from './quirk.ts';

/**
 * V4, 2026-05: "The reasoning_content in the thinking mode must be passed back to the API." It wants the field on each message of
 * the assistant, empty where there was no thought. R1, 2025-01, on the contrary: "if the reasoning_content field is included in
 * the sequence of input messages, the API will return a 400 error."
 */
export const deepseekReasoningBackfill: Quirk = (body, { model }) => {
  if (isR1(model)) {
    return withAssistantMessages(body, (message) => withFields(message, { reasoning_content: undefined }));
  }
  return withAssistantMessages(body, (message) =>
    typeof message.reasoning_content === 'string' ? message : { ...message, reasoning_content: '' },
  );
};

/** It thinks unless told not to: `thinking: {type}` switches, `reasoning_effort` is low, high or max. */
export const deepseekEffort: Quirk = (body, { model }) => {
  const effort = effortOf(body);
  if (effort === undefined) return body;
  if (isR1(model)) return withFields(body, { reasoning_effort: undefined });
  if (effort !== 'none') return withFields(body, { reasoning_effort: lowHighMax(effort) });
  return withFields(body, { reasoning_effort: undefined, thinking: { type: 'disabled' } });
};

/** "The thinking mode does not support the parameters temperature, presence_penalty, frequency_penalty … will have no effect." */
export const deepseekThinkingSampling: Quirk = (body, { drop }) => {
  if (isThinkingOff(body)) return body;
  return withoutFields(body, ['temperature', 'presence_penalty', 'frequency_penalty'], drop);
};

const USER = /^[A-Za-z0-9_-]{1,512}$/;

/** Its name of the user is `user_id`, of "[a-zA-Z0-9\-_], with a maximum length of 512". */
export const deepseekUserId: Quirk = (body) => {
  const given: JsonValue | undefined = body.user_id ?? body.user;
  if (typeof given !== 'string') return body;
  const userId = USER.test(given) ? given : `user_${digest(given)}`;
  return withFields(body, { user: undefined, user_id: userId });
};

/** Strict tools are at `/beta` only, where all of them have to be. */
export const deepseekStrict: Quirk = (body, { target, drop }) => {
  if (target.baseUrl.endsWith('/beta')) return body;
  return withFunctions(body, (declaration) =>
    withoutFields(declaration, ['strict'], () => declaration.strict === true && drop('tools.strict')),
  );
};

function isR1(model: string): boolean {
  return /^deepseek-(?:r1|reasoner)/.test(bareName(model));
}
