// Clients of Responses that leave `store` on name the items of earlier answers instead of sending them: Vercel's SDK does,
// unless it is told otherwise. A provider of another dialect keeps nothing, so that the items which were written for it here
// are kept, and put in the place of their names.
//
// Each edge keeps its own, in memory. When an item is gone the request is refused by the name of the field, and the client
// has to send the conversation.

import { isObject, type JsonObject, type JsonValue } from '@ai-switch/dialects';
import type { BoundedMemory } from './bounded-memory.ts';

export type ItemMemory = BoundedMemory<JsonObject>;

/** Undefined when the client wants nothing kept. */
export function itemKeeper(
  memory: ItemMemory,
  owner: string,
  body: JsonObject,
): ((output: readonly JsonObject[]) => void) | undefined {
  if (body.store === false) return undefined;
  return (output) => {
    for (const item of output) {
      if (typeof item.id === 'string') memory.keep(owner, item.id, item, JSON.stringify(item).length);
    }
  };
}

/** The body with the items that it names in their places; the same object when it names none that is known. */
export function withItems(memory: ItemMemory, owner: string, body: JsonObject): JsonObject {
  const { input } = body;
  if (memory.isEmpty || !Array.isArray(input) || !input.some(isReference)) return body;
  const items = input.map((item: JsonValue) => {
    const id = isReference(item) ? item.id : undefined;
    return (typeof id === 'string' ? memory.use(owner, id) : undefined) ?? item;
  });
  return items.some((item, at) => item !== input[at]) ? { ...body, input: items } : body;
}

function isReference(item: JsonValue): item is JsonObject {
  return isObject(item) && item.type === 'item_reference';
}
