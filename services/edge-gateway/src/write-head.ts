import type { Exchange } from './exchange.ts';
import { roomHeaders } from './room-headers.ts';

const DROPPED_CHARACTERS_MAX = 2_048;

/** The head of an answer. Nothing of the provider's headers goes on. */
export function writeHead(exchange: Exchange, status: number, contentType: string, length?: number): void {
  const { record, requestId, reservationId, outgoing, dialect, affinityKey } = exchange;
  const headers = ['content-type', contentType, 'x-request-id', requestId, 'request-id', requestId];
  if (reservationId !== '') headers.push('x-aiswitch-reservation', reservationId);
  if (length !== undefined) headers.push('content-length', String(length));
  // A proxy in between must neither keep nor gather the frames of a stream.
  else headers.push('cache-control', 'no-cache, no-transform', 'x-accel-buffering', 'no');
  if (record.dropped.length > 0) headers.push('x-aiswitch-dropped', printable(record.dropped));
  // Codex sends it back on all further requests of the turn.
  if (dialect.name === 'openai-responses') headers.push('x-codex-turn-state', affinityKey);
  headers.push(...roomHeaders(dialect.name, exchange.rooms, Date.now()));
  record.httpStatus = status;
  outgoing.writeHead(status, headers);
}

/** Names come from the client's own body, so they may hold what no header may. */
function printable(names: readonly string[]): string {
  return names
    .join(',')
    .slice(0, DROPPED_CHARACTERS_MAX)
    .replace(/[^\x21-\x7e]/g, '?');
}
