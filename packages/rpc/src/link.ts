// One stream to one place where a service listens, and the calls that travel on it.
//
// A link that breaks gives back every call that was not answered, and says whether it may have been begun there. A server that is
// leaving answers what it has; calls that come later go elsewhere.

import { isIP } from 'node:net';
import { type Answer, type Call, CarryRequest, CarryResponse } from '@ai-switch/contracts';
import * as grpc from '@grpc/grpc-js';
import type { Endpoint } from './addresses.ts';
import { Batch } from './batch.ts';
import { CARRY_PATH, CHANNEL_OPTIONS } from './channel.ts';

const CONNECT_TIMEOUT_MS = 2_000;
/** How long a server that never answers keeps the calls of a link that is let go of. */
const LEAVE_MS = 70_000;

export type LinkState = 'connecting' | 'open' | 'leaving' | 'broken';

/** A call on its way. */
export interface CarriedCall {
  readonly path: string;
  readonly request: Uint8Array;
  readonly traceparent: string;
  /** By `performance.now()`. */
  readonly deadlineMs: number;
  answer(answer: Answer): void;
  /** The link is gone. @param mayHaveBegun whether the service may be at work on it */
  giveBack(mayHaveBegun: boolean): void;
}

export interface LinkOptions {
  readonly endpoint: Endpoint;
  readonly credentials: grpc.ChannelCredentials;
  readonly onState: (link: Link) => void;
}

export class Link {
  readonly endpoint: Endpoint;
  readonly #client: grpc.Client;
  readonly #onState: (link: Link) => void;
  readonly #waiting = new Map<bigint, CarriedCall>();
  readonly #batch: Batch<Call>;
  #stream: grpc.ClientDuplexStream<Uint8Array, Uint8Array> | undefined;
  #lastId = 0n;
  #state: LinkState = 'connecting';

  constructor({ endpoint, credentials, onState }: LinkOptions) {
    this.endpoint = endpoint;
    this.#onState = onState;
    this.#client = new grpc.Client(endpoint.target, credentials, {
      ...CHANNEL_OPTIONS,
      ...(isIP(endpoint.serverName) === 0 && { 'grpc.ssl_target_name_override': endpoint.serverName }),
      // Each link has its own connection, so that a new one leaves an old one.
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#batch = new Batch({
      write: (calls) => this.#write(calls),
      bytesOf: ({ request, path }) => request.length + path.length,
      isIdle: (pending) => this.#waiting.size <= pending,
    });
    this.#client.waitForReady(Date.now() + CONNECT_TIMEOUT_MS, (error) => {
      if (this.#state !== 'connecting') return;
      if (error === undefined) this.#open();
      else this.#break();
    });
  }

  get state(): LinkState {
    return this.#state;
  }

  get callsInFlight(): number {
    return this.#waiting.size;
  }

  /** Only while it is open. @returns what forgets the call, whose answer nobody waits for any more */
  send(call: CarriedCall): () => void {
    this.#lastId += 1n;
    const id = this.#lastId;
    this.#waiting.set(id, call);
    const timeoutMs = Math.max(1, Math.ceil(call.deadlineMs - performance.now()));
    this.#batch.add({ id, path: call.path, request: call.request, timeoutMs, traceparent: call.traceparent });
    return () => this.#forget(id);
  }

  /** Takes no more calls; ends when those there are have their answers. */
  leave(): void {
    if (this.#state === 'connecting') {
      this.#break();
      return;
    }
    if (this.#state !== 'open') return;
    this.#setState('leaving');
    setTimeout(() => this.#break(), LEAVE_MS).unref();
    this.#endIfIdle();
  }

  /** At once: the calls on it are given back. */
  close(): void {
    this.#break();
  }

  #open(): void {
    const stream = this.#client.makeBidiStreamRequest(CARRY_PATH, asBuffer, asBytes);
    this.#stream = stream;
    stream.on('data', (bytes: Uint8Array) => this.#read(bytes));
    stream.on('drain', () => this.#batch.resume());
    stream.on('error', () => this.#break());
    stream.on('end', () => this.#break());
    this.#setState('open');
  }

  #write(calls: readonly Call[]): boolean {
    const bytes = CarryRequest.encode({ calls: calls as Call[] }).finish();
    return this.#stream?.write(bytes) ?? true;
  }

  #read(bytes: Uint8Array): void {
    const { answers, isLeaving } = CarryResponse.decode(bytes);
    for (const answer of answers) {
      const call = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      call?.answer(answer);
    }
    if (isLeaving) this.leave();
    else this.#endIfIdle();
  }

  #forget(id: bigint): void {
    this.#waiting.delete(id);
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.#state === 'leaving' && this.#waiting.size === 0) this.#break();
  }

  #break(): void {
    if (this.#state === 'broken') return;
    const isBegun = this.#state !== 'connecting';
    this.#setState('broken');
    this.#batch.end();
    this.#stream?.end();
    this.#client.close();
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const call of left) call.giveBack(isBegun);
  }

  #setState(state: LinkState): void {
    this.#state = state;
    this.#onState(this);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function asBytes(bytes: Buffer): Uint8Array {
  return bytes;
}
