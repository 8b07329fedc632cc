import { countRequest } from './edge-metrics.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import { leave } from './leave.ts';

/** Ends the exchange: one access record for each request whose caller is known. */
export function record(edge: EdgeParts, exchange: Exchange): void {
  leave(edge, exchange);
  const { record } = exchange;
  record.durationMs = exchange.elapsedMs();
  countRequest(record);
  if (record.tenant !== '') {
    edge.eventLog.access(record);
    // In the same turn, so that a process that is killed in between has written nothing else.
    exchange.onRecorded?.();
  } else {
    const { requestId, httpStatus, faultCode, clientAddress } = record;
    edge.logger.info({ requestId, httpStatus, faultCode, clientAddress }, 'refused without a caller');
  }
}
