// A provider for tests: a real HTTP server that speaks both dialects and does what the test's script says, slow, broken
// or cut at any byte. It remembers every request, to the byte.

import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptedAnswer } from './scripted-replies.ts';
import { errorBody, streamFrames, wholeReply } from './scripted-replies.ts';

export type { ScriptedAnswer } from './scripted-replies.ts';

/** What the provider does with one request. An empty script answers with a short text and usage. */
export interface Script extends ScriptedAnswer {
  /** Answers with this status; with `body` or with the dialect's error. */
  readonly status?: number;
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
    await perform(typeof behaviour === 'function' ? behaviour(seen) : behaviour, seen, outgoing);
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
    abortedAtMs: undefined,
    isAnswered: false,
  };
}

async function perform(script: Script, seen: SeenRequest, outgoing: ServerResponse): Promise<void> {
  if (script.delayMs !== undefined) await sleep(script.delayMs);
  if (script.isRefusing) outgoing.destroy();
  if (script.isRefusing || script.hang === 'beforeHeaders' || outgoing.destroyed) return;
  const reply = compose(script, seen);
  outgoing.writeHead(script.status ?? 200, { 'content-type': reply.contentType, ...script.headers });
  outgoing.flushHeaders();
  let sentBytes = 0;
  for (const [index, chunk] of reply.chunks.entries()) {
    if (index > 0 && script.chunkDelayMs !== undefined) await sleep(script.chunkDelayMs);
    if (outgoing.destroyed || script.hang === index) return;
    const isLast = script.cutAfterBytes !== undefined && sentBytes + chunk.length >= script.cutAfterBytes;
    const piece = isLast ? chunk.subarray(0, (script.cutAfterBytes ?? 0) - sentBytes) : chunk;
    sentBytes += piece.length;
    if (piece.length > 0) await write(outgoing, piece);
    if (isLast || script.cutAfterFrames === index + 1) {
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

function compose(script: Script, seen: SeenRequest): { contentType: string; chunks: readonly Buffer[] } {
  const dialect = seen.path.includes('/messages') ? 'anthropic-messages' : 'openai-chat';
  const asked = parse(seen.body);
  const isStream =
    script.body === undefined &&
    script.status === undefined &&
    (script.form ?? (asked.stream === true ? 'stream' : 'whole')) === 'stream';
  const type = isStream ? 'text/event-stream; charset=utf-8' : 'application/json';
  const chunks = isStream
    ? streamFrames(dialect, script, asked).map((frame) => Buffer.from(frame))
    : [Buffer.from(script.body ?? JSON.stringify(wholeBody(dialect, script, asked)))];
  return { contentType: script.contentType ?? type, chunks: split(chunks, script.chunkBytes) };
}

function wholeBody(dialect: Dialect, script: Script, asked: Asked): unknown {
  const { status = 200 } = script;
  return status < 300 ? wholeReply(dialect, script, asked) : errorBody(dialect, status);
}

type Dialect = Parameters<typeof wholeReply>[0];
type Asked = Parameters<typeof wholeReply>[2];

function parse(body: Buffer): Asked {
  try {
    return JSON.parse(body.toString());
  } catch {
    return {};
  }
}

function split(chunks: readonly Buffer[], chunkBytes: number | undefined): readonly Buffer[] {
  if (chunkBytes === undefined) return chunks;
  const whole = Buffer.concat(chunks);
  const pieces: Buffer[] = [];
  for (let start = 0; start < whole.length; start += chunkBytes) {
    pieces.push(whole.subarray(start, start + chunkBytes));
  }
  return pieces;
}
