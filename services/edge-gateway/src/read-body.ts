import { type JsonObject, parseBody, type Scan } from '@ai-switch/dialects';
import { collectBody } from './collect-body.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';

/** What the client sent, as it came and as it is read. */
export interface SentBody {
  readonly bytes: Buffer;
  readonly body: JsonObject;
  /** Where the top-level fields stand in `bytes`. */
  readonly scan: Scan;
}

/**
 * @param bytesMax of the body as it comes and as it is decoded
 * @throws InvalidRequest for what is not a JSON object within bounds; Fault `tooLarge`, `invalid`; Refusal 408, 415
 */
export async function readBody(
  { settings, ticker }: EdgeParts,
  { incoming }: Exchange,
  bytesMax = settings.bodyBytesMax,
): Promise<SentBody> {
  const bounds = bytesMax === settings.bodyBytesMax ? settings : { ...settings, bodyBytesMax: bytesMax };
  const bytes = await collectBody(incoming, bounds, ticker);
  return { bytes, ...parseBody(bytes) };
}
