// The published forms of generateContent. Google's servers take every name in camelCase and in snake_case.
// https://ai.google.dev/api/generate-content

import { isObject } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';

/** Clients without a signature send this, and the provider then asks for none: https://ai.google.dev/gemini-api/docs/thought-signatures */
export const SIGNATURE_SENTINEL = 'skip_thought_signature_validator';

/** Request fields that the hub model holds whole; every other one rides in `extra`. */
export const HUB_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'serviceTier',
]);

/** The fields of `generationConfig` that the hub model holds. */
export const HUB_CONFIG_FIELDS: ReadonlySet<string> = new Set([
  'temperature',
  'topP',
  'topK',
  'maxOutputTokens',
  'stopSequences',
  'candidateCount',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  '_responseJsonSchema',
  'thinkingConfig',
]);

/** An object with its own names in camelCase; what stands inside them is left alone. */
export function camelCased(object: JsonObject): JsonObject {
  const names = Object.keys(object);
  if (!names.some((name) => name.includes('_'))) return object;
  return Object.fromEntries(names.map((name) => [camelCase(name), object[name]]));
}

function camelCase(name: string): string {
  return name.replaceAll(/(?<=[a-zA-Z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Google's own examples write a list of one as the thing itself. */
export function oneOrMany(value: JsonValue | undefined): JsonValue | undefined {
  return isObject(value) ? [value] : value;
}
