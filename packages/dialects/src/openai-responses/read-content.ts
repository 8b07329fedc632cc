// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input

import * as fields from '../json/fields.ts';
import { isObject, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { ImagePart, Part, ToolResultPart } from '../model/request.ts';
import {
  readContent as readChatContent,
  readPart as readChatPart,
  resultParts,
} from '../openai-chat/read-content.ts';

/** Text, or parts. OpenAI's other dialect reads the parts of this one too, since clients mix the two. */
export function readContent(content: JsonValue | undefined, field: string): readonly Part[] {
  if (!Array.isArray(content)) return readChatContent(content, field);
  return fields.optionalList(content, field).map((item, at) => readPart(item, `${field}.${at}`));
}

export function readResultContent(content: JsonValue | undefined, field: string): ToolResultPart['parts'] {
  return resultParts(readContent(content, field));
}

function readPart(item: JsonValue, field: string): Part {
  const stored = isObject(item) ? storedImage(item) : undefined;
  if (stored !== undefined) return stored;
  const part = readChatPart(item, field);
  return part.kind === 'foreign' ? { ...part, dialect: 'openai-responses' } : part;
}

/** An image that OpenAI was given before: only this dialect names one. */
function storedImage(part: JsonObject): ImagePart | undefined {
  const fileId = stringOf(part.file_id);
  if (part.type !== 'input_image' || !fileId) return undefined;
  const detail = stringOf(part.detail);
  return { kind: 'image', source: { kind: 'file', fileId }, ...(detail !== undefined && { detail }) };
}
