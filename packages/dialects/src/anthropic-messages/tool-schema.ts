import { listOf, objectOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';

const UNIONS = ['anyOf', 'oneOf', 'allOf'] as const;

/**
 * "input_schema.type: Field required", "input_schema does not support oneOf, allOf, or anyOf at the top level": the
 * branches of a union become properties side by side, none of them required unless all branches are meant at once.
 */
export function objectSchema(schema: JsonObject): JsonObject {
  const branches = UNIONS.flatMap((name) => listOf(schema[name]).map(objectOf)).filter(
    (branch) => branch !== undefined,
  );
  const rest = Object.fromEntries(Object.entries(schema).filter(([name]) => !UNION_NAMES.has(name)));
  if (branches.length === 0) return { ...rest, type: 'object' };
  const properties = Object.assign({}, ...branches.map((branch) => branch.properties), schema.properties);
  const required = [schema, ...listOf(schema.allOf).map(objectOf)].flatMap((part) => listOf(part?.required));
  return { ...rest, type: 'object', properties, ...(required.length > 0 && { required }) };
}

const UNION_NAMES: ReadonlySet<string> = new Set(UNIONS);
