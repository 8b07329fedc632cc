// JSON Schema as Google's `Schema`, a part of OpenAPI 3.0: "Invalid JSON payload received. Unknown name" is the answer to
// the whole request for one keyword that is not in it. What it cannot say is left out; what it says otherwise is said so.
// https://ai.google.dev/api/caching#Schema
//
// Invariant: the result holds only the listed keywords, every type stands, every list has items, what is required is a
// property, and it is never larger than the bound, however the references of the source are knotted.

import { isObject, listOf, numberOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { SchemaSource } from './schema-branches.ts';

/** Google's servers refuse deeper ones, and no function has arguments like that. */
const DEPTH_MAX = 32;

export function openApiSchema(schema: JsonObject): JsonObject {
  return new SchemaWriter(schema).write(schema, []);
}

class SchemaWriter {
  readonly #source: SchemaSource;
  #depth = 0;

  constructor(root: JsonObject) {
    this.#source = new SchemaSource(root);
  }

  /** @param references those that are being followed */
  write(given: JsonObject, references: readonly string[]): JsonObject {
    const found = this.#depth < DEPTH_MAX ? this.#source.gather(given, references) : undefined;
    if (found === undefined) return { type: 'OBJECT', ...wordsOf(given) };
    this.#depth += 1;
    const written = this.#writeGathered(found.schema, found.references);
    this.#depth -= 1;
    return written;
  }

  #writeGathered(schema: JsonObject, references: readonly string[]): JsonObject {
    const types = typesOf(schema);
    const isNullable =
      schema.nullable === true || types.includes('null') || listOf(schema.enum).includes(null);
    const nullable = isNullable ? { nullable: true } : {};
    const named = types.filter((type) => type !== 'null');

    const branches = branchesOf(schema);
    if (branches.length > 0) return this.#writeUnion(schema, branches, isNullable, references);
    if (named.length > 1) {
      const each = named.map((type) => ({ ...schema, type, nullable: isNullable }));
      return { anyOf: each.map((branch) => this.write(branch, references)) };
    }
    if (schema.enum !== undefined || schema.const !== undefined) {
      return { type: 'STRING', ...wordsOf(schema), ...nullable, ...enumOf(schema) };
    }
    const type = named[0] ?? impliedType(schema);
    return {
      type: type.toUpperCase(),
      ...wordsOf(schema),
      ...nullable,
      ...this.#keywords(type, schema, references),
    };
  }

  /** "When using any_of, it must be the only field set": what is said of all is said of each. */
  #writeUnion(
    schema: JsonObject,
    branches: readonly JsonObject[],
    isNullable: boolean,
    references: readonly string[],
  ): JsonObject {
    const { anyOf: _, oneOf: __, ...rest } = schema;
    const real = branches.filter((branch) => !isNull(branch));
    const isEachNullable = isNullable || real.length < branches.length;
    const each = real.map((branch) => ({
      ...rest,
      ...branch,
      ...(isEachNullable && { nullable: true }),
    }));
    const [only, ...others] = each;
    if (only === undefined) return this.write({ ...rest, type: 'null' }, references);
    if (others.length === 0) return this.write(only, references);
    return { anyOf: each.map((branch) => this.write(branch, references)) };
  }

  #keywords(type: string, schema: JsonObject, references: readonly string[]): JsonObject {
    switch (type) {
      case 'object':
        return this.#writeObject(schema, references);
      case 'array':
        return this.#writeArray(schema, references);
      case 'string':
        return { ...formatOf(schema), ...patternOf(schema), ...countsOf(schema, 'minLength', 'maxLength') };
      case 'integer':
      case 'number':
        return { ...formatOf(schema), ...limitsOf(schema, type) };
      default:
        return {};
    }
  }

  #writeObject(schema: JsonObject, references: readonly string[]): JsonObject {
    const properties: Record<string, JsonObject> = {};
    for (const [name, property] of Object.entries(objectOf(schema.properties) ?? {})) {
      if (property === true) properties[name] = this.write({}, references);
      else if (isObject(property)) properties[name] = this.write(property, references);
    }
    const known = (name: JsonValue): boolean => typeof name === 'string' && Object.hasOwn(properties, name);
    const required = [...new Set(listOf(schema.required).filter(known))];
    const ordering = listOf(schema.propertyOrdering).filter(known);
    return {
      ...(Object.keys(properties).length > 0 && { properties }),
      ...(required.length > 0 && { required }),
      ...(ordering.length > 0 && { propertyOrdering: ordering }),
      ...countsOf(schema, 'minProperties', 'maxProperties'),
    };
  }

  #writeArray(schema: JsonObject, references: readonly string[]): JsonObject {
    const tuple = [...listOf(schema.prefixItems), ...listOf(schema.items)].filter(isObject);
    const kinds = tuple.map((item) => this.write(item, references));
    const unlike = [...new Map(kinds.map((kind) => [JSON.stringify(kind), kind])).values()];
    const single = objectOf(schema.items);
    const items = unlike.length > 1 ? { anyOf: unlike } : (unlike[0] ?? this.write(single ?? {}, references));
    return { items, ...countsOf(schema, 'minItems', 'maxItems') };
  }
}

const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);

function typesOf(schema: JsonObject): readonly string[] {
  const given = Array.isArray(schema.type) ? listOf(schema.type) : [schema.type ?? null];
  const types = given.flatMap((type) => (typeof type === 'string' ? [type.toLowerCase()] : []));
  return [...new Set(types.filter((type) => TYPES.has(type)))];
}

function isNull(branch: JsonObject): boolean {
  const types = typesOf(branch);
  return (types.length === 1 && types[0] === 'null') || ('const' in branch && branch.const === null);
}

/** The type that a schema's other keywords speak of; a text can hold anything. */
function impliedType(schema: JsonObject): string {
  if ('properties' in schema || 'additionalProperties' in schema) return 'object';
  if ('items' in schema || 'prefixItems' in schema) return 'array';
  return 'minimum' in schema || 'maximum' in schema ? 'number' : 'string';
}

function branchesOf(schema: JsonObject): readonly JsonObject[] {
  return [...listOf(schema.anyOf), ...listOf(schema.oneOf)].filter(isObject);
}

function wordsOf(schema: JsonObject): JsonObject {
  const title = stringOf(schema.title);
  const description = stringOf(schema.description);
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(schema.default !== undefined && { default: schema.default }),
    ...(schema.example !== undefined && { example: schema.example }),
  };
}

/** "enum: only allowed for STRING type", and none of it empty. */
function enumOf(schema: JsonObject): JsonObject {
  const values = schema.const === undefined ? listOf(schema.enum) : [schema.const];
  const words = values
    .filter((value) => value !== null && value !== '')
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return words.length === 0 ? {} : { enum: [...new Set(words)] };
}

const FORMATS = new Set(['date-time', 'enum', 'float', 'double', 'int32', 'int64']);

function formatOf(schema: JsonObject): JsonObject {
  const format = stringOf(schema.format) ?? '';
  return FORMATS.has(format) ? { format } : {};
}

/** The provider's expressions cannot look around. */
function patternOf(schema: JsonObject): JsonObject {
  const pattern = stringOf(schema.pattern);
  return pattern === undefined || /\(\?<?[=!]/.test(pattern) ? {} : { pattern };
}

/** Numbers of 64 bits are strings in Google's JSON. */
function countsOf(schema: JsonObject, least: string, most: string): JsonObject {
  const counts: Record<string, string> = {};
  for (const name of [least, most]) {
    const given = schema[name];
    const isCount = typeof given === 'number' ? Number.isSafeInteger(given) && given >= 0 : isDigits(given);
    if (isCount) counts[name] = String(given);
  }
  return counts;
}

function isDigits(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && /^\d{1,15}$/.test(value);
}

/** Only closed bounds can be said; those of all safe integers say nothing. */
function limitsOf(schema: JsonObject, type: 'integer' | 'number'): JsonObject {
  const minimum = bound(schema.minimum, schema.exclusiveMinimum, type, 1);
  const maximum = bound(schema.maximum, schema.exclusiveMaximum, type, -1);
  return { ...(minimum !== undefined && { minimum }), ...(maximum !== undefined && { maximum }) };
}

/** An open bound is the number itself, or, in older schemas, said of the closed one. */
function bound(
  closed: JsonValue | undefined,
  open: JsonValue | undefined,
  type: 'integer' | 'number',
  step: 1 | -1,
): number | undefined {
  const limit = numberOf(open) ?? (open === true ? numberOf(closed) : undefined);
  const inside =
    type === 'integer' && limit !== undefined ? Math.floor(limit * step) * step + step : undefined;
  const bounds = [open === true ? undefined : numberOf(closed), inside].filter(
    (value) => value !== undefined,
  );
  if (bounds.length === 0) return undefined;
  const tightest = step === 1 ? Math.max(...bounds) : Math.min(...bounds);
  return Math.abs(tightest) >= Number.MAX_SAFE_INTEGER ? undefined : tightest;
}
