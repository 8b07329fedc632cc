// https://ai.google.dev/api/caching#Part

import { objectOf, parseJson } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type {
  DocumentPart,
  ForeignPart,
  ImagePart,
  MediaSource,
  Part,
  ToolCallPart,
  ToolResultPart,
} from '../model/request.ts';
import { foreignWords } from '../model/tool-reference.ts';
import { isMediaInResultTaken } from './model-family.ts';

export interface ContentWriter {
  readonly model: string;
  readonly dropped: Set<string>;
  /** The name of each call's function, by the call's id. */
  readonly names: ReadonlyMap<string, string>;
  readonly field: string;
}

/** A thought's signature stands on the part that follows it, or on an empty one where nothing does. */
export function writeParts(parts: readonly Part[], writer: ContentWriter): readonly JsonObject[] {
  const written: JsonObject[] = [];
  const attached: (ImagePart | DocumentPart)[] = [];
  let signature: string | undefined;
  const flush = (): void => {
    if (signature !== undefined) written.push({ text: '', thoughtSignature: signature });
    signature = undefined;
  };
  for (const part of parts) {
    if (part.kind === 'thinking') {
      flush();
      if (part.signature === undefined) writer.dropped.add(`${writer.field}.thinking`);
      else if (part.text !== '') written.push({ text: part.text, thought: true });
      signature = part.signature;
      continue;
    }
    const [first, ...others] = writePart(part, attached, writer);
    if (first === undefined) continue;
    written.push(signature === undefined ? first : { ...first, thoughtSignature: signature }, ...others);
    signature = undefined;
  }
  flush();
  return [...written, ...attached.flatMap((part) => writeMedia(part, writer))];
}

function writePart(
  part: Exclude<Part, { kind: 'thinking' }>,
  attached: (ImagePart | DocumentPart)[],
  writer: ContentWriter,
): readonly JsonObject[] {
  if ('cacheControl' in part && part.cacheControl !== undefined) writer.dropped.add('cache_control');
  switch (part.kind) {
    case 'text':
      return part.text === '' ? [] : [{ text: part.text }];
    case 'image':
    case 'document':
      return writeMedia(part, writer);
    case 'toolCall':
      return [writeCall(part)];
    case 'toolResult':
      return [writeResult(part, attached, writer)];
    case 'redactedThinking':
      writer.dropped.add('redacted_thinking');
      return [];
    case 'foreign':
      if (part.dialect === 'gemini') return [part.value];
      return foreignTexts(part, writer).map((text) => ({ text }));
  }
}

function writeCall(call: ToolCallPart): JsonObject {
  const args = objectOf(parseJson(call.argumentsText || '{}')) ?? { arguments: call.argumentsText };
  return { functionCall: { id: call.id, name: call.name, args } };
}

/** Models before 3 get images and documents of a result behind all results, as the user's. */
function writeResult(
  result: ToolResultPart,
  attached: (ImagePart | DocumentPart)[],
  writer: ContentWriter,
): JsonObject {
  const isMediaInside = isMediaInResultTaken(writer.model);
  const media: JsonObject[] = [];
  const texts = result.parts.flatMap((part): string[] => {
    if ('cacheControl' in part && part.cacheControl !== undefined) writer.dropped.add('cache_control');
    if (part.kind === 'text') return [part.text];
    if (part.kind === 'foreign') return foreignTexts(part, writer);
    const written = writeMedia(part, writer);
    const said = written.flatMap((item) => (typeof item.text === 'string' ? [item.text] : []));
    if (said.length > 0) return said;
    if (isMediaInside) media.push(...written);
    else attached.push(part);
    return isMediaInside
      ? []
      : [part.kind === 'image' ? '[image attached below]' : '[document attached below]'];
  });
  const text = texts.join('\n');
  return {
    functionResponse: {
      id: result.callId,
      name: writer.names.get(result.callId) ?? 'unknown',
      response: result.isError ? { error: text === '' ? 'failed' : text } : { output: text },
      ...(media.length > 0 && { parts: media }),
    },
  };
}

/** Media, or the text that stands in for what cannot be shown. */
function writeMedia(part: ImagePart | DocumentPart, writer: ContentWriter): readonly JsonObject[] {
  const { source } = part;
  if (part.kind === 'image' && part.detail !== undefined) {
    writer.dropped.add(`${writer.field}.image_url.detail`);
  }
  const title = part.kind === 'document' ? part.title : undefined;
  if (source.kind === 'text') {
    return [{ text: title === undefined ? source.text : `${title}\n\n${source.text}` }];
  }
  if (title !== undefined) writer.dropped.add(`${writer.field}.document.title`);
  switch (source.kind) {
    case 'base64':
      return [{ inlineData: { mimeType: source.mediaType, data: source.data } }];
    case 'url':
      return [{ fileData: { mimeType: mediaTypeOf(source, part.kind), fileUri: source.url } }];
    case 'file':
      writer.dropped.add(`${writer.field}.${part.kind}`);
      return [{ text: '[A file was attached that cannot be shown here.]' }];
  }
}

/** The form asks for a media type, which an address of the web does not tell but by its ending. */
function mediaTypeOf(source: Extract<MediaSource, { kind: 'url' }>, kind: 'image' | 'document'): string {
  const ending = /\.(\w+)(?:[?#].*)?$/.exec(source.url)?.[1]?.toLowerCase() ?? '';
  if (kind === 'document') return 'application/pdf';
  return IMAGE_TYPES.get(ending) ?? 'image/jpeg';
}

const IMAGE_TYPES: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
]);

function foreignTexts(part: ForeignPart, writer: ContentWriter): string[] {
  const words = foreignWords(part);
  if (words !== undefined) return [words];
  writer.dropped.add(`${writer.field}.${part.type}`);
  return [];
}
