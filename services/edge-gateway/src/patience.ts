// A provider may think for minutes before its first word, and clients give up on silence. Until somebody has answered, the
// head is held back, so that a failure can be a proper refusal; but no longer than `silenceMs`: then the head of the
// stream goes out, and harmless frames after it. What fails from there on ends the stream with an error of its dialect,
// and another destination may still be asked, since the client has seen no word of an answer.

import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import { NOT_ENROLLED } from './roster.ts';
import type { Ticking } from './ticker.ts';
import { writeHead } from './write-head.ts';

export class Patience implements Ticking, Disposable {
  rosterPlace = NOT_ENROLLED;
  readonly #edge: EdgeParts;
  readonly #exchange: Exchange;
  #spokeAtMs = performance.now();

  constructor(edge: EdgeParts, exchange: Exchange) {
    this.#edge = edge;
    this.#exchange = exchange;
    edge.ticker.add(this);
  }

  tick(nowMs: number): void {
    const exchange = this.#exchange;
    const { silenceMs, keepAliveGapMs } = this.#edge.settings;
    if (nowMs - this.#spokeAtMs < (exchange.isCommitted ? keepAliveGapMs : silenceMs)) return;
    if (exchange.interruption === 'clientGone') return;
    if (!exchange.isCommitted) {
      writeHead(exchange, 200, 'text/event-stream; charset=utf-8');
      exchange.isCommitted = true;
    }
    exchange.outgoing.write(exchange.dialect.keepAlive);
    this.#spokeAtMs = nowMs;
  }

  [Symbol.dispose](): void {
    this.#edge.ticker.delete(this);
  }
}
