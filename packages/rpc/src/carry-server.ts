// The server's end of the stream that calls travel on. Calls are begun as they come and answered as they end.
//
// A server that leaves says so on every stream, begins what was on its way by then, and answers it all before the streams end.

import { type Answer, type Call, CarryRequest, CarryResponse } from '@ai-switch/contracts';
import { asFault, Fault } from '@ai-switch/kernel';
import type * as grpc from '@grpc/grpc-js';
import { Batch } from './batch.ts';
import { CALLS_IN_FLIGHT_MAX } from './channel.ts';
import { faultMessage } from './fault-status.ts';

export type CarryStream = grpc.ServerDuplexStream<Buffer, Buffer>;

/** Begins one call for who stands at the other end of the stream. */
export type AnswerCall = (path: string, request: Uint8Array, call: Call) => Promise<Uint8Array>;

export class CarryServer {
  readonly #streams = new Set<ServedStream>();
  #isLeaving = false;

  serve(stream: CarryStream, answerCall: AnswerCall): void {
    const served = new ServedStream(stream, answerCall, () => this.#streams.delete(served));
    this.#streams.add(served);
    if (this.#isLeaving) served.leave();
  }

  /** Tells every client to go elsewhere. */
  leave(): void {
    this.#isLeaving = true;
    for (const stream of this.#streams) stream.leave();
  }
}

class ServedStream {
  readonly #stream: CarryStream;
  readonly #answerCall: AnswerCall;
  readonly #batch: Batch<Answer>;
  #callsInFlight = 0;
  #isOver = false;
  #hasEnded = false;

  constructor(stream: CarryStream, answerCall: AnswerCall, onOver: () => void) {
    this.#stream = stream;
    this.#answerCall = answerCall;
    this.#batch = new Batch({
      write: (answers) => this.#write({ answers: answers as Answer[], isLeaving: false }),
      bytesOf: ({ response }) => response.length,
      isIdle: () => this.#callsInFlight === 0,
    });
    const end = () => {
      this.#isOver = true;
      this.#batch.end();
      onOver();
    };
    stream.on('data', (bytes: Buffer) => this.#read(bytes));
    stream.on('drain', () => this.#batch.resume());
    stream.on('end', () => {
      this.#hasEnded = true;
      this.#endIfIdle();
    });
    stream.on('cancelled', end);
    stream.on('close', end);
    stream.on('error', end);
  }

  leave(): void {
    this.#write({ answers: [], isLeaving: true });
  }

  #write(response: CarryResponse): boolean {
    if (this.#isOver) return true;
    return this.#stream.write(Buffer.from(CarryResponse.encode(response).finish()));
  }

  #read(bytes: Buffer): void {
    for (const call of CarryRequest.decode(bytes).calls) this.#begin(call);
  }

  #begin(call: Call): void {
    const deadlineMs = performance.now() + call.timeoutMs;
    this.#callsInFlight += 1;
    this.#answer(call).then((answer) => {
      this.#callsInFlight -= 1;
      // Nobody waits for what comes too late.
      if (!this.#isOver && performance.now() < deadlineMs) this.#batch.add(answer);
      this.#endIfIdle();
    });
  }

  async #answer(call: Call): Promise<Answer> {
    const { id } = call;
    try {
      if (this.#callsInFlight > CALLS_IN_FLIGHT_MAX) {
        throw new Fault(
          'overloaded',
          'Too many calls are under way on one connection. Please try again in a moment.',
        );
      }
      return { id, response: await this.#answerCall(call.path, call.request, call), fault: undefined };
    } catch (error) {
      return { id, response: NO_BYTES, fault: faultMessage(asFault(error)) };
    }
  }

  #endIfIdle(): void {
    if (!this.#hasEnded || this.#callsInFlight > 0 || this.#isOver) return;
    this.#batch.end();
    this.#isOver = true;
    this.#stream.end();
  }
}

const NO_BYTES = new Uint8Array();
