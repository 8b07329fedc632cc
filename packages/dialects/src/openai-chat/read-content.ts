// https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages

import { InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { isObject, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { imageOfBase64, imageOfUrl } from '../model/image.ts';
import type {
  DocumentPart,
  ImagePart,
  MediaSource,
  Part,
  TextPart,
  ToolResultPart,
} from '../model/request.ts';

/** Text, or parts. Blocks of Anthropic's form are read too: Cursor sends them here under some model names. */
export function readContent(content: JsonValue | undefined, field: string): readonly Part[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  if (content === undefined || content === null) return [];
  return fields.optionalList(content, field).map((item, at) => readPart(item, `${field}.${at}`));
}

export function readTexts(content: JsonValue | undefined, field: string): readonly TextPart[] {
  return readContent(content, field).map((part, at) => {
    if (part.kind !== 'text')
      throw new InvalidRequest(`${field}.${at}`, `The field "${field}.${at}" must be text.`);
    return part;
  });
}

/** What may stand in a tool's result. */
export function resultParts(parts: readonly Part[]): ToolResultPart['parts'] {
  return parts.filter(
    (part) =>
      part.kind === 'text' || part.kind === 'image' || part.kind === 'document' || part.kind === 'foreign',
  );
}

/** One part of a list. */
export function readPart(item: JsonValue, field: string): Part {
  const part = typeof item === 'string' ? { type: 'text', text: item } : fields.requiredObject(item, field);
  const type = fields.requiredString(part.type, `${field}.type`);
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return {
        kind: 'text',
        text: fields.optionalString(part.text, `${field}.text`) ?? '',
        ...cacheControl(part),
      };
    case 'thinking': {
      const signature = stringOf(part.signature);
      const text = fields.optionalString(part.thinking, `${field}.thinking`) ?? '';
      return { kind: 'thinking', text, ...(signature && { signature }) };
    }
    case 'redacted_thinking':
      return { kind: 'redactedThinking', data: stringOf(part.data) ?? '' };
    case 'refusal':
      return { kind: 'text', text: fields.optionalString(part.refusal, `${field}.refusal`) ?? '' };
    case 'image_url':
    case 'input_image':
      return readImage(part, field);
    case 'image':
      return readImageBlock(part, field);
    case 'file':
    case 'input_file':
      return readFile(part, field);
    case 'tool_use':
      return {
        kind: 'toolCall',
        id: fields.requiredString(part.id, `${field}.id`),
        name: fields.requiredString(part.name, `${field}.name`),
        argumentsText: JSON.stringify(fields.optionalObject(part.input, `${field}.input`) ?? {}),
      };
    case 'tool_result':
      return {
        kind: 'toolResult',
        callId: fields.requiredString(part.tool_use_id, `${field}.tool_use_id`),
        parts: resultParts(readContent(part.content, `${field}.content`)),
        isError: part.is_error === true,
      };
    default:
      return { kind: 'foreign', dialect: 'openai-chat', type, value: part };
  }
}

function readImage(part: JsonObject, field: string): ImagePart {
  const given = part.image_url;
  const isNested = isObject(given);
  const path = isNested ? `${field}.image_url.url` : `${field}.image_url`;
  const url = fields.requiredString(isNested ? given.url : given, path);
  const detail = stringOf(isNested ? given.detail : part.detail);
  return {
    kind: 'image',
    source: imageOfUrl(url, path),
    ...(detail !== undefined && { detail }),
    ...cacheControl(part),
  };
}

function readImageBlock(part: JsonObject, field: string): ImagePart {
  const source = fields.requiredObject(part.source, `${field}.source`);
  if (source.type === 'url') {
    const url = fields.requiredString(source.url, `${field}.source.url`);
    return { kind: 'image', source: imageOfUrl(url, `${field}.source.url`), ...cacheControl(part) };
  }
  const mediaType = fields.requiredString(source.media_type, `${field}.source.media_type`);
  const data = fields.requiredString(source.data, `${field}.source.data`);
  return { kind: 'image', source: imageOfBase64(mediaType, data, `${field}.source`), ...cacheControl(part) };
}

function readFile(part: JsonObject, field: string): DocumentPart {
  const file = objectOf(part.file) ?? part;
  const path = objectOf(part.file) === undefined ? field : `${field}.file`;
  const title = fields.optionalString(file.filename, `${path}.filename`);
  return {
    kind: 'document',
    source: fileSource(file, path),
    ...(title !== undefined && { title }),
    ...cacheControl(part),
  };
}

function fileSource(file: JsonObject, field: string): MediaSource {
  const fileId = fields.optionalString(file.file_id, `${field}.file_id`);
  if (fileId !== undefined) return { kind: 'file', fileId };
  const url = fields.optionalString(file.file_url, `${field}.file_url`);
  if (url !== undefined) return { kind: 'url', url };
  const text = fields.requiredString(file.file_data, `${field}.file_data`);
  const comma = text.indexOf(',');
  const head = /^data:([^;,\s]+)(?:;[^;,]+)*;base64$/i.exec(text.slice(0, Math.min(Math.max(comma, 0), 256)));
  // The published form is a data URL; bare base64 is taken as the PDF that it is in practice.
  if (head?.[1] === undefined) return { kind: 'base64', mediaType: 'application/pdf', data: text };
  return { kind: 'base64', mediaType: head[1], data: text.slice(comma + 1) };
}

/** Qwen takes Anthropic's marks in this dialect too. */
function cacheControl(part: JsonObject): { cacheControl?: JsonObject } {
  return isObject(part.cache_control) ? { cacheControl: part.cache_control } : {};
}
