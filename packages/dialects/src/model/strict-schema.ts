import { isObject, listOf, objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';

/**
 * Whether OpenAI takes a schema as strict: every object is closed and requires all it has. "In context=(),
 * 'additionalProperties' is required to be supplied and to be false", "'required' is required to be supplied and to be an
 * array including every key in properties". https://platform.openai.com/docs/guides/structured-outputs
 */
export function isStrictSchema(schema: JsonObject): boolean {
  return schema.type === 'object' && !('anyOf' in schema) && conforms(schema);
}

function conforms(value: JsonValue | undefined): boolean {
  const schema = objectOf(value);
  if (schema === undefined || Object.keys(schema).some((name) => UNSUPPORTED.has(name))) return false;
  const isObjectSchema =
    schema.type === 'object' || listOf(schema.type).includes('object') || 'properties' in schema;
  if (isObjectSchema) {
    const names = Object.keys(objectOf(schema.properties) ?? {});
    const required = listOf(schema.required);
    if (schema.additionalProperties !== false || !names.every((name) => required.includes(name)))
      return false;
  }
  const inner = [schema.properties, schema.$defs, schema.definitions].flatMap((named) =>
    Object.values(objectOf(named) ?? {}),
  );
  const items = isObject(schema.items) ? [schema.items] : [];
  return [...inner, ...items, ...listOf(schema.anyOf)].every(conforms);
}

const UNSUPPORTED: ReadonlySet<string> = new Set([
  'allOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'default',
  'dependentRequired',
  'dependentSchemas',
  'patternProperties',
  'propertyNames',
  'uniqueItems',
]);
