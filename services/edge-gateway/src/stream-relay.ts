// One stream from a provider to a client.
//
// Invariants: the client gets complete frames only, and at most one terminal one. The header is held until the first
// good event, so that everything before it can still be refused properly or tried elsewhere. The provider's side never
// outlives the client's: a client that leaves ends the call at once.

import { InvalidReply, noUsage } from '@ai-switch/dialects';
import { Fault } from '@ai-switch/kernel';
import type { BodySink, UpstreamBody, UpstreamFailure } from '@ai-switch/upstream';
import { EMPTY_ANSWER } from './answer.ts';
import { AttemptFailure, failureOfCall, providerFault } from './attempt-failure.ts';
import type { Outcome } from './charge.ts';
import type { EdgeParts } from './edge-parts.ts';
import { type Exchange, type Interruption, interruptionFault } from './exchange.ts';
import type { HoldMeter } from './hold-meter.ts';
import type { Lane } from './lanes.ts';
import { brokenOff, refuse } from './refuse.ts';
import { NOT_ENROLLED } from './roster.ts';
import { watchStall } from './stall-watch.ts';
import type { Ticking } from './ticker.ts';
import { writeHead } from './write-head.ts';

/** What a provider may send before its first event: comments and pings. */
const HELD_BYTES_MAX = 64 * 1024;

/** How long a provider may go on after a rule ended its answer, to say what it cost. */
const BLOCKED_MS = 2_000;

/** A provider that holds the connection this long after its answer is complete has nothing more to say. */
const FINISHED_SILENCE_MS = 5_000;

export class StreamRelay implements BodySink, Ticking {
  rosterPlace = NOT_ENROLLED;
  /** Resolves at the first good event; rejects with an AttemptFailure or a Fault. */
  readonly opened: Promise<void>;
  readonly lane: Lane;
  readonly #edge: EdgeParts;
  readonly #exchange: Exchange;
  readonly #body: UpstreamBody;
  readonly #meter: HoldMeter;
  readonly #abort: () => void;
  #state: 'opening' | 'held' | 'flowing' | 'over' = 'opening';
  #resolveOpened: () => void = () => {};
  #rejectOpened: (error: unknown) => void = () => {};
  #held: (Buffer | string)[] = [];
  #heldBytes = 0;
  /** How the provider's side ended before the client's began. */
  #endWhileHeld: (() => void) | undefined;
  #resolveEnded: (outcome: Outcome) => void = () => {};
  /** Why a rule ended the answer: what still comes is only counted. */
  #blocked: Fault | undefined;
  #blockedAtMs = 0;
  #isCounted = false;
  #wroteAtMs = 0;
  /** Since when the client is behind; 0 when it is not. */
  #behindSinceMs = 0;

  constructor(
    edge: EdgeParts,
    exchange: Exchange,
    body: UpstreamBody,
    lane: Lane,
    meter: HoldMeter,
    abort: () => void,
  ) {
    this.#edge = edge;
    this.#exchange = exchange;
    this.#body = body;
    this.lane = lane;
    this.#meter = meter;
    meter.onDry = () => this.#runDry();
    this.#abort = abort;
    this.opened = new Promise((resolve, reject) => {
      this.#resolveOpened = resolve;
      this.#rejectOpened = reject;
    });
    exchange.onInterrupt = (reason) => this.#interrupt(reason);
    body.deliverTo(this);
  }

  /** Writes the header, what was held and all that follows. Resolves when the client's side is over. */
  flow(): Promise<Outcome> {
    const { outgoing } = this.#exchange;
    return new Promise((resolve) => {
      this.#resolveEnded = resolve;
      if (this.#state === 'over') return resolve('clientGone');
      this.#state = 'flowing';
      this.#edge.ticker.add(this);
      this.#edge.tallies.add(this.lane.tally);
      if (this.#blocked !== undefined) return this.#refuse(this.#blocked);
      if (!this.#exchange.isCommitted) writeHead(this.#exchange, 200, 'text/event-stream; charset=utf-8');
      outgoing.on('drain', () => this.#catchUp());
      for (const piece of this.#held.splice(0)) this.#write(piece);
      this.#endWhileHeld?.();
    });
  }

  // What the provider's side calls.

  onChunk(chunk: Buffer): void {
    if (this.#state === 'over' || this.#endWhileHeld !== undefined) return;
    try {
      this.#take(this.lane.push(chunk));
      this.#meter.note();
    } catch (error) {
      this.#abort();
      if (this.#blocked !== undefined) this.#endCount();
      else this.#fail(unreadable(error));
    }
  }

  onEnd(): void {
    if (this.#state === 'over' || this.#endWhileHeld !== undefined) return;
    try {
      this.#take(this.lane.end());
    } catch (error) {
      this.#fail(unreadable(error));
      return;
    }
    if (this.#blocked !== undefined) {
      this.#endCount();
      return;
    }
    if (this.lane.error !== undefined) return;
    if (this.lane.isFinished && this.#state !== 'opening') {
      this.#end(() => this.#complete());
      return;
    }
    const fault = new Fault('upstream', 'The provider ended its answer before it was complete.');
    this.#fail(new AttemptFailure(fault, true, this.lane.usage));
  }

  onFailure(failure: UpstreamFailure): void {
    if (this.#state === 'over' || this.#endWhileHeld !== undefined) return;
    if (this.#blocked !== undefined) {
      this.#endCount();
      return;
    }
    this.#takeRest();
    if (this.lane.isFinished && this.#state !== 'opening') this.#end(() => this.#complete());
    else this.#fail(failureOfCall(failure));
  }

  /** Where a dialect has no last frame, what came before the connection broke may have been all. */
  #takeRest(): void {
    const { isEndSilent, isFinished, error } = this.lane;
    if (!isEndSilent || isFinished || error !== undefined) return;
    try {
      const rest = this.lane.end();
      if (this.lane.isFinished) this.#take(rest);
    } catch {
      // Half of a frame: the answer was not complete.
    }
  }

  // What the clock and the client's side call.

  tick(nowMs: number): void {
    const { settings } = this.#edge;
    if (this.#blocked !== undefined) {
      if (nowMs - this.#blockedAtMs >= BLOCKED_MS) this.#endCount();
      return;
    }
    if (this.#behindSinceMs !== 0) {
      if (!this.#isBehind()) this.#catchUp();
      else if (nowMs - this.#behindSinceMs >= settings.clientStallMs) this.#exchange.outgoing.destroy();
      return;
    }
    const silentMs = nowMs - this.#wroteAtMs;
    if (this.lane.isFinished && silentMs >= FINISHED_SILENCE_MS) {
      this.#complete();
      this.#abort();
    } else if (silentMs >= settings.keepAliveGapMs) this.#write(this.#exchange.dialect.keepAlive);
  }

  #interrupt(reason: Interruption): void {
    if (this.#state === 'over') return;
    if (this.#state === 'opening') {
      this.#state = 'over';
      this.#meter.end();
      this.#abort();
      this.#rejectOpened(interruptionFault(reason));
    } else if (reason === 'clientGone') {
      this.#over(this.#blocked === undefined ? 'clientGone' : 'intercepted');
      this.#abort();
    } else if (this.#blocked !== undefined) this.#endCount();
    else {
      this.#end(() => this.#cut(interruptionFault(reason)));
      this.#abort();
    }
  }

  #take(piece: Buffer | string | undefined): void {
    const { lane } = this;
    if (lane.isFinished) this.#meter.finish();
    if (lane.blocked !== undefined) {
      if (this.#blocked === undefined) this.#block(lane.blocked, piece);
      // Chat has its count behind the end of the answer.
      if ((lane.isFinished && lane.usage !== undefined) || lane.error !== undefined) this.#endCount();
      return;
    }
    if (lane.error !== undefined) {
      if (piece !== undefined && this.#state !== 'opening') this.#put(piece);
      this.#abort();
      // An error is not charged for, an answer without a word is.
      const usage = lane.usage ?? (lane.error === EMPTY_ANSWER ? undefined : noUsage);
      this.#fail(new AttemptFailure(providerFault(lane.error), true, usage));
      return;
    }
    if (piece !== undefined) this.#put(piece);
    if (this.#state === 'opening' && (lane.hasBegun || this.#heldBytes > HELD_BYTES_MAX)) {
      this.#state = 'held';
      this.#resolveOpened();
    }
  }

  #put(piece: Buffer | string): void {
    if (this.#state === 'flowing') {
      this.#write(piece);
      return;
    }
    this.#held.push(piece);
    this.#heldBytes += piece.length;
  }

  /** What goes wrong after the answer is complete is no matter of the client's. */
  #fail(failure: AttemptFailure): void {
    if (this.#state === 'opening') {
      this.#state = 'over';
      this.#meter.end();
      this.#rejectOpened(failure);
    } else if (this.lane.isFinished) this.#end(() => this.#complete());
    else this.#end(() => this.#cut(failure.fault));
  }

  /** Ends the client's side now, or as soon as it has begun. */
  #end(end: () => void): void {
    if (this.#state === 'flowing') end();
    else this.#endWhileHeld ??= end;
  }

  #complete(): void {
    const { missingEnd } = this.lane;
    if (missingEnd !== '') this.#write(missingEnd);
    this.#exchange.outgoing.end();
    watchStall(this.#edge, this.#exchange.outgoing);
    this.#over('completed');
  }

  /**
   * A rule keeps a tool call from the client. While the client has nothing of the answer it is refused properly, which is
   * what clients know best.
   */
  #block(fault: Fault, piece: Buffer | string | undefined): void {
    this.#blocked = fault;
    this.#blockedAtMs = performance.now();
    if (this.#state === 'flowing') {
      if (piece !== undefined) this.#write(piece);
      this.#refuse(fault);
    } else if (this.#state === 'opening') {
      this.#state = 'held';
      this.#resolveOpened();
    }
  }

  #refuse(fault: Fault): void {
    const { outgoing, dialect, requestId, record } = this.#exchange;
    if (!outgoing.headersSent || this.#exchange.isCommitted) refuse(this.#edge, this.#exchange, fault);
    else {
      record.faultCode = fault.code;
      outgoing.end(dialect.writeStreamError(brokenOff(fault, requestId, this.lane.replyId)));
    }
    watchStall(this.#edge, outgoing);
    if (this.#isCounted) this.#endCount();
  }

  /** The provider has said what the answer cost, or will not. */
  #endCount(): void {
    this.#isCounted = true;
    this.#abort();
    if (this.#state === 'flowing') this.#over('intercepted');
  }

  /** The hold is used up: the answer ends as one that reached its maximum. */
  #runDry(): void {
    if (this.#state === 'over' || this.#endWhileHeld !== undefined || this.lane.isFinished) return;
    if (this.#blocked !== undefined) return;
    this.#end(() => this.#stop());
    this.#abort();
  }

  #stop(): void {
    this.#write(this.lane.stop(this.#meter.usage));
    this.#exchange.outgoing.end();
    watchStall(this.#edge, this.#exchange.outgoing);
    this.#over('quotaCut');
  }

  #cut(fault: Fault): void {
    const { outgoing, dialect, requestId, record } = this.#exchange;
    record.faultCode = fault.code;
    outgoing.end(dialect.writeStreamError(brokenOff(fault, requestId, this.lane.replyId)));
    watchStall(this.#edge, outgoing);
    this.#over('cut');
  }

  #over(outcome: Outcome): void {
    this.#state = 'over';
    this.#edge.ticker.delete(this);
    this.#edge.tallies.delete(this.lane.tally);
    this.#meter.end();
    if (this.#behindSinceMs !== 0) this.#body.resume();
    this.#resolveEnded(outcome);
  }

  #write(piece: Buffer | string): void {
    const { outgoing } = this.#exchange;
    this.#exchange.record.firstByteMs ??= this.#exchange.elapsedMs();
    outgoing.write(piece);
    this.#wroteAtMs = performance.now();
    if (this.#behindSinceMs === 0 && this.#isBehind()) {
      this.#behindSinceMs = this.#wroteAtMs;
      this.#body.pause();
    }
  }

  #isBehind(): boolean {
    return this.#exchange.outgoing.writableLength > this.#edge.settings.clientBufferBytesMax;
  }

  #catchUp(): void {
    if (this.#behindSinceMs === 0 || this.#isBehind()) return;
    this.#behindSinceMs = 0;
    this.#body.resume();
  }
}

function unreadable(cause: unknown): AttemptFailure {
  const message =
    cause instanceof InvalidReply
      ? 'The provider sent something that is not an answer.'
      : 'The answer of the provider could not be read.';
  return new AttemptFailure(new Fault('upstream', message, { cause }), true);
}
