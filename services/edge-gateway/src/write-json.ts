import type { Exchange } from './exchange.ts';
import { writeHead } from './write-head.ts';

/** A whole answer of ours. Nothing is written to a client that has left. */
export function writeJson(exchange: Exchange, body: object | Buffer): void {
  if (exchange.interruption === 'clientGone') return;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  writeHead(exchange, 200, 'application/json', bytes.length);
  exchange.record.firstByteMs = exchange.elapsedMs();
  exchange.outgoing.end(bytes);
}
