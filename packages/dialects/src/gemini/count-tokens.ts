// https://ai.google.dev/api/tokens#method:-models.counttokens

import { InvalidRequest } from '../dialect.ts';
import { isObject } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Request } from '../model/request.ts';
import { readRequest } from './read-request.ts';
import { camelCased } from './wire.ts';

/**
 * What is to be counted: `contents` alone, as Gemini CLI asks for files, or a whole `generateContentRequest`.
 * @param model from the path; without it the request must name it
 * @throws InvalidRequest naming the field
 */
export function readCountTokens(value: JsonValue, model = ''): Request {
  if (!isObject(value)) throw new InvalidRequest('', 'The body must be a JSON object.');
  const body = camelCased(value);
  const inner = isObject(body.generateContentRequest) ? camelCased(body.generateContentRequest) : body;
  const named = typeof inner.model === 'string' ? inner.model.replace(/^models\//, '') : '';
  return readRequest(inner, { model: model || named || UNNAMED, isStreaming: false });
}

export function writeCountTokens(total: number): JsonObject {
  return { totalTokens: total };
}

/** A count without a model is one by the gateway's own measure. */
const UNNAMED = 'unnamed';
