import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dialect } from '@ai-switch/dialects';
import type { EdgeParts } from './edge-parts.ts';
import { type ClientAddress, Exchange } from './exchange.ts';
import { holdRequestSpan } from './spans/request-span.ts';

/** Begins an exchange: from here on the client's leaving and the process's closing are noticed. */
export function receive(
  edge: EdgeParts,
  dialect: Dialect,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  address?: ClientAddress,
): Exchange {
  const exchange = new Exchange(dialect, incoming, outgoing, edge.clock.nowMs(), address);
  exchange.record.clientAddress = edge.clientAddressOf(incoming);
  exchange.span = holdRequestSpan();
  edge.exchanges.add(exchange);
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) exchange.interrupt('clientGone');
  });
  return exchange;
}
