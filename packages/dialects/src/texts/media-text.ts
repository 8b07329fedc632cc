import { stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';

/**
 * Bytes that stand in a body as base64, of a document or a picture. The text is '' for what is none. Undefined for an object
 * without such bytes; what only looks like them is text.
 */
export function textOfMedia(
  object: JsonObject,
): { readonly field: string; readonly text: string } | undefined {
  const mediaType = stringOf(object.media_type ?? object.mimeType ?? object.mime_type);
  const data = stringOf(object.data);
  if (
    data !== undefined &&
    (mediaType !== undefined || 'format' in object || object.type === 'redacted_thinking')
  ) {
    if (!isBase64(data)) return undefined;
    return { field: 'data', text: isText(mediaType ?? '') ? decode(data) : '' };
  }
  for (const field of ADDRESS_FIELDS) {
    const address = stringOf(object[field]);
    const match = address === undefined ? null : DATA_URL.exec(address.slice(0, HEAD_CHARACTERS_MAX));
    if (address === undefined || match === null) continue;
    const bytes = address.slice(match[0].length);
    if (!isBase64(bytes)) return undefined;
    return { field, text: isText(match[1] ?? '') ? decode(bytes) : '' };
  }
  return undefined;
}

/** Where data URLs stand. */
const ADDRESS_FIELDS = ['url', 'image_url', 'file_data', 'file_url', 'fileUri', 'file_uri'];

const DATA_URL = /^data:([\w.+/-]*)(?:;[\w.=-]+)*;base64,/;
const HEAD_CHARACTERS_MAX = 256;

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/_\-\r\n]*={0,2}\s*$/.test(text);
}

function isText(mediaType: string): boolean {
  return /^text\/|json|xml|yaml|javascript|sh$/i.test(mediaType);
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
