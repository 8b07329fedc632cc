// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input

import type { JsonObject } from '../json/value.ts';
import type { DocumentPart, ForeignPart, ImagePart, Part, Turn } from '../model/request.ts';
import { foreignWords } from '../model/tool-reference.ts';

/** The parts of a message. What the model said is `output_text`, everything else goes in. */
export function writeContent(
  parts: readonly Part[],
  role: Turn['role'],
  field: string,
  dropped: Set<string>,
): readonly JsonObject[] {
  const textType = role === 'assistant' ? 'output_text' : 'input_text';
  return parts.flatMap((part): readonly JsonObject[] => {
    if ('cacheControl' in part) dropped.add('cache_control');
    const text = (words: string) => ({ type: textType, text: words });
    switch (part.kind) {
      case 'text':
        return part.text === '' ? [] : [text(part.text)];
      case 'image':
        if (role === 'assistant') return lost('image', field, dropped);
        if (!isStoredElsewhere(part.source)) return [writeImage(part)];
        lost('image', field, dropped);
        return [text('[An image was attached that cannot be shown here.]')];
      case 'document':
        if (role === 'assistant') return lost('document', field, dropped);
        if (!isStoredElsewhere(part.source)) return [writeDocument(part)];
        lost('document', field, dropped);
        return [text('[A document was attached that cannot be shown here.]')];
      case 'foreign':
        return writeForeign(part, field, dropped).map((written) =>
          typeof written === 'string' ? text(written) : written,
        );
      default:
        return lost(part.kind, field, dropped);
    }
  });
}

function lost(name: string, field: string, dropped: Set<string>): readonly JsonObject[] {
  dropped.add(`${field}.${name}`);
  return [];
}

/** Anthropic's own names of files begin with `file_`, OpenAI's with `file-`. */
function isStoredElsewhere(source: DocumentPart['source']): boolean {
  return source.kind === 'file' && source.fileId.startsWith('file_');
}

function writeImage({ source, detail }: ImagePart): JsonObject {
  const measure = detail === undefined ? {} : { detail };
  if (source.kind === 'file') return { type: 'input_image', file_id: source.fileId, ...measure };
  const url = source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
  return { type: 'input_image', image_url: url, ...measure };
}

function writeDocument({ source, title }: DocumentPart): JsonObject {
  switch (source.kind) {
    case 'text':
      return { type: 'input_text', text: title === undefined ? source.text : `${title}\n\n${source.text}` };
    case 'file':
      return { type: 'input_file', file_id: source.fileId };
    case 'url':
      return { type: 'input_file', file_url: source.url };
    case 'base64': {
      if (source.mediaType.startsWith('text/')) {
        return { type: 'input_text', text: Buffer.from(source.data, 'base64').toString('utf8') };
      }
      const data = `data:${source.mediaType};base64,${source.data}`;
      return { type: 'input_file', filename: title ?? 'document.pdf', file_data: data };
    }
  }
}

function writeForeign(
  part: ForeignPart,
  field: string,
  dropped: Set<string>,
): readonly (string | JsonObject)[] {
  if (part.dialect === 'openai-responses') return [part.value];
  const words = foreignWords(part);
  if (words !== undefined) return [words];
  dropped.add(`${field}.${part.type}`);
  return [];
}
