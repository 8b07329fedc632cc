import { crc32, deflateSync } from 'node:zlib';

/** A PNG of 64 by 64 pixels, in stripes of two colours: large enough that no client takes it for broken. */
export function picture(): Buffer {
  const rows = Array.from({ length: SIDE }, (_, row) => {
    const colour = row % 16 < 8 ? [200, 30, 30] : [30, 60, 200];
    return Buffer.from([0, ...Array.from({ length: SIDE }, () => colour).flat()]);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  // Eight bits a channel, in red, green and blue.
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const SIDE = 64;

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** The same picture, or one that a client made of it: as wide and as high. */
export function isThePicture(bytes: Buffer): boolean {
  if (bytes.equals(picture())) return true;
  const isPng = bytes.subarray(1, 4).toString('latin1') === 'PNG';
  return isPng && bytes.readUInt32BE(16) === SIDE && bytes.readUInt32BE(20) === SIDE;
}
