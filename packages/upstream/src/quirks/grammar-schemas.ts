// Servers of open weights compile each schema into a grammar, and what their compilers cannot do fails the whole request or
// the server: lookarounds, formats, bounds beyond what a counter holds.

import type { JsonObject, JsonValue } from '@ai-switch/dialects';
import { isObject, withFields, withFunctions } from './body.ts';
import type { Quirk } from './quirk.ts';

/** Above this a bound is a way to say that there is none: 2^53-1, 2^63-1. */
const BOUND_MAX = 2 ** 31;
const LOOKAROUND = /\(\?(?:[=!]|<[=!])/;
const BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];

/** llama.cpp, 2025-09: "failed to parse grammar"; xgrammar: "Lookahead is not supported yet." */
export const grammarSchemas: Quirk = (body) =>
  withFunctions(body, (declaration) => {
    const { parameters } = declaration;
    return isObject(parameters)
      ? withFields(declaration, { parameters: compilable(parameters) })
      : declaration;
  });

function compilable(schema: JsonObject): JsonObject {
  let fitted = schema;
  if (typeof schema.pattern === 'string' && LOOKAROUND.test(schema.pattern)) {
    fitted = withFields(fitted, { pattern: undefined });
  }
  if (typeof schema.format === 'string') fitted = withFields(fitted, { format: undefined });
  for (const name of BOUNDS) {
    const bound = schema[name];
    if (typeof bound === 'number' && Math.abs(bound) > BOUND_MAX)
      fitted = withFields(fitted, { [name]: undefined });
  }
  for (const name of ['items', 'additionalProperties', 'not']) {
    const inner = schema[name];
    if (isObject(inner)) fitted = withFields(fitted, { [name]: compilable(inner) });
  }
  for (const name of ['anyOf', 'oneOf', 'allOf', 'prefixItems']) {
    const inner = schema[name];
    if (Array.isArray(inner)) fitted = withFields(fitted, { [name]: eachCompilable(inner) });
  }
  for (const name of ['properties', '$defs', 'definitions', 'patternProperties']) {
    const inner = schema[name];
    if (isObject(inner)) fitted = withFields(fitted, { [name]: namedCompilable(inner) });
  }
  return fitted;
}

function eachCompilable(schemas: readonly JsonValue[]): readonly JsonValue[] {
  const fitted = schemas.map((schema) => (isObject(schema) ? compilable(schema) : schema));
  return fitted.some((schema, index) => schema !== schemas[index]) ? fitted : schemas;
}

function namedCompilable(schemas: JsonObject): JsonObject {
  const fitted = Object.entries(schemas).map(([name, schema]) => [
    name,
    isObject(schema) ? compilable(schema) : schema,
  ]);
  return withFields(schemas, Object.fromEntries(fitted));
}
