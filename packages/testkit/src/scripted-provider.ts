// A provider for tests: a real HTTP server that speaks all dialects, told apart by their addresses, and does what the test's
// script says, slow, broken or cut at any byte. It remembers every request, to the byte. What the real provider of the
// dialect would refuse it refuses too, in the same words, so that a request that was put together wrongly shows.

import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptedAnswer } from './providers/answer.ts';
import { composeReply } from './providers/compose-reply.ts';
import type { ProblemName } from './providers/problem.ts';

/** What the provider does with one request. An empty script answers with a short text and usage. */
export interface Script extends ScriptedAnswer {
  /** Answers with this status; with `body` or with the dialect's error. */
  readonly status?: number;
  /** Refuses in the words, and with the status, that the dialect's own provider has for this. */
  readonly problem?: ProblemName;
  /** With an error, where the dialect says it: a header, or Google's RetryInfo. */
  readonly retryAfterS?: number;
  readonly headers?: OutgoingHttpHeaders;
  /** The body as it stands, for HTML, broken JSON or a recorded reply. */
  readonly body?: string | Buffer;
  readonly contentType?: string;
  /** A stream or a whole reply whatever was asked for. */
  readonly form?: 'stream' | 'whole';
  /** Before the headers of the reply. */
  readonly delayMs?: number;
  /** Before each chunk of the body but the first. */
  readonly chunkDelayMs?: number;
  /** Writes of this many bytes, whatever the frames; 1 splits at every byte. */
  readonly chunkBytes?: number;
  /** Destroys the socket after this many bytes of the body. */
  readonly cutAfterBytes?: number;
  /** Destroys the socket after this many frames of a stream. */
  readonly cutAfterFrames?: number;
  /** Destroys the socket after this many pieces of thinking, text and arguments. */
  readonly cutAfterPieces?: number;
  /** Says nothing more after this many pieces, but holds the connection. */
  readonly hangAfterPieces?: number;
  /** What becomes of each frame of a stream on its way, for other ways to write the same. */
  readonly eachFrame?: (frame: string) => string;
  /** Says nothing more, but holds the connection: before the headers, or after this many frames. */
  readonly hang?: 'beforeHeaders' | number;
  /** Closes the connection without a word. */
  readonly isRefusing?: boolean;
}

/** One request as the provider saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Names and values in the order and spelling in which they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly receivedAtMs: number;
  /** Why it was refused, when it is nothing that the real provider would take. */
  refusal: string | undefined;
  /** When the caller went away before the reply had ended; undefined when it did not. */
  abortedAtMs: number | undefined;
  /** True once the whole reply was written. */
  isAnswered: boolean;
}

export type Behaviour = Script | ((request: SeenRequest) => Script);

export class ScriptedProvider implements AsyncDisposable {
  /** With `/v1`, as a provider row has it. */
  readonly baseUrl: string;
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #queue: Behaviour[] = [];
  /** What is done once the queue is empty. */
  otherwise: Behaviour = {};
  /** The names in its list of models. */
  models: readonly string[] = [];
  /** Whether it refuses what the real provider would. */
  isStrict = true;

  private constructor(server: Server) {
    this.#server = server;
    this.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    server.on('request', (incoming, outgoing) => void this.#answer(incoming, outgoing));
  }

  static async open(): Promise<ScriptedProvider> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ScriptedProvider(server);
  }

  /** Why requests were refused, each with its address. */
  get refusals(): readonly string[] {
    return this.requests.flatMap(({ path, refusal }) =>
      refusal === undefined ? [] : [`${path}: ${refusal}`],
    );
  }

  /** Queues behaviours: one for each request to come. */
  script(...behaviours: readonly Behaviour[]): void {
    this.#queue.push(...behaviours);
  }

  /** Forgets requests and behaviours. */
  reset(): void {
    this.requests.length = 0;
    this.#queue.length = 0;
    this.otherwise = {};
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const seen = await see(incoming);
    if (seen === undefined) return;
    this.requests.push(seen);
    outgoing.on('close', () => {
      if (!seen.isAnswered) seen.abortedAtMs = Date.now();
    });
    outgoing.on('finish', () => {
      seen.isAnswered = true;
    });
    const behaviour = this.#queue.shift() ?? this.otherwise;
    try {
      const script = typeof behaviour === 'function' ? behaviour(seen) : behaviour;
      await perform(script, seen, outgoing, this);
    } catch (error) {
      // A script that cannot be performed shows like a request that would be refused.
      seen.refusal = String(error);
      outgoing.writeHead(500, { 'content-type': 'text/plain' }).end(seen.refusal);
    }
  }
}

async function see(incoming: IncomingMessage): Promise<SeenRequest | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    body: Buffer.concat(chunks),
    receivedAtMs: Date.now(),
    refusal: undefined,
    abortedAtMs: undefined,
    isAnswered: false,
  };
}

async function perform(
  script: Script,
  seen: SeenRequest,
  outgoing: ServerResponse,
  provider: { readonly isStrict: boolean; readonly models: readonly string[] },
): Promise<void> {
  if (script.delayMs !== undefined) await sleep(script.delayMs);
  if (script.isRefusing) outgoing.destroy();
  if (script.isRefusing || script.hang === 'beforeHeaders' || outgoing.destroyed) return;
  const reply = composeReply(script, seen, provider);
  seen.refusal = reply.refusal;
  outgoing.writeHead(reply.status, {
    'content-type': reply.contentType,
    ...reply.headers,
    ...script.headers,
  });
  outgoing.flushHeaders();
  let sentBytes = 0;
  for (const [index, chunk] of reply.chunks.entries()) {
    if (index > 0 && script.chunkDelayMs !== undefined) await sleep(script.chunkDelayMs);
    if (outgoing.destroyed || reply.hangAfter === index) return;
    const isLast = script.cutAfterBytes !== undefined && sentBytes + chunk.length >= script.cutAfterBytes;
    const piece = isLast ? chunk.subarray(0, (script.cutAfterBytes ?? 0) - sentBytes) : chunk;
    sentBytes += piece.length;
    if (piece.length > 0) await write(outgoing, piece);
    if (isLast || reply.cutAfter === index + 1) {
      outgoing.destroy();
      return;
    }
  }
  if (!outgoing.destroyed) outgoing.end();
}

/** Resolves when the piece has left the process, so that a cut after it cannot swallow it. */
function write(outgoing: ServerResponse, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once('close', resolve);
    outgoing.write(piece, () => {
      outgoing.off('close', resolve);
      resolve();
    });
  });
}
