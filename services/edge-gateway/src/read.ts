import type { Request, Scan } from '@ai-switch/dialects';
import { parseBody } from '@ai-switch/dialects';
import { collectBody } from './collect-body.ts';
import type { EdgeParts } from './edge-parts.ts';
import { estimateInputTokens } from './estimate.ts';
import type { Exchange } from './exchange.ts';

/** What the client asks for, with the bytes it asked in. */
export interface Asked {
  readonly request: Request;
  readonly bytes: Buffer;
  /** Where the top-level fields stand in `bytes`. */
  readonly scan: Scan;
  readonly inputTokensEstimate: number;
}

/** @throws InvalidRequest that names the field; Fault `tooLarge` */
export async function read(edge: EdgeParts, exchange: Exchange): Promise<Asked> {
  const bytes = await collectBody(exchange.incoming, edge.settings, edge.ticker);
  const { body, scan } = parseBody(bytes);
  const request = exchange.dialect.readRequest(body);
  exchange.record.alias = request.model;
  exchange.record.streaming = request.isStreaming;
  return { request, bytes, scan, inputTokensEstimate: estimateInputTokens(request, scan) };
}
