// A request's body as bytes, whatever it was sent as. A sender that is too slow, too long or too dense is refused while
// it sends: nothing beyond the bounds is ever held.

import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, zstdDecompress } from 'node:zlib';
import { Fault } from '@ai-switch/kernel';
import type { EdgeSettings } from './config.ts';
import { Refusal } from './refuse.ts';
import { NOT_ENROLLED } from './roster.ts';
import type { Ticker, Ticking } from './ticker.ts';

/** @throws Fault `tooLarge`, `invalid`; Refusal 408, 415 */
export async function collectBody(
  incoming: IncomingMessage,
  settings: EdgeSettings,
  ticker: Ticker,
): Promise<Buffer> {
  const encoding = incoming.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  const decode = encoding === 'identity' || encoding === '' ? undefined : decoders[encoding];
  if (decode === undefined && encoding !== 'identity' && encoding !== '') {
    throw new Refusal(415, 'The body must be sent as it is, or as gzip, br or zstd.', {
      'accept-encoding': 'gzip, br, zstd',
    });
  }
  const bytes = await collect(incoming, settings, ticker);
  return decode === undefined ? bytes : decodeWithin(bytes, decode, settings);
}

async function collect(incoming: IncomingMessage, settings: EdgeSettings, ticker: Ticker): Promise<Buffer> {
  const announced = Number(incoming.headers['content-length'] ?? 0);
  if (announced > settings.bodyBytesMax) throw tooLarge(settings);
  // A short body has mostly come with the head: it is taken without listeners and without another turn.
  if (announced > 0 && incoming.readableLength === announced) {
    const bytes = incoming.read() as Buffer;
    // Lets the request come to its end, which node:http waits for.
    incoming.resume();
    return bytes;
  }
  const upload = new Upload(incoming, settings);
  ticker.add(upload);
  try {
    return await upload.body;
  } finally {
    ticker.delete(upload);
  }
}

class Upload implements Ticking {
  rosterPlace = NOT_ENROLLED;
  readonly body: Promise<Buffer>;
  readonly #settings: EdgeSettings;
  readonly #startedAt = performance.now();
  #size = 0;
  #reject: (error: Error) => void = () => {};

  constructor(incoming: IncomingMessage, settings: EdgeSettings) {
    this.#settings = settings;
    this.body = new Promise((resolve, reject) => {
      this.#reject = reject;
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => {
        this.#size += chunk.length;
        if (this.#size > settings.bodyBytesMax) {
          // What follows is let go by: the listener stays and keeps nothing.
          chunks.length = 0;
          reject(tooLarge(settings));
        } else chunks.push(chunk);
      });
      incoming.on('end', () => {
        resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
      });
      incoming.on('error', reject);
      incoming.on('close', () => {
        if (!incoming.complete) reject(new Fault('invalid', 'The body ended early.'));
      });
    });
  }

  tick(nowMs: number): void {
    const elapsedMs = nowMs - this.#startedAt;
    if (elapsedMs < this.#settings.uploadGraceMs) return;
    if (this.#size * 1_000 < this.#settings.uploadBytesPerSecondMin * elapsedMs) {
      this.#reject(new Refusal(408, 'The body came too slowly.', { connection: 'close' }));
    }
  }
}

type Decoder = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: promisify<Buffer, { readonly maxOutputLength: number }, Buffer>(gunzip),
  br: promisify<Buffer, { readonly maxOutputLength: number }, Buffer>(brotliDecompress),
  zstd: promisify<Buffer, { readonly maxOutputLength: number }, Buffer>(zstdDecompress),
};

const DECODED_BYTES_ALWAYS = 1024 * 1024;

async function decodeWithin(bytes: Buffer, decode: Decoder, settings: EdgeSettings): Promise<Buffer> {
  const byRatio = Math.max(DECODED_BYTES_ALWAYS, bytes.length * settings.decodedRatioMax);
  try {
    return await decode(bytes, { maxOutputLength: Math.min(settings.bodyBytesMax, byRatio) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(settings);
    throw new Fault('invalid', 'The body is not what its content-encoding says.', {
      details: { field: 'content-encoding' },
    });
  }
}

function tooLarge(settings: EdgeSettings): Fault {
  return new Fault(
    'tooLarge',
    `The body is larger than the ${settings.bodyBytesMax} bytes that are accepted.`,
  );
}
