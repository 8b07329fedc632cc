import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';

/** Ends the exchange: one access record for each request whose caller is known. */
export function record(edge: EdgeParts, exchange: Exchange): void {
  edge.exchanges.delete(exchange);
  const { record } = exchange;
  record.durationMs = exchange.elapsedMs();
  if (record.tenant !== '') edge.eventLog.access(record);
  else {
    const { requestId, httpStatus, faultCode, clientAddress } = record;
    edge.logger.info({ requestId, httpStatus, faultCode, clientAddress }, 'refused without a caller');
  }
}
