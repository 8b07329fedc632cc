// Google's `Schema` is OpenAPI 3.0 in capitals; clients also write its types into JSON Schema. Both become JSON Schema.
// https://ai.google.dev/api/caching#Schema

import { isObject, listOf, objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { camelCased } from './wire.ts';

/** Unchanged where it is JSON Schema already. */
export function readSchema(schema: JsonObject): JsonObject {
  const given = isOpenApi(schema) ? camelCased(schema) : schema;
  const read: Record<string, JsonValue | undefined> = {};
  for (const [name, value] of Object.entries(given)) {
    if (name === 'nullable' || name === 'propertyOrdering') continue;
    if (name === 'type') read.type = readType(value);
    else if (COUNTS.has(name)) read[name] = readCount(value);
    else if (NAMED.has(name) && isObject(value)) read[name] = mapped(value);
    else if (SCHEMAS.has(name) && isObject(value)) read[name] = readSchema(value);
    else if (LISTS.has(name) && Array.isArray(value)) read[name] = value.map(readItem);
    // OpenAPI tells by it that a list of words follows; JSON Schema has no such format.
    else if (name !== 'format' || value !== 'enum') read[name] = value;
  }
  return given.nullable === true ? nullable(read) : read;
}

/** The words are in capitals, or a name is spelled as only Google's own servers take it. */
function isOpenApi(schema: JsonObject): boolean {
  return Object.keys(schema).some((name) => SNAKE_NAMES.has(name));
}

const SNAKE_NAMES = new Set([
  'any_of',
  'min_items',
  'max_items',
  'min_properties',
  'max_properties',
  'min_length',
  'max_length',
  'property_ordering',
]);

/** Whole numbers that Google prints as strings, because they have 64 bits. */
const COUNTS = new Set(['minItems', 'maxItems', 'minProperties', 'maxProperties', 'minLength', 'maxLength']);
const NAMED = new Set(['properties', '$defs', 'definitions', 'patternProperties']);
const SCHEMAS = new Set(['items', 'additionalProperties', 'not', 'propertyNames', 'contains']);
const LISTS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);

function readType(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((item: JsonValue) => readType(item) ?? null);
  if (typeof value !== 'string') return value;
  return value === 'TYPE_UNSPECIFIED' ? undefined : value.toLowerCase();
}

function readCount(value: JsonValue | undefined): JsonValue | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
}

function readItem(value: JsonValue): JsonValue {
  return isObject(value) ? readSchema(value) : value;
}

function mapped(schemas: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const found = objectOf(schema);
      return [name, found === undefined ? schema : readSchema(found)];
    }),
  );
}

function nullable(schema: JsonObject): JsonObject {
  if (typeof schema.type === 'string') {
    const words = listOf(schema.enum);
    return {
      ...schema,
      type: [schema.type, 'null'],
      ...(words.length > 0 && { enum: [...words, null] }),
    };
  }
  return Array.isArray(schema.anyOf) ? { ...schema, anyOf: [...schema.anyOf, { type: 'null' }] } : schema;
}
