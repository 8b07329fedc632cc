// The subset of OpenAPI's schemas that `parameters` and `responseSchema` take: https://ai.google.dev/api/caching#Schema

import { isObject, type Json, listOf, objectOf, stringOf } from './json.ts';
import type { Complaints } from './problem.ts';

/** @param known in camelCase; snake_case is taken as well */
export function* unknownName(object: Json, known: readonly string[], place: string): Complaints {
  for (const name of Object.keys(object)) {
    if (known.includes(camelCase(name))) continue;
    const where = place === '' ? '' : ` at '${place}'`;
    yield { message: `Invalid JSON payload received. Unknown name "${name}"${where}: Cannot find field.` };
  }
}

function camelCase(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const KEYWORDS = [
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'enum',
  'items',
  'maxItems',
  'minItems',
  'properties',
  'required',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'example',
  'anyOf',
  'propertyOrdering',
  'default',
];

const TYPES = ['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL', 'TYPE_UNSPECIFIED'];

export function* schemaComplaints(value: unknown, place: string): Complaints {
  if (!isObject(value)) {
    yield {
      message: `Invalid value at '${place}' (type.googleapis.com/google.ai.generativelanguage.v1beta.Schema), ${JSON.stringify(value)}`,
    };
  }
  const schema = objectOf(value);
  yield* unknownName(schema, KEYWORDS, place);
  if (Array.isArray(schema.type)) {
    yield {
      message: `Invalid JSON payload received. Unknown name "type" at '${place}': Proto field is not repeating, cannot start list.`,
    };
  }
  const type = stringOf(schema.type).toUpperCase();
  if (schema.type !== undefined && !TYPES.includes(type)) {
    yield {
      message: `Invalid value at '${place}.type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), "${schema.type}"`,
    };
  }
  const wrong = listOf(schema.enum).find((item) => typeof item !== 'string');
  if (wrong !== undefined) {
    yield { message: `Invalid value at '${place}.enum[0]' (TYPE_STRING), ${JSON.stringify(wrong)}` };
  }
  if (schema.enum !== undefined && type !== 'STRING') {
    yield { message: `* GenerateContentRequest.${place}.enum: only allowed for STRING type` };
  }
  if (
    type === 'STRING' &&
    schema.format !== undefined &&
    !['enum', 'date-time'].includes(stringOf(schema.format))
  ) {
    yield {
      message: `* GenerateContentRequest.${place}.format: only 'enum' and 'date-time' are supported for STRING type`,
    };
  }
  if (type === 'ARRAY' && schema.items === undefined) {
    yield { message: `* GenerateContentRequest.${place}.items: missing field.` };
  }
  const properties = objectOf(schema.properties);
  for (const [at, name] of listOf(schema.required).entries()) {
    if (stringOf(name) in properties) continue;
    yield { message: `* GenerateContentRequest.${place}.required[${at}]: property is not defined` };
  }
  for (const [at, inner] of Object.values(properties).entries()) {
    yield* schemaComplaints(inner, `${place}.properties[${at}].value`);
  }
  if (schema.items !== undefined) yield* schemaComplaints(schema.items, `${place}.items`);
  for (const [at, inner] of listOf(schema.anyOf).entries()) {
    yield* schemaComplaints(inner, `${place}.any_of[${at}]`);
  }
}
