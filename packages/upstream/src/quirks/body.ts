// How quirks read and change a body: what does not change stays the same object, so that an untouched body can go on as the
// bytes that it came in.

import type { JsonObject, JsonValue } from '@ai-switch/dialects';

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** With these fields set; one that is undefined is taken away. */
export function withFields(object: JsonObject, fields: JsonObject): JsonObject {
  const names = Object.keys(fields).filter((name) => object[name] !== fields[name]);
  if (names.length === 0) return object;
  const changed: Record<string, JsonValue | undefined> = { ...object };
  for (const name of names) {
    if (fields[name] === undefined) delete changed[name];
    else changed[name] = fields[name];
  }
  return changed;
}

/** Without these fields, each of which that was there is told to `onDropped`. */
export function withoutFields(
  object: JsonObject,
  names: readonly string[],
  onDropped: (name: string) => void = () => {},
): JsonObject {
  const present = names.filter((name) => object[name] !== undefined);
  if (present.length === 0) return object;
  for (const name of present) onDropped(name);
  return withFields(object, Object.fromEntries(present.map((name) => [name, undefined])));
}

/** With the objects of a list changed; `undefined` takes one away. */
export function withList(
  object: JsonObject,
  field: string,
  change: (item: JsonObject, index: number) => JsonObject | undefined,
): JsonObject {
  const list = object[field];
  if (!Array.isArray(list)) return object;
  let isChanged = false;
  const changed: JsonValue[] = [];
  for (const [index, item] of (list as readonly JsonValue[]).entries()) {
    const made = isObject(item) ? change(item, index) : item;
    if (made !== item) isChanged = true;
    if (made !== undefined) changed.push(made);
  }
  return isChanged ? { ...object, [field]: changed } : object;
}

/** With the assistant's messages of a chat changed. */
export function withAssistantMessages(
  body: JsonObject,
  change: (message: JsonObject) => JsonObject,
): JsonObject {
  return withList(body, 'messages', (message) => (message.role === 'assistant' ? change(message) : message));
}

/** With the declarations of a chat's function tools changed. */
export function withFunctions(body: JsonObject, change: (declaration: JsonObject) => JsonObject): JsonObject {
  return withList(body, 'tools', (tool) => {
    const declaration = tool.function;
    return isObject(declaration) ? withFields(tool, { function: change(declaration) }) : tool;
  });
}

export function hasTools(body: JsonObject): boolean {
  return listOf(body.tools).length > 0;
}
