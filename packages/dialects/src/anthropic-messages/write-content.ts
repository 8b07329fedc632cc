// https://docs.claude.com/en/api/messages#body-messages

import { objectOf, parseJson } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { digest } from '../model/digest.ts';
import type { DocumentPart, ImagePart, Part, ToolResultPart } from '../model/request.ts';
import { isClaude } from './model-family.ts';

export interface ContentWriter {
  readonly model: string;
  /** Where the parts stand: `messages.3`. */
  readonly field: string;
  readonly dropped: Set<string>;
}

/** The blocks of a part, none for what this dialect cannot carry. */
export function writePart(part: Part, writer: ContentWriter): readonly JsonObject[] {
  const { field, dropped } = writer;
  switch (part.kind) {
    case 'text':
      // "messages: text content blocks must contain non-whitespace text"
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text, ...cacheControl(part) }];
    case 'image':
      return [writeImage(part, writer)];
    case 'document':
      return [writeDocument(part, writer)];
    case 'thinking':
      if (part.signature !== undefined && part.hasLostWords !== true) {
        return [{ type: 'thinking', thinking: part.text, signature: part.signature }];
      }
      if (!isClaude(writer.model)) {
        return part.text === '' ? [] : [{ type: 'thinking', thinking: part.text, signature: '' }];
      }
      // Without the signature of the model that thought it, or without the words that were signed, a thought is refused.
      dropped.add(`${field}.thinking`);
      return [];
    case 'redactedThinking':
      return [{ type: 'redacted_thinking', data: part.data }];
    case 'toolCall': {
      const input = objectOf(parseJson(part.argumentsText || '{}')) ?? { arguments: part.argumentsText };
      return [{ type: 'tool_use', id: callId(part.id), name: part.name, input, ...cacheControl(part) }];
    }
    case 'toolResult':
      return [writeResult(part, writer)];
    case 'foreign':
      if (part.dialect === 'anthropic-messages') return [part.value];
      dropped.add(`${field}.${part.type}`);
      return [];
  }
}

function writeResult(result: ToolResultPart, writer: ContentWriter): JsonObject {
  const content = result.parts.flatMap((part) => writePart(part, writer));
  return {
    type: 'tool_result',
    tool_use_id: callId(result.callId),
    ...(content.length > 0 && { content }),
    ...(result.isError && { is_error: true }),
    ...cacheControl(result),
  };
}

function writeImage(part: ImagePart, { field, dropped }: ContentWriter): JsonObject {
  if (part.detail !== undefined) dropped.add(`${field}.image_url.detail`);
  if (isStoredElsewhere(part.source)) {
    dropped.add(`${field}.image`);
    return { type: 'text', text: '[An image was attached that cannot be shown here.]' };
  }
  return { type: 'image', source: writeSource(part.source), ...cacheControl(part) };
}

function writeDocument(part: DocumentPart, { field, dropped }: ContentWriter): JsonObject {
  if (isStoredElsewhere(part.source)) {
    dropped.add(`${field}.document`);
    return { type: 'text', text: '[A document was attached that cannot be shown here.]' };
  }
  return {
    type: 'document',
    source: writeSource(part.source),
    ...(part.title !== undefined && { title: part.title }),
    ...cacheControl(part),
  };
}

/** Anthropic's own names of files begin with `file_`, OpenAI's with `file-`. */
function isStoredElsewhere(source: DocumentPart['source']): boolean {
  return source.kind === 'file' && !source.fileId.startsWith('file_');
}

function writeSource(source: DocumentPart['source']): JsonObject {
  switch (source.kind) {
    case 'base64':
      // Beside PDF and images only plain text is taken, and that not as base64.
      return source.mediaType.startsWith('text/')
        ? textSource(Buffer.from(source.data, 'base64').toString('utf8'))
        : { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'url':
      return { type: 'url', url: source.url };
    case 'file':
      return { type: 'file', file_id: source.fileId };
    case 'text':
      return textSource(source.text);
  }
}

function textSource(text: string): JsonObject {
  return { type: 'text', media_type: 'text/plain', data: text };
}

/** Anthropic: "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'". */
function callId(id: string): string {
  return /^[a-zA-Z0-9_-]+$/.test(id)
    ? id
    : `${id.replaceAll(/[^a-zA-Z0-9_-]/g, '_')}_${digest(id).slice(0, 8)}`;
}

export function cacheControl(part: { readonly cacheControl?: JsonObject }): JsonObject {
  return part.cacheControl === undefined ? {} : { cache_control: part.cacheControl };
}
