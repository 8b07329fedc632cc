// A client that does not know whether its request arrived sends it again with the same Idempotency-Key. The key stands for
// one reservation, whichever edge it reaches, and only the call that made it asks a provider. Whoever repeats it gets the first answer
// again, byte for byte, for as long as this edge keeps it, and is charged nothing.
//
// An attempt that ended without a whole answer does not count as one: the next call is a new attempt of the same key.

import { hash } from 'node:crypto';
import type { Caller, Reservation } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { BoundedMemory } from './bounded-memory.ts';
import { receiptPath } from './denial.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refuse.ts';

const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** Attempts of one key; who fails as often as this has to take another. */
export const KEY_ATTEMPTS_MAX = 20;

/** The key that the client gave; undefined for none. @throws Refusal 400 */
export function idempotencyKeyOf({ incoming }: Exchange): string | undefined {
  const key = incoming.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw new Refusal(400, 'The header idempotency-key must be 1 to 255 printable characters.');
}

/** The same id for the same key of the same user, on every edge. */
export function keyedReservationId({ tenant, userId }: Caller, key: string, attempt: number): string {
  return `res_i${hash('sha256', `${tenant}\0${userId}\0${key}`, 'base64url')}.${attempt}`;
}

/** Tells a request from another: its path and its body. */
export function fingerprintOf({ incoming }: Exchange, body: Buffer): string {
  const path = incoming.url ?? '';
  return hash('sha256', Buffer.concat([Buffer.from(`${path}\0`), body]), 'base64url');
}

/** What a finished attempt of the key means for this call. */
export function verdictOnEarlier({ state, outcome }: Reservation): 'underWay' | 'answered' | 'again' {
  if (state === 'RESERVATION_STATE_HELD') return 'underWay';
  return outcome === 'completed' ? 'answered' : 'again';
}

/** Unlike other conflicts, this one passes. */
export function underWay(): Refusal {
  return new Refusal(409, 'A request with this idempotency key is under way. Please wait for its answer.', {
    'retry-after': '2',
    'x-should-retry': 'true',
  });
}

export function answeredBefore(reservationId: string): Fault {
  return new Fault(
    'conflict',
    'A request with this idempotency key was answered and charged before, and the answer is no longer kept here. ' +
      `Its receipt is ${receiptPath(reservationId)}. Ask again with another key.`,
    { details: { receipt: receiptPath(reservationId) } },
  );
}

/** An answer as it went out. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly pieces: readonly Buffer[];
  readonly keptAtMs: number;
}

const ANSWERS_MAX = 10_000;
const ANSWERS_BYTES_MAX = 64 * 1024 * 1024;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const KEPT_MS = 24 * 3_600_000;

/** The answers to requests with a key, for those who ask again. */
export class KeptAnswers {
  readonly #answers = new BoundedMemory<KeptAnswer>(ANSWERS_MAX, ANSWERS_BYTES_MAX);

  /** Watches what goes to the client. Call the result once the answer is complete. */
  record({ outgoing }: Exchange, tenant: string, reservationId: string, nowMs: () => number): () => void {
    const pieces: Buffer[] = [];
    let bytes = 0;
    let head: Pick<KeptAnswer, 'status' | 'headers'> | undefined;
    const take = (chunk: unknown) => {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
      bytes += chunk.length;
      if (bytes <= ANSWER_BYTES_MAX) pieces.push(Buffer.from(chunk as string));
    };
    const { write, end, writeHead } = outgoing;
    // Why: each has several signatures, and all of them go through as they came.
    outgoing.writeHead = ((status: number, headers: readonly string[]) => {
      head = { status, headers };
      return writeHead.call(outgoing, status, headers as string[]);
    }) as unknown as typeof writeHead;
    outgoing.write = ((...all: Parameters<typeof write>) => {
      take(all[0]);
      return write.apply(outgoing, all);
    }) as typeof write;
    outgoing.end = ((...all: Parameters<typeof end>) => {
      take(all[0]);
      return end.apply(outgoing, all);
    }) as typeof end;
    return () => {
      if (head === undefined || bytes > ANSWER_BYTES_MAX) return;
      this.#answers.keep(tenant, reservationId, { ...head, pieces, keptAtMs: nowMs() }, bytes);
    };
  }

  /** Answers once more what was answered before; false when it is not kept. */
  replay({ outgoing, record }: Exchange, tenant: string, reservationId: string, nowMs: number): boolean {
    const kept = this.#answers.use(tenant, reservationId);
    if (kept === undefined || nowMs - kept.keptAtMs > KEPT_MS) return false;
    record.httpStatus = kept.status;
    record.outcome = 'replayed';
    outgoing.writeHead(kept.status, [...kept.headers, 'idempotency-replayed', 'true']);
    for (const piece of kept.pieces) outgoing.write(piece);
    outgoing.end();
    return true;
  }
}
