// What JSON Schema spreads over references and branches, brought together in one schema.
// Invariant: it ends, and its work is bounded, however the references of the source are knotted.

import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';

export interface Gathered {
  readonly schema: JsonObject;
  /** The references that led here, whose second meeting is a cycle. */
  readonly references: readonly string[];
}

/** More parts than any tool was seen to have; references that double at each level pass it at once. */
const PARTS_MAX = 4_000;
const REFERENCES_MAX = 32;

export class SchemaSource {
  readonly #root: JsonObject;
  #partsLeft = PARTS_MAX;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /**
   * What a schema points to, with what stands beside it and in all branches of `allOf`. An object's own alternatives become
   * properties side by side, none of which is required by a branch. Undefined for a cycle, for what points nowhere, and
   * beyond the bound.
   */
  gather(given: JsonObject, references: readonly string[]): Gathered | undefined {
    this.#partsLeft -= 1;
    if (this.#partsLeft < 0) return undefined;
    const resolved = this.#resolve(given, references);
    if (resolved === undefined) return undefined;
    const { allOf, ...rest } = resolved.schema;
    const whole = this.#gatherInto({ ...resolved, schema: rest }, allOf, (branch) => branch);
    const { anyOf, oneOf, ...own } = whole.schema;
    const isObjectItself = own.type === 'object' || isObject(own.properties);
    if (!isObjectItself || (anyOf === undefined && oneOf === undefined)) return whole;
    const alternatives = [...listOf(anyOf), ...listOf(oneOf)];
    return this.#gatherInto({ ...whole, schema: own }, alternatives, ({ required: _, ...branch }) => branch);
  }

  #gatherInto(
    into: Gathered,
    branches: JsonValue | undefined,
    part: (branch: JsonObject) => JsonObject,
  ): Gathered {
    let { schema, references } = into;
    for (const item of listOf(branches)) {
      if (!isObject(item)) continue;
      // What a cycle leads back to is an object.
      const branch = this.gather(item, into.references) ?? { schema: { type: 'object' }, references: [] };
      schema = both(schema, part(branch.schema));
      references = [...new Set([...references, ...branch.references])];
    }
    return { schema, references };
  }

  #resolve(schema: JsonObject, references: readonly string[]): Gathered | undefined {
    const reference = stringOf(schema.$ref);
    if (reference === undefined) return { schema, references };
    if (references.includes(reference) || references.length >= REFERENCES_MAX) return undefined;
    const target = pointedAt(reference, this.#root);
    if (target === undefined) return undefined;
    const { $ref: _, ...beside } = schema;
    return this.#resolve({ ...target, ...beside }, [...references, reference]);
  }
}

/** What the first says stands; properties and what is required of them are of both. */
function both(first: JsonObject, second: JsonObject): JsonObject {
  const properties = { ...objectOf(second.properties), ...objectOf(first.properties) };
  const required = [...new Set([...listOf(first.required), ...listOf(second.required)])];
  return {
    ...second,
    ...first,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
  };
}

/** https://www.rfc-editor.org/rfc/rfc6901 in a fragment. */
function pointedAt(reference: string, root: JsonObject): JsonObject | undefined {
  if (!reference.startsWith('#')) return undefined;
  let at: JsonValue | undefined = root;
  for (const step of reference.slice(1).split('/').slice(1)) {
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) at = listOf(at)[Number(name)];
    else at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return objectOf(at);
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
