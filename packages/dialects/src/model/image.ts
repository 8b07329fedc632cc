import { InvalidRequest } from '../dialect.ts';
import type { MediaSource } from './request.ts';

/**
 * An image given as base64, checked to be one: providers answer a broken image with a 400 whose words differ, after the
 * whole body was sent. The words "Could not process image" are those that programming tools recover from.
 * @throws InvalidRequest for a media type that no provider takes, for what is not base64, and for bytes of another kind
 */
export function imageOfBase64(mediaType: string, data: string, field: string): MediaSource {
  const type = mediaType.toLowerCase() === 'image/jpg' ? 'image/jpeg' : mediaType.toLowerCase();
  const hasSignature = SIGNATURES.get(type);
  if (hasSignature === undefined) {
    const known = [...SIGNATURES.keys()].join(', ');
    throw unprocessable(field, `the media type "${mediaType.slice(0, 64)}" is not one of ${known}.`);
  }
  const bytes = Buffer.from(data, 'base64');
  // The decoder skips what is not base64, so that a shorter result than the text promises tells of strays.
  if (bytes.length === 0 || bytes.length !== Buffer.byteLength(data, 'base64')) {
    throw unprocessable(field, 'the data is not valid base64.');
  }
  if (!hasSignature(bytes)) throw unprocessable(field, `the data is not of the media type ${type}.`);
  return { kind: 'base64', mediaType: type, data };
}

/** @throws InvalidRequest for a data URL that holds no image, and for an address that is not http or https */
export function imageOfUrl(url: string, field: string): MediaSource {
  if (/^https?:\/\/[^\s/]/i.test(url)) return { kind: 'url', url };
  if (!/^data:/i.test(url)) {
    throw unprocessable(field, 'the address must start with https:// or be a data URL.');
  }
  const comma = url.indexOf(',');
  const head = /^data:([^;,\s]+)(?:;[^;,]+)*;base64$/i.exec(
    comma === -1 ? '' : url.slice(0, Math.min(comma, 256)),
  );
  if (head?.[1] === undefined) {
    throw unprocessable(field, 'a data URL must have the form data:image/png;base64,…');
  }
  return imageOfBase64(head[1], url.slice(comma + 1), field);
}

/** The first bytes of each kind: https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern */
const SIGNATURES: ReadonlyMap<string, (bytes: Buffer) => boolean> = new Map([
  ['image/png', (bytes: Buffer) => bytes.subarray(0, 8).equals(PNG)],
  ['image/jpeg', (bytes: Buffer) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff],
  ['image/gif', (bytes: Buffer) => /^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))],
  ['image/webp', (bytes: Buffer) => /^RIFF.{4}WEBP$/s.test(bytes.toString('latin1', 0, 12))],
]);

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function unprocessable(field: string, why: string): InvalidRequest {
  return new InvalidRequest(field, `Could not process image: ${why}`);
}
