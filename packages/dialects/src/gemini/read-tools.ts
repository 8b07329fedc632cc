// https://ai.google.dev/api/caching#Tool

import * as fields from '../json/fields.ts';
import { isObject, listOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Tool } from '../model/request.ts';
import { readSchema } from './read-schema.ts';
import { camelCased, oneOrMany } from './wire.ts';

/** One entry may declare functions and ask for several tools of the provider's. */
export function readTools(value: JsonValue | undefined): readonly Tool[] {
  return fields.optionalList(oneOrMany(value), 'tools').flatMap((item, at) => {
    const entry = camelCased(fields.requiredObject(item, `tools.${at}`));
    return Object.entries(entry).flatMap(([name, given]): readonly Tool[] => {
      if (given === undefined || given === null) return [];
      const field = `tools.${at}.${name}`;
      if (name !== 'functionDeclarations') return [readOwnTool(name, given)];
      return fields
        .optionalList(oneOrMany(given), field)
        .map((declared, index) => readFunction(declared, `${field}.${index}`));
    });
  });
}

function readOwnTool(type: string, given: JsonValue): Tool {
  const value = { [type]: given };
  if (type !== 'googleSearch' && type !== 'googleSearchRetrieval') {
    return { kind: 'foreign', dialect: 'gemini', type, value };
  }
  const settings = isObject(given) ? camelCased(given) : {};
  const blockedDomains = listOf(settings.excludeDomains).filter((domain) => typeof domain === 'string');
  return {
    kind: 'webSearch',
    dialect: 'gemini',
    value,
    ...(blockedDomains.length > 0 && { blockedDomains }),
  };
}

/** Fields that the hub holds; a declaration may have others, like `response` and `behavior`. */
const HUB_FIELDS = new Set(['name', 'description', 'parameters', 'parametersJsonSchema']);

function readFunction(value: JsonValue, field: string): Tool {
  const declared = camelCased(fields.requiredObject(value, field));
  const schema = fields.optionalObject(
    declared.parametersJsonSchema ?? declared.parameters,
    `${field}.parameters`,
  );
  const description = fields.optionalString(declared.description, `${field}.description`);
  const others = Object.entries(declared).filter(([name]) => !HUB_FIELDS.has(name));
  return {
    kind: 'function',
    name: fields.requiredString(declared.name, `${field}.name`),
    schema: schema === undefined ? emptySchema() : readSchema(schema),
    ...fields.present({ description }),
    ...(others.length > 0 && { extra: { gemini: Object.fromEntries(others) } }),
  };
}

function emptySchema(): JsonObject {
  return { type: 'object', properties: {} };
}
