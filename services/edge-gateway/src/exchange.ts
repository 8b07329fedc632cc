import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessRecord, Room } from '@ai-switch/contracts';
import type { Dialect, JsonObject, RequestAddress } from '@ai-switch/dialects';
import { Fault, newId } from '@ai-switch/kernel';
import type { Span } from '@opentelemetry/api';
import type { Inspector } from './intercept/inspector.ts';
import type { RateLease } from './limit/rate-limiter.ts';
import type { ReasoningRecorder } from './reasoning-store.ts';
import { type Enrolled, NOT_ENROLLED } from './roster.ts';
import type { AttemptSpan } from './spans/attempt-span.ts';

/** Why an exchange ends before its answer does. */
export type Interruption = 'clientGone' | 'shutdown';

/** What a path says beside the dialect. */
export interface ClientAddress extends RequestAddress {
  /** Gemini's stream without `alt=sse` is one JSON list: here, of one whole reply. */
  readonly isListWanted: boolean;
}

/** One request of a client and its answer, through the whole walk. Each stage fills its part of the record. */
export class Exchange implements Enrolled {
  rosterPlace = NOT_ENROLLED;
  /** What the client speaks. */
  readonly dialect: Dialect;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** On the process's own steady clock. */
  readonly startedAt = performance.now();
  readonly record: AccessRecord;
  /** What the path said, in dialects whose body does not say it. */
  readonly address: ClientAddress | undefined;
  /** '' until something was reserved. */
  reservationId = '';
  /** What the caller has left beside what is held. */
  rooms: readonly Room[] = [];
  /** '' until the request was read. */
  affinityKey = '';
  recorder: ReasoningRecorder | undefined;
  /** Looks at the answer's tool calls; undefined for a caller without rules. */
  inspector: Inspector | undefined;
  /** Keeps the items of the answer, for a client that will name them. */
  onOutput: ((output: readonly JsonObject[]) => void) | undefined;
  /** Keeps the answer for who asks again with the same idempotency key; call it once the answer is complete. */
  keepAnswer: (() => void) | undefined;
  /** Notes that the event log has the record; undefined for an exchange that never held anything. */
  onRecorded: (() => void) | undefined;
  /** The head of a stream went out before there was an answer, so that the client would wait. */
  isCommitted = false;
  interruption: Interruption | undefined;
  /** Its place within the rates of its caller; undefined for one that nothing bounds. */
  rateLease: RateLease | undefined;
  /** Ends what is under way; set by the stage that waits for a provider. */
  onInterrupt: ((reason: Interruption) => void) | undefined;
  /** Undefined while nothing is traced. */
  span: Span | undefined;
  /** Of the call to a provider that is under way. */
  attemptSpan: AttemptSpan | undefined;
  #kept: Promise<unknown> | undefined;

  constructor(
    dialect: Dialect,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    nowMs: number,
    address?: ClientAddress,
  ) {
    this.dialect = dialect;
    this.address = address;
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.record = accessRecord(newId('req', nowMs), dialect, incoming, nowMs);
  }

  get requestId(): string {
    return this.record.requestId;
  }

  elapsedMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /**
   * The last byte of the answer waits for what is being kept of it.
   * @param kept never rejects
   */
  holdEnd(kept: Promise<void>): void {
    if (this.#kept !== undefined) {
      this.#kept = Promise.all([this.#kept, kept]);
      return;
    }
    this.#kept = kept;
    const { outgoing } = this;
    const end = outgoing.end.bind(outgoing) as (...all: unknown[]) => ServerResponse;
    outgoing.end = (...all: unknown[]) => {
      void this.#kept?.then(() => end(...all));
      return outgoing;
    };
  }

  interrupt(reason: Interruption): void {
    if (this.interruption !== undefined) return;
    this.interruption = reason;
    this.onInterrupt?.(reason);
  }
}

/** What the client is told, if it is still there, when its exchange ends before the answer. */
export function interruptionFault(reason: Interruption): Fault {
  return reason === 'shutdown'
    ? new Fault('unavailable', 'The gateway is restarting.', { retryAfterMs: 1_000 })
    : new Fault('unavailable', 'The client left.');
}

const USER_AGENT_CHARACTERS_MAX = 256;

function accessRecord(
  requestId: string,
  dialect: Dialect,
  incoming: IncomingMessage,
  nowMs: number,
): AccessRecord {
  return {
    requestId,
    tenant: '',
    userId: '',
    keyId: '',
    startedAtMs: BigInt(nowMs),
    dialect: dialect.name,
    alias: '',
    provider: '',
    model: '',
    streaming: false,
    httpStatus: 0,
    outcome: '',
    faultCode: '',
    usage: undefined,
    usageEstimated: false,
    durationMs: 0,
    firstByteMs: undefined,
    attempts: 0,
    dropped: [],
    // Who begins the exchange knows whom to believe.
    clientAddress: '',
    departmentPath: '',
    projectId: '',
    userAgent: (incoming.headers['user-agent'] ?? '').slice(0, USER_AGENT_CHARACTERS_MAX),
  };
}
