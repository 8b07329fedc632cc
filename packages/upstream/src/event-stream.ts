// Bedrock streams in messages of AWS's own binary framing, each with one event of Anthropic's stream inside. They are
// unpacked into server-sent events here, so that nothing behind this knows of them:
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
//
// A message that is damaged, or cut off at the end, ends the call as cut.

import type { IncomingHttpHeaders } from 'node:http';
import type { EventStreamCodec, Message } from '@smithy/eventstream-codec';
import type { Dispatcher } from 'undici';

/** AWS's own bound of a message. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
const LENGTH_BYTES = 4;

/** The codec is loaded when the first stream of this kind is asked for. */
export async function eventStreamCodec(): Promise<EventStreamCodec> {
  const { EventStreamCodec } = await import('@smithy/eventstream-codec');
  return new EventStreamCodec(
    (bytes) => Buffer.from(bytes).toString('utf8'),
    (text) => Buffer.from(text, 'utf8'),
  );
}

type Handler = Required<
  Pick<
    Dispatcher.DispatchHandler,
    'onRequestStart' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd' | 'onResponseError'
  >
>;

/** Stands between the connection and a call, and unpacks what comes. */
export class EventStreamReply implements Dispatcher.DispatchHandler {
  readonly #call: Handler;
  readonly #codec: EventStreamCodec;
  #isFramed = false;
  #isBroken = false;
  #left: Buffer = Buffer.alloc(0);

  constructor(call: Handler, codec: EventStreamCodec) {
    this.#call = call;
    this.#codec = codec;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#call.onRequestStart(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    this.#isFramed = /vnd\.amazon\.eventstream/i.test(String(headers['content-type']));
    const told = this.#isFramed ? { ...headers, 'content-type': 'text/event-stream' } : headers;
    this.#call.onResponseStart(controller, status, told, statusMessage);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isFramed) {
      this.#call.onResponseData(controller, chunk);
      return;
    }
    if (this.#isBroken) return;
    try {
      const text = this.#unpack(chunk);
      if (text !== '') this.#call.onResponseData(controller, Buffer.from(text));
    } catch (error) {
      this.#isBroken = true;
      const cause = error instanceof Error ? error : new Error(String(error));
      this.#call.onResponseError(controller, cause);
      controller.abort(cause);
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    if (this.#left.length === 0) this.#call.onResponseEnd(controller, trailers);
    else this.#call.onResponseError(controller, new Error('the stream was cut inside a message'));
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#call.onResponseError(controller, error);
  }

  #unpack(chunk: Buffer): string {
    let bytes = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    let text = '';
    while (bytes.length >= LENGTH_BYTES) {
      const size = bytes.readUInt32BE(0);
      if (size > MESSAGE_BYTES_MAX || size < LENGTH_BYTES) throw new Error(`a message of ${size} bytes`);
      if (bytes.length < size) break;
      text += printed(this.#codec.decode(bytes.subarray(0, size)));
      bytes = bytes.subarray(size);
    }
    // A copy: what is left must not keep the whole chunk in memory.
    this.#left = Buffer.from(bytes);
    return text;
  }
}

/** Error types of Bedrock by Anthropic's name of them; others are `api_error`. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  throttlingException: 'rate_limit_error',
  serviceUnavailableException: 'overloaded_error',
  modelNotReadyException: 'overloaded_error',
  modelTimeoutException: 'timeout_error',
  validationException: 'invalid_request_error',
};

function printed({ headers, body }: Message): string {
  const payload = JSON.parse(Buffer.from(body).toString('utf8'));
  if (headers[':message-type']?.value === 'event') {
    if (typeof payload.bytes !== 'string') return '';
    const data = Buffer.from(payload.bytes, 'base64').toString('utf8');
    return sse(JSON.parse(data).type, data);
  }
  const name = String(headers[':exception-type']?.value ?? headers[':error-code']?.value ?? '');
  const message = payload.message ?? payload.Message ?? 'The provider broke off its answer.';
  const error = { type: ERROR_TYPES[name] ?? 'api_error', message: String(message) };
  return sse('error', JSON.stringify({ type: 'error', error }));
}

function sse(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n\n`;
}
