// One call to a provider. Calls go through undici's `dispatch` on pooled connections, without fetch and without web
// streams, because those cost four times the processor time of a request.
//
// When the provider is down: a refused or silent connection ends the call with an UpstreamFailure within
// `connectTimeoutMs`; silence after it, within `headersTimeoutMs` or `bodyIdleTimeoutMs`. Redirects are never followed. An
// address that the guard refuses is like one that cannot be reached.

import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { errors } from 'undici';
import { credentialHeaders } from './credential-headers.ts';
import { DialGuard, type GuardedPool, type GuardedPoolOptions } from './dial-guard.ts';
import { EventStreamReply, eventStreamCodec } from './event-stream.ts';
import { LateCredentials } from './late-credentials.ts';
import { findProviderKind } from './providers.ts';
import type { UpstreamTarget } from './request-headers.ts';
import { requestHeaders } from './request-headers.ts';

export interface UpstreamLimits {
  /** Connections to one origin: every request in flight needs one of its own. */
  readonly connectionsMax: number;
  /** Origins that keep a pool; one more closes the pool that was unused the longest. */
  readonly originsMax: number;
  readonly connectTimeoutMs: number;
  /** From the last byte of the request to the headers of the reply: models may think before they speak. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of a reply. */
  readonly bodyIdleTimeoutMs: number;
  /** How long an idle connection is kept unless the provider says otherwise. */
  readonly keepAliveMs: number;
}

export const upstreamDefaults: UpstreamLimits = {
  connectionsMax: 4_096,
  originsMax: 256,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 600_000,
  bodyIdleTimeoutMs: 300_000,
  keepAliveMs: 30_000,
};

export interface UpstreamRequest {
  readonly target: UpstreamTarget;
  /** The dialect's path, put after the target's base URL unless its kind has paths of its own. */
  readonly path: string;
  readonly body: Buffer;
  readonly accept: string;
  /** Headers of the client that may travel on: `anthropic-version`, `anthropic-beta`. Others are ignored. */
  readonly extraHeaders: IncomingHttpHeaders;
}

/** Takes a reply's body as it arrives. Exactly one of `onEnd` and `onFailure` comes, and nothing after it. */
export interface BodySink {
  onChunk(chunk: Buffer): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
}

export type FailureReason = 'connect' | 'timeout' | 'cut' | 'aborted' | 'tooLarge';

/** A call that got no whole reply. Its message is for logs: it may name the provider's address. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** Calls providers. One for each process: it holds the connections. */
export class Upstream {
  readonly #limits: UpstreamLimits;
  readonly #guard: DialGuard;
  readonly #places = new Map<string, GuardedPool>();
  readonly #credentials: LateCredentials;

  /** @param guard lets nothing but https to the public internet through unless told otherwise */
  constructor(limits: UpstreamLimits = upstreamDefaults, guard: DialGuard = new DialGuard()) {
    this.#limits = limits;
    this.#guard = guard;
    this.#credentials = new LateCredentials(guard);
  }

  /** Starts a call. Never throws: what goes wrong rejects the call's `reply`. */
  call(request: UpstreamRequest): UpstreamCall {
    const call = new UpstreamCall();
    try {
      const { target } = request;
      const place = this.#place(target.baseUrl);
      const row = findProviderKind(target.kind);
      const isStreaming = request.accept === 'text/event-stream';
      const path = place.pathPrefix + (row?.path?.(target.model, isStreaming) ?? request.path);
      const credential = credentialHeaders(target, target.credential);
      if (credential !== undefined && row?.framing === undefined) {
        dispatch(place, path, request, credential, call);
      } else {
        void this.#dispatchLate(place, path, request, credential, call);
      }
    } catch (error) {
      call.onResponseError(undefined, asError(error));
    }
    return call;
  }

  /** For the few whose headers or frames take more than a look-up. */
  async #dispatchLate(
    place: GuardedPool,
    path: string,
    request: UpstreamRequest,
    credential: Readonly<Record<string, string>> | undefined,
    call: UpstreamCall,
  ): Promise<void> {
    try {
      const isFramed = findProviderKind(request.target.kind)?.framing !== undefined;
      const handler = isFramed ? new EventStreamReply(call, await eventStreamCodec()) : call;
      const { origin } = place;
      const headers =
        credential ??
        (await this.#credentials.headers({ target: request.target, origin, path, body: request.body }));
      if (!call.isOver) dispatch(place, path, request, headers, handler);
    } catch (error) {
      call.onResponseError(undefined, asError(error));
    }
  }

  /** Ends every connection; calls under way fail as aborted. */
  async close(): Promise<void> {
    const pools = [...this.#places.values()].map((place) => place.pool);
    this.#places.clear();
    await Promise.all(pools.map((pool) => pool.destroy(new UpstreamFailure('aborted', 'shutting down'))));
  }

  #place(baseUrl: string): GuardedPool {
    const known = this.#places.get(baseUrl);
    if (known !== undefined) {
      // A map keeps the order of insertion, so a used place goes to the end only when room is short.
      if (this.#places.size >= this.#limits.originsMax) {
        this.#places.delete(baseUrl);
        this.#places.set(baseUrl, known);
      }
      return known;
    }
    const [oldest] = this.#places;
    if (oldest !== undefined && this.#places.size >= this.#limits.originsMax) {
      this.#places.delete(oldest[0]);
      void oldest[1].pool.close();
    }
    const place = this.#guard.openPool(baseUrl, poolOptions(this.#limits));
    this.#places.set(baseUrl, place);
    return place;
  }
}

function dispatch(
  { pool }: GuardedPool,
  path: string,
  request: UpstreamRequest,
  credential: Readonly<Record<string, string>>,
  handler: Dispatcher.DispatchHandler,
): void {
  const headers = requestHeaders(request, credential);
  pool.dispatch({ method: 'POST', path, headers, body: request.body }, handler);
}

function poolOptions(limits: UpstreamLimits): GuardedPoolOptions {
  return {
    connections: limits.connectionsMax,
    connectTimeout: limits.connectTimeoutMs,
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.bodyIdleTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    pipelining: 1,
  };
}

// What arrives before somebody takes the body; more than this holds the provider back.
const EARLY_BYTES_MAX = 1024 * 1024;

export interface UpstreamReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: UpstreamBody;
}

/** The body of a reply. Take it once, by `deliverTo` or by `bytes`. */
export interface UpstreamBody {
  deliverTo(sink: BodySink): void;
  /** Holds the provider back until `resume`. */
  pause(): void;
  resume(): void;
  /** The whole body. Rejects with an UpstreamFailure; over `bytesMax` it is `tooLarge` and the call is aborted. */
  bytes(bytesMax: number): Promise<Buffer>;
}

export class UpstreamCall implements Dispatcher.DispatchHandler, UpstreamBody {
  /** Resolves when the reply's headers are there; rejects with an UpstreamFailure. */
  readonly reply: Promise<UpstreamReply>;
  #resolve: (reply: UpstreamReply) => void = () => {};
  #reject: (failure: UpstreamFailure) => void = () => {};
  #controller: Dispatcher.DispatchController | undefined;
  #isDispatched = false;
  #isReplying = false;
  #aborted: UpstreamFailure | undefined;
  #sink: BodySink | undefined;
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #end: UpstreamFailure | 'end' | undefined;
  /** The sink was told how it ended. */
  #isOver = false;

  constructor() {
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** True once bytes of the request may have reached the provider. */
  get isDispatched(): boolean {
    return this.#isDispatched;
  }

  /** True once nothing more can come of it. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Ends the call at once: its connection is closed and nothing more is delivered. Does nothing after the end. */
  abort(): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = new UpstreamFailure('aborted', 'the call was aborted');
    if (this.#end !== undefined) return;
    this.#finish(this.#aborted);
    this.#controller?.abort(this.#aborted);
  }

  deliverTo(sink: BodySink): void {
    this.#sink = sink;
    const early = this.#early;
    this.#early = [];
    for (const chunk of early) {
      if (this.#aborted !== undefined) break;
      sink.onChunk(chunk);
    }
    if (this.#earlyBytes > EARLY_BYTES_MAX) this.resume();
    if (this.#isOver) return;
    if (this.#end === 'end') this.#deliverEnd(sink);
    else if (this.#end !== undefined) this.#deliverFailure(sink, this.#end);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  bytes(bytesMax: number): Promise<Buffer> {
    // A short reply has mostly come with its head.
    if (this.#end === 'end' && this.#aborted === undefined && this.#earlyBytes <= bytesMax) {
      this.#isOver = true;
      return Promise.resolve(joined(this.#early.splice(0)));
    }
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      this.deliverTo({
        onChunk: (chunk) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size <= bytesMax) return;
          reject(new UpstreamFailure('tooLarge', `the reply is longer than ${bytesMax} bytes`));
          this.abort();
        },
        onEnd: () => resolve(joined(chunks)),
        onFailure: reject,
      });
    });
  }

  // What undici calls.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted !== undefined) controller.abort(this.#aborted);
    else this.#isDispatched = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    this.#isReplying = true;
    this.#resolve({ status, headers, body: this });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#end !== undefined) return;
    if (this.#sink !== undefined) {
      this.#sink.onChunk(chunk);
      return;
    }
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > EARLY_BYTES_MAX) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#end !== undefined) return;
    this.#end = 'end';
    if (this.#sink !== undefined) this.#deliverEnd(this.#sink);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#end !== undefined) return;
    this.#finish(asFailure(error, this.#isDispatched));
  }

  #finish(failure: UpstreamFailure): void {
    this.#end = failure;
    if (!this.#isReplying) this.#reject(failure);
    else if (this.#sink !== undefined) this.#deliverFailure(this.#sink, failure);
  }

  #deliverEnd(sink: BodySink): void {
    this.#isOver = true;
    sink.onEnd();
  }

  #deliverFailure(sink: BodySink, failure: UpstreamFailure): void {
    this.#isOver = true;
    sink.onFailure(failure);
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function asFailure(error: Error, isDispatched: boolean): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new UpstreamFailure('timeout', error.message, error);
  }
  return new UpstreamFailure(isDispatched ? 'cut' : 'connect', error.message, error);
}
