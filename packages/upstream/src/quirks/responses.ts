// Responses with nothing kept at the provider: an account that many share must not hold one user's answers where another can
// ask for them by id, and what is replayed has to stand by itself.

import { bareName, isOpenAiReasoning, type JsonObject } from '@ai-switch/dialects';
import { isObject, listOf, withFields, withList } from './body.ts';
import type { Quirk, QuirkCall } from './quirk.ts';

/** The provider's default is `true`. A client that speaks Responses itself says what it wants by leaving it out. */
export const storeNothing: Quirk = (body, call) => {
  if (!isResponses(call) || call.clientDialect === 'openai-responses' || body.store !== undefined)
    return body;
  return withFields(body, { store: false });
};

const ENCRYPTED = 'reasoning.encrypted_content';

/**
 * What is not kept there has to come back, or the model loses its thoughts between two calls of tools. Other models than those
 * that reason, 2025-07: "Encrypted content is not supported with this model."
 */
export const encryptedReasoning: Quirk = (body, call) => {
  if (!isResponses(call)) return body;
  const include = listOf(body.include);
  const isAsked = include.includes(ENCRYPTED);
  if (isAsked && isWithoutReasoning(call)) {
    const rest = include.filter((name) => name !== ENCRYPTED);
    return withFields(body, { include: rest.length === 0 ? undefined : rest });
  }
  if (isAsked || body.store !== false) return body;
  if (!isOpenAiReasoning(call.model) && call.target.kind !== 'xai') return body;
  return withFields(body, { include: [...include, ENCRYPTED] });
};

/** By its name: a deployment may be called anything. */
function isWithoutReasoning({ model }: QuirkCall): boolean {
  return /^(?:gpt-|chatgpt-)/.test(bareName(model)) && !isOpenAiReasoning(model);
}

/**
 * OpenAI, 2025-09: "Item with id 'rs_…' not found. Items are not persisted when `store` is set to false. Try again with `store`
 * set to true, or remove this item from your input." An id stays where encrypted content is bound to it.
 */
export const statelessItems: Quirk = (body, call) => {
  if (!isResponses(call) || body.store !== false) return body;
  return withList(body, 'input', (item) => {
    if (isObject(item) && typeof item.encrypted_content === 'string') return item;
    if (item.type === 'reasoning') return dropped(call, 'input.reasoning');
    if (item.type === 'item_reference') return dropped(call, 'input.item_reference');
    return item.id === undefined ? item : withFields(item, { id: undefined });
  });
};

function dropped(call: QuirkCall, name: string): JsonObject | undefined {
  call.drop(name);
  return undefined;
}

function isResponses({ dialect }: QuirkCall): boolean {
  return dialect === 'openai-responses';
}
