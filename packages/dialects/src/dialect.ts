import type { JsonObject, JsonValue } from './json/value.ts';
import type { Capabilities } from './model/capabilities.ts';
import type { ErrorCode, Event, ProviderError } from './model/event.ts';
import type { Reply } from './model/reply.ts';
import type { DialectName, Request } from './model/request.ts';
import type { Usage } from './model/usage.ts';

/**
 * A wire protocol that a client or a provider speaks. All of it is pure: no I/O, no clock, no randomness; what an
 * answer needs from outside (its id, the moment) comes in as a parameter.
 */
export interface Dialect {
  readonly name: DialectName;
  /** Where a provider takes requests of this dialect, put after its base URL: `/chat/completions`. */
  path(model: string, isStreaming: boolean): string;

  // What a client sends.

  /**
   * @param address what the path said, in dialects whose body does not say it
   * @throws InvalidRequest naming the field, for a body that no provider of this dialect would take
   */
  readRequest(body: JsonValue, address?: RequestAddress): Request;
  /** Prints a refusal the way this dialect's clients expect it. */
  writeError(error: OutgoingError): HttpError;

  // What a provider is sent.

  /**
   * The request for a target that was asked in another dialect.
   * @param capabilities of the target, for what is told neither by the request nor by the model's name
   * @throws InvalidRequest for what this dialect cannot say and nobody should miss unknowingly, like several answers
   */
  writeRequest(request: Request, model: string, capabilities?: Capabilities): WrittenRequest;
  /**
   * The top-level fields to set in the client's own bytes when the target speaks the same dialect; everything else
   * goes through untouched. Undefined when the request must be written anew, because it holds something of another
   * provider's.
   */
  passThroughEdits(request: Request, model: string): Readonly<Record<string, JsonValue>> | undefined;
  /** The top-level fields that give a body this maximum of its answer. */
  outputMaxEdits(body: JsonObject, model: string, tokensMax: number): Readonly<Record<string, JsonValue>>;

  // What a provider answers.

  /** A whole reply as the events it would have streamed. @throws InvalidReply for a body that is not one. */
  readReply(body: JsonValue): readonly Event[];
  streamReader(): StreamReader;
  /** A refusal's body, whatever shape it has: JSON of any form, HTML, nothing. */
  readError(status: number, body: string): ProviderError;
  /** Watches a stream that goes through untouched. */
  streamMeter(request: Request): StreamMeter;
  /** Watches one that may have to be ended before its time. */
  streamStopper(context: ReplyContext): StreamStopper;
  /** The usage in a whole reply; absent when the provider sent none. */
  readUsage(body: JsonValue): Usage | undefined;

  // What a client gets.

  writeReply(reply: Reply, context: ReplyContext): JsonObject;
  streamWriter(context: ReplyContext): StreamWriter;
  /** The terminal error of a stream that has begun: complete frames, after which nothing follows. */
  writeStreamError(error: OutgoingError): string;
  /** The frame that ends a complete stream, for providers that leave it out; '' when the dialect has none. */
  readonly streamEnd: string;
  /** A harmless frame for silent gaps. */
  readonly keepAlive: string;
}

/** Reads the frames of one stream in order. */
export interface StreamReader {
  /** @param frame one parsed SSE frame */
  read(frame: Frame): readonly Event[];
  /** Call once when the bytes end: closes open parts, and gives an `error` event if the answer was cut. */
  end(): readonly Event[];
}

/** Prints the events of one stream in order. */
export interface StreamWriter {
  /** Complete frames, or '' when the event prints nothing. An `error` event prints the terminal error. */
  write(event: Event): string;
}

/** Watches one stream that passes through unchanged: cheap scans, JSON parsed only where usage stands. */
export interface StreamMeter {
  /** False when the client did not ask for this frame (a usage chunk that we requested ourselves). */
  observe(frame: Frame): boolean;
  /** The latest counts that the provider sent. */
  readonly usage: Usage | undefined;
  /** Text, thinking and arguments in the frame that was observed last: what a cut stream is charged by. */
  readonly words: string;
  /** Characters of all such words so far. */
  readonly outputCharacters: number;
  /** True once the dialect's terminal frame was seen. */
  readonly isFinished: boolean;
  /** The provider's own error frame, when one was seen. */
  readonly error: ProviderError | undefined;
}

/** Ends one stream that passes through unchanged, in the middle, as an answer that reached its maximum. */
export interface StreamStopper {
  /** Sees each frame that the client got, in order. */
  observe(frame: Frame): void;
  /**
   * Call at most once.
   * @param usage what the answer cost up to here
   * @returns the complete frames that close what is open, after which nothing may follow; '' when the stream has ended
   */
  stop(usage: Usage): string;
}

/** One server-sent event. */
export interface Frame {
  /** The `event:` name, '' when absent. */
  readonly event: string;
  /** The `data:` lines joined by `\n`, '' when there are none (a comment). */
  readonly data: string;
}

/** Gemini's requests name model and streaming in the path. */
export interface RequestAddress {
  readonly model: string;
  readonly isStreaming: boolean;
}

export interface WrittenRequest {
  readonly body: JsonObject;
  /**
   * Begins the way back of an answer's events, for requests whose tools had to be renamed or cast into another form: each
   * event becomes those that the client's own tools are called by. Absent when nothing was changed.
   */
  readonly restore?: () => (event: Event) => readonly Event[];
  /** What this dialect cannot carry, as dotted names: `top_k`, `messages.3.document`. Sorted, without repeats. */
  readonly dropped: readonly string[];
}

export interface ReplyContext {
  /** The id of our request, for replies whose provider named none. */
  readonly requestId: string;
  /** The model alias that the client asked for: what the reply says in `model`. */
  readonly model: string;
  readonly createdAtMs: number;
  readonly isStreamUsageWanted: boolean;
  readonly isEncryptedReasoningWanted?: boolean;
  /** The answer is a summary that replaces the conversation. */
  readonly isCompaction?: boolean;
  /** Is given the finished items of Responses, which their client may name later instead of sending them. */
  readonly onOutput?: (output: readonly JsonObject[]) => void;
}

export interface OutgoingError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly requestId: string;
  /** What the answer that it ends called itself, for clients that mind; '' or absent: it has a name of ours. */
  readonly replyId?: string;
  readonly retryAfterMs?: number | undefined;
  readonly details?: Readonly<Record<string, string>>;
}

export interface HttpError {
  readonly status: number;
  /** `retry-after`, `x-should-retry`; the caller adds content type and request id. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** The client's body is wrong; the message says what and where. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  /** Dotted path of the field: `messages.0.content`. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** A provider's body is not of its dialect. */
export class InvalidReply extends Error {
  override readonly name = 'InvalidReply';
}
