import { isObject, listOf, objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';

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

/** "For 'object' type, 'additionalProperties' must be explicitly set to false": so at every depth of an output's schema. */
export function closedSchema(schema: JsonObject): JsonObject {
  return closed(schema) as JsonObject;
}

function closed(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((item: JsonValue) => closed(item) ?? null);
  const schema = objectOf(value);
  if (schema === undefined) return value;
  const inner = mapped(schema, (part, name) => {
    const named = NAMED.has(name) ? objectOf(part) : undefined;
    if (named !== undefined) return mapped(named, closed);
    return VALUES.has(name) ? part : closed(part);
  });
  return schema.type === 'object' && isObject(schema.properties)
    ? { ...inner, additionalProperties: false }
    : inner;
}

function mapped(
  object: JsonObject,
  change: (part: JsonValue | undefined, name: string) => JsonValue | undefined,
): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, part]) => [name, change(part, name)]));
}

/** Keywords that hold schemas under names of their own. */
const NAMED: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
/** Keywords that hold values and not schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'required']);
