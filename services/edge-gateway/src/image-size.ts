export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** The size stands in the head of a file, in a JPEG behind at most 64 KB of what the camera noted. */
const HEAD_CHARACTERS = 128 * 1024;

/** In pixels, as the file's head says; undefined when it does not. @param data base64 */
export function imageSize(data: string): ImageSize | undefined {
  const head = Buffer.from(data.slice(0, HEAD_CHARACTERS), 'base64');
  try {
    const size = sizeIn(head);
    return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined;
  } catch (error) {
    // The head ends before the size.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function sizeIn(head: Buffer): ImageSize | undefined {
  if (head.readUInt32BE(0) === 0x89504e47)
    return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
  if (head.toString('latin1', 0, 3) === 'GIF')
    return { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
  if (head.readUInt16BE(0) === 0xffd8) return jpegSize(head);
  if (head.toString('latin1', 8, 12) === 'WEBP') return webpSize(head);
  return undefined;
}

/** https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.2.2: the frame header tells it. */
function jpegSize(head: Buffer): ImageSize | undefined {
  let at = 2;
  while (head.readUInt8(at) === 0xff) {
    const marker = head.readUInt8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: head.readUInt16BE(at + 5), width: head.readUInt16BE(at + 7) };
    at += 2 + head.readUInt16BE(at + 2);
  }
  return undefined;
}

/** https://developers.google.com/speed/webp/docs/riff_container */
function webpSize(head: Buffer): ImageSize | undefined {
  switch (head.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
    case 'VP8L': {
      const bits = head.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
    default:
      return undefined;
  }
}
