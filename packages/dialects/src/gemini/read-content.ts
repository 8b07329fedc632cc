// https://ai.google.dev/api/caching#Part

import * as fields from '../json/fields.ts';
import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { imageOfBase64 } from '../model/image.ts';
import type {
  DocumentPart,
  ForeignPart,
  ImagePart,
  Part,
  ThinkingPart,
  ToolResultPart,
} from '../model/request.ts';
import type { CallIds } from './call-ids.ts';
import { camelCased, SIGNATURE_SENTINEL } from './wire.ts';

/** A signature belongs to the part it stands on; in the hub it is a thought directly before that part. */
export function readParts(value: JsonValue | undefined, field: string, ids: CallIds): readonly Part[] {
  const parts: Part[] = [];
  fields.optionalList(value, field).forEach((item, at) => {
    const part = camelCased(
      typeof item === 'string' ? { text: item } : fields.requiredObject(item, `${field}.${at}`),
    );
    const signature = signatureOf(part);
    const { thoughtSignature: _, ...said } = part;
    const read = readPart(said, `${field}.${at}`, ids);
    if (signature === undefined) parts.push(...read);
    else if (read[0]?.kind === 'thinking') parts.push({ ...read[0], signature });
    else {
      const thought = signed(parts, signature);
      const isOnlySignature = read.every((one) => one.kind === 'text' && one.text === '');
      parts.push(thought, ...(isOnlySignature ? [] : read));
    }
  });
  return parts;
}

/** Undefined for the sentinel, which says that there is none. */
export function signatureOf(part: JsonObject): string | undefined {
  const signature = stringOf(part.thoughtSignature);
  return signature === '' || signature === SIGNATURE_SENTINEL ? undefined : signature;
}

/** The thought that stands last, when it is still without a signature, else one without words. */
function signed(parts: Part[], signature: string): ThinkingPart {
  const last = parts.at(-1);
  if (last?.kind !== 'thinking' || last.signature !== undefined) {
    return { kind: 'thinking', text: '', signature };
  }
  parts.pop();
  return { ...last, signature };
}

function readPart(part: JsonObject, field: string, ids: CallIds): readonly Part[] {
  if (typeof part.text === 'string') {
    if (part.thought !== true) return [{ kind: 'text', text: part.text }];
    return part.text === '' ? [] : [{ kind: 'thinking', text: part.text }];
  }
  if (isObject(part.functionCall)) return [readCall(camelCased(part.functionCall), field, ids)];
  if (isObject(part.functionResponse)) return [readResult(camelCased(part.functionResponse), field, ids)];
  const media = readMedia(part, field);
  if (media !== undefined) return [media];
  const type = Object.keys(part).find((name) => !SIDE_FIELDS.has(name));
  return type === undefined ? [] : [foreign(type, part)];
}

/** What may stand beside the one field that says what a part is. */
const SIDE_FIELDS = new Set([
  'thought',
  'thoughtSignature',
  'partMetadata',
  'videoMetadata',
  'mediaResolution',
]);

function readCall(call: JsonObject, field: string, ids: CallIds): Part {
  const name = fields.requiredString(call.name, `${field}.functionCall.name`);
  const input = fields.optionalObject(call.args, `${field}.functionCall.args`) ?? {};
  const argumentsText = JSON.stringify(input);
  const sentId = fields.optionalString(call.id, `${field}.functionCall.id`) ?? '';
  return { kind: 'toolCall', id: ids.ofCall(sentId, name, argumentsText), name, argumentsText };
}

function readResult(result: JsonObject, field: string, ids: CallIds): ToolResultPart {
  const name = fields.optionalString(result.name, `${field}.functionResponse.name`) ?? '';
  const sentId = fields.optionalString(result.id, `${field}.functionResponse.id`) ?? '';
  const { text, isError } = readResponse(result.response);
  const media = listOf(result.parts).flatMap((item, at): ToolResultPart['parts'] => {
    const part = camelCased(objectOf(item) ?? {});
    const read = readMedia(part, `${field}.functionResponse.parts.${at}`);
    return read === undefined ? [foreign('functionResponse.parts', part)] : [read];
  });
  return {
    kind: 'toolResult',
    callId: ids.ofResult(sentId, name),
    parts: text === '' ? media : [{ kind: 'text', text }, ...media],
    isError,
  };
}

/** Published: `{output}` or `{error}`. Seen: `{name, content}` of the AI SDK, `{result}`, bare strings and lists. */
function readResponse(value: JsonValue | undefined): { readonly text: string; readonly isError: boolean } {
  const response = objectOf(value);
  if (response === undefined) return { text: textOf(value), isError: false };
  const isError = Boolean(response.error);
  const [name, ...others] = Object.keys(response).filter((key) => key !== 'name' || !('content' in response));
  if (name === undefined) return { text: '', isError };
  const isWrapped = others.length === 0 && WRAPPERS.has(name);
  return { text: textOf(isWrapped ? response[name] : response), isError };
}

const WRAPPERS = new Set(['output', 'result', 'content', 'error']);

function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** Undefined for a part without media; sound, film and what lies in Google's own store are of this dialect alone. */
function readMedia(part: JsonObject, field: string): ImagePart | DocumentPart | ForeignPart | undefined {
  if (isObject(part.inlineData)) return readInline(part, camelCased(part.inlineData), field);
  return isObject(part.fileData) ? readFile(part, camelCased(part.fileData)) : undefined;
}

function readInline(
  part: JsonObject,
  blob: JsonObject,
  field: string,
): ImagePart | DocumentPart | ForeignPart {
  const mediaType = fields.requiredString(blob.mimeType, `${field}.inlineData.mimeType`).toLowerCase();
  const data = fields.optionalString(blob.data, `${field}.inlineData.data`) ?? '';
  const [family = ''] = mediaType.split('/');
  if (mediaType.startsWith('image/') && !OWN_IMAGES.has(mediaType)) {
    return { kind: 'image', source: imageOfBase64(mediaType, data, `${field}.inlineData`) };
  }
  if (family !== 'text' && mediaType !== 'application/pdf') return foreign(family, part);
  const title = fields.optionalString(blob.displayName, `${field}.inlineData.displayName`);
  return { kind: 'document', source: { kind: 'base64', mediaType, data }, ...fields.present({ title }) };
}

/** Forms of images that no other provider takes. */
const OWN_IMAGES = new Set(['image/heic', 'image/heif']);

function readFile(part: JsonObject, file: JsonObject): ImagePart | DocumentPart | ForeignPart {
  const url = stringOf(file.fileUri) ?? '';
  const mediaType = stringOf(file.mimeType)?.toLowerCase() ?? '';
  const isPublic = /^https?:\/\//i.test(url) && !GOOGLE_STORES.test(url);
  if (isPublic && mediaType.startsWith('image/')) return { kind: 'image', source: { kind: 'url', url } };
  if (isPublic && mediaType === 'application/pdf') return { kind: 'document', source: { kind: 'url', url } };
  return foreign('fileData', part);
}

const GOOGLE_STORES =
  /^https?:\/\/(?:generativelanguage\.googleapis\.com|(?:www\.)?youtube\.com|youtu\.be)\//i;

function foreign(type: string, value: JsonObject): ForeignPart {
  return { kind: 'foreign', dialect: 'gemini', type, value };
}
