import type { JsonObject } from '../json/value.ts';

const OTHER_FORMS = ['type', '$ref', 'anyOf', 'oneOf', 'allOf'];

/**
 * OpenAI: "Invalid schema for function 'f': schema must be a JSON Schema of 'type: "object"', got 'type: "None"'." Tools
 * without arguments are often declared as `{}`. The same object when it says what it is.
 */
export function typedSchema(schema: JsonObject): JsonObject {
  if (OTHER_FORMS.some((name) => name in schema)) return schema;
  return { type: 'object', properties: {}, ...schema };
}
