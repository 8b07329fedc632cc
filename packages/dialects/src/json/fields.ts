// The checked forms of request fields. Absent and null are alike, as in the published API; anything else of a wrong type
// is refused with its dotted path.

import { InvalidRequest } from '../dialect.ts';
import { isObject } from './narrow.ts';
import type { JsonObject, JsonValue } from './value.ts';

export function optionalString(value: JsonValue | undefined, field: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(field, 'a string');
  return value;
}

export function requiredString(value: JsonValue | undefined, field: string): string {
  if (typeof value !== 'string' || value === '') throw wrongType(field, 'a string that is not empty');
  return value;
}

export function optionalBoolean(value: JsonValue | undefined, field: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw wrongType(field, 'true or false');
  return value;
}

export function optionalNumber(value: JsonValue | undefined, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw wrongType(field, 'a number');
  return value;
}

export function optionalPositiveInteger(value: JsonValue | undefined, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw wrongType(field, 'a whole number of at least 1');
  }
  return value;
}

export function requiredObject(value: JsonValue | undefined, field: string): JsonObject {
  if (!isObject(value)) throw wrongType(field, 'an object');
  return value;
}

export function optionalObject(value: JsonValue | undefined, field: string): JsonObject | undefined {
  return value === undefined || value === null ? undefined : requiredObject(value, field);
}

/** Nothing when the field is absent. */
export function optionalList(value: JsonValue | undefined, field: string): readonly JsonValue[] {
  return value === undefined || value === null ? [] : requiredList(value, field);
}

function requiredList(value: JsonValue | undefined, field: string): readonly JsonValue[] {
  if (!Array.isArray(value)) throw wrongType(field, 'a list');
  return value;
}

type Present<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** Only the fields that have a value, so that an absent one is absent and not undefined. */
export function present<Fields extends object>(all: Fields): Present<Fields> {
  const found: Present<Fields> = {};
  for (const name in all) {
    const value = all[name];
    if (value !== undefined) found[name] = value as Present<Fields>[typeof name];
  }
  return found;
}

function wrongType(field: string, wanted: string): InvalidRequest {
  return new InvalidRequest(field, `The field "${field}" must be ${wanted}.`);
}
