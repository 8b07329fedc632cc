// https://ai.google.dev/gemini-api/docs/structured-output#json_schema_support: JSON Schema as it is, but for `const`.

import { isObject } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';

/** The arguments of a function are always an object. */
export function argumentsSchema(schema: JsonObject): JsonObject {
  return { ...answerSchema(schema), type: 'object' };
}

export function answerSchema(schema: JsonObject): JsonObject {
  return withoutConst(schema);
}

/** `$schema` says nothing to the provider, and a constant is a list of one. */
function withoutConst(schema: JsonObject): JsonObject {
  const written: Record<string, JsonValue | undefined> = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name === '$schema') continue;
    if (name === 'const') written.enum = [value ?? null];
    else if (NAMED.has(name) && isObject(value)) {
      written[name] = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, changed(part)]));
    } else written[name] = VALUES.has(name) ? value : changed(value);
  }
  return written;
}

function changed(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((item: JsonValue) => changed(item) ?? null);
  return isObject(value) ? withoutConst(value) : value;
}

/** Keywords that hold schemas under names of their own. */
const NAMED: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions', 'patternProperties']);
/** Keywords that hold values and not schemas. */
const VALUES: ReadonlySet<string> = new Set(['enum', 'default', 'example', 'examples', 'required']);
