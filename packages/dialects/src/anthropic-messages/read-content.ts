// https://docs.claude.com/en/api/messages#body-messages

import { InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { isObject } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { imageOfBase64, imageOfUrl } from '../model/image.ts';
import type { DocumentPart, ForeignPart, MediaSource, Part, ToolResultPart } from '../model/request.ts';

/** A string is one block of text. A block that only this dialect knows is kept as it came. */
export function readContent(content: JsonValue | undefined, field: string): readonly Part[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) {
    throw new InvalidRequest(field, `The field "${field}" must be a string or a list of blocks.`);
  }
  return content.map((block: JsonValue, at) => readBlock(block, `${field}.${at}`));
}

/** What a message sets beside its role and content, like `output_config`: kept as parts without a type of their own. */
export function readMessageFields(message: JsonObject): readonly ForeignPart[] {
  return Object.entries(message)
    .filter(([name]) => !MESSAGE_FIELDS.has(name))
    .map(([name, value]) => foreign(name, { [name]: value }));
}

const MESSAGE_FIELDS = new Set(['role', 'content', 'type']);

function readBlock(value: JsonValue, field: string): Part {
  const block = fields.requiredObject(value, field);
  const type = fields.requiredString(block.type, `${field}.type`);
  switch (type) {
    case 'text':
      return { kind: 'text', text: stringAt(block, 'text', field), ...cacheControl(block) };
    case 'image':
      return { kind: 'image', source: readImageSource(block, field), ...cacheControl(block) };
    case 'document':
      return readDocument(block, field);
    case 'thinking': {
      const signature = fields.optionalString(block.signature, `${field}.signature`);
      // Clients echo the thinking of other models with an empty signature.
      return { kind: 'thinking', text: stringAt(block, 'thinking', field), ...(signature && { signature }) };
    }
    case 'redacted_thinking':
      return { kind: 'redactedThinking', data: stringAt(block, 'data', field) };
    case 'tool_use':
      return {
        kind: 'toolCall',
        id: fields.requiredString(block.id, `${field}.id`),
        name: fields.requiredString(block.name, `${field}.name`),
        argumentsText: JSON.stringify(fields.optionalObject(block.input, `${field}.input`) ?? {}),
        ...cacheControl(block),
      };
    case 'tool_result':
      return readToolResult(block, field);
    default:
      return foreign(type, block);
  }
}

function readToolResult(block: JsonObject, field: string): ToolResultPart {
  const parts = readContent(block.content ?? [], `${field}.content`).filter(
    (part) =>
      part.kind === 'text' || part.kind === 'image' || part.kind === 'document' || part.kind === 'foreign',
  );
  return {
    kind: 'toolResult',
    callId: fields.requiredString(block.tool_use_id, `${field}.tool_use_id`),
    parts,
    isError: fields.optionalBoolean(block.is_error, `${field}.is_error`) ?? false,
    ...cacheControl(block),
  };
}

function readImageSource(block: JsonObject, field: string): MediaSource {
  const source = fields.requiredObject(block.source, `${field}.source`);
  switch (source.type) {
    case 'url':
      return imageOfUrl(fields.requiredString(source.url, `${field}.source.url`), `${field}.source.url`);
    case 'file':
      return { kind: 'file', fileId: fields.requiredString(source.file_id, `${field}.source.file_id`) };
    default: {
      const mediaType = stringAt(source, 'media_type', `${field}.source`);
      return imageOfBase64(mediaType, stringAt(source, 'data', `${field}.source`), `${field}.source`);
    }
  }
}

function readDocument(block: JsonObject, field: string): DocumentPart | ForeignPart {
  const source = fields.requiredObject(block.source, `${field}.source`);
  const title = fields.optionalString(block.title, `${field}.title`);
  const read = readDocumentSource(source, `${field}.source`);
  if (read === undefined) return foreign('document', block);
  return { kind: 'document', source: read, ...(title !== undefined && { title }), ...cacheControl(block) };
}

/** Undefined for sources that only this dialect has, like lists of content blocks. */
function readDocumentSource(source: JsonObject, field: string): DocumentPart['source'] | undefined {
  switch (source.type) {
    case 'base64':
      return {
        kind: 'base64',
        mediaType: stringAt(source, 'media_type', field),
        data: stringAt(source, 'data', field),
      };
    case 'url':
      return { kind: 'url', url: fields.requiredString(source.url, `${field}.url`) };
    case 'file':
      return { kind: 'file', fileId: fields.requiredString(source.file_id, `${field}.file_id`) };
    case 'text':
      return { kind: 'text', text: stringAt(source, 'data', field) };
    default:
      return undefined;
  }
}

function stringAt(object: JsonObject, name: string, field: string): string {
  const value = object[name];
  return value === '' ? '' : fields.requiredString(value, `${field}.${name}`);
}

function foreign(type: string, value: JsonObject): ForeignPart {
  return { kind: 'foreign', dialect: 'anthropic-messages', type, value };
}

export function cacheControl(block: JsonObject): { cacheControl?: JsonObject } {
  return isObject(block.cache_control) ? { cacheControl: block.cache_control } : {};
}
