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

/** @throws InvalidRequest for what is not a JSON object within bounds; Fault `tooLarge`, `invalid`; Refusal 408, 415 */
export async function readBody(edge: EdgeParts, { incoming }: Exchange): Promise<SentBody> {
  const bytes = await collectBody(incoming, edge.settings, edge.ticker);
  return { bytes, ...parseBody(bytes) };
}
