import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import { endAttemptSpan } from './spans/attempt-span.ts';
import { endRequestSpan } from './spans/request-span.ts';

/** Ends an exchange: nothing of it is under way any more. */
export function leave(edge: EdgeParts, exchange: Exchange): void {
  edge.exchanges.delete(exchange);
  if (exchange.span === undefined) return;
  endAttemptSpan(exchange, undefined);
  endRequestSpan(exchange.span, exchange);
}
