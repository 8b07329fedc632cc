// How an error crosses gRPC: a Fault goes intact in the `aiswitch-fault-bin` trailer, and its code as the nearest gRPC
// status for callers in other languages. Whatever is not a Fault crosses as `internal` without its text, which may hold
// a secret.

import { Fault as FaultMessage } from '@ai-switch/contracts';
import { asFault, FAULT_CODES, Fault, type FaultCode } from '@ai-switch/kernel';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';

const FAULT_TRAILER = 'aiswitch-fault-bin';

/** A trailer has to fit HTTP/2's header block of 16 KB, in base 64. A fault over it loses its details, then its tail. */
export const FAULT_BYTES_MAX = 4_096;
const MESSAGE_CHARACTERS_MAX = 1_000;

const STATUS_OF: Readonly<Record<FaultCode, status>> = {
  invalid: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  notFound: status.NOT_FOUND,
  conflict: status.FAILED_PRECONDITION,
  tooLarge: status.OUT_OF_RANGE,
  quotaExhausted: status.RESOURCE_EXHAUSTED,
  rateLimited: status.RESOURCE_EXHAUSTED,
  overloaded: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  deadline: status.DEADLINE_EXCEEDED,
  contextOverflow: status.OUT_OF_RANGE,
  upstream: status.UNKNOWN,
  internal: status.INTERNAL,
};

/** The way back for a status without our trailer: gRPC itself, a proxy on the way, or a peer in another language. */
const CODE_OF: Readonly<Partial<Record<status, FaultCode>>> = {
  [status.INVALID_ARGUMENT]: 'invalid',
  [status.OUT_OF_RANGE]: 'tooLarge',
  [status.UNAUTHENTICATED]: 'unauthenticated',
  [status.PERMISSION_DENIED]: 'forbidden',
  [status.NOT_FOUND]: 'notFound',
  [status.FAILED_PRECONDITION]: 'conflict',
  [status.ALREADY_EXISTS]: 'conflict',
  [status.ABORTED]: 'conflict',
  [status.RESOURCE_EXHAUSTED]: 'overloaded',
  [status.UNAVAILABLE]: 'unavailable',
  [status.CANCELLED]: 'unavailable',
  [status.DEADLINE_EXCEEDED]: 'deadline',
};

/** Any thrown value as the gRPC status that a server answers with. */
export function statusOf(error: unknown): { code: status; details: string; metadata: Metadata } {
  const fault = asFault(error);
  const metadata = new Metadata();
  metadata.set(FAULT_TRAILER, Buffer.from(faultBytes(fault)));
  // A fault is an answer: the client's own retries are for calls that no service answered.
  metadata.set('grpc-retry-pushback-ms', '-1');
  return { code: STATUS_OF[fault.code], details: fault.message.slice(0, MESSAGE_CHARACTERS_MAX), metadata };
}

/** The fault that a failed call to `serviceName` stands for. */
export function faultOf(error: ServiceError, serviceName: string): Fault {
  const trailer = error.metadata?.get(FAULT_TRAILER)[0];
  const fault = trailer instanceof Buffer ? faultFrom(trailer) : undefined;
  if (fault !== undefined) return fault;
  const code = CODE_OF[error.code] ?? 'internal';
  return new Fault(code, sentenceFor(code, serviceName), { cause: error });
}

/** The fault as it crosses a process, within FAULT_BYTES_MAX. */
export function faultBytes(fault: Fault): Uint8Array {
  return FaultMessage.encode(faultMessage(fault)).finish();
}

/** As `faultBytes`, as a part of another message. */
export function faultMessage(fault: Fault): FaultMessage {
  const whole = FaultMessage.create({
    code: fault.code,
    message: fault.message,
    retryAfterMs: wholeMs(fault.retryAfterMs),
    details: fault.details,
  });
  if (FaultMessage.encode(whole).finish().length <= FAULT_BYTES_MAX) return whole;
  return { ...whole, message: fault.message.slice(0, MESSAGE_CHARACTERS_MAX), details: {} };
}

/** The fault in `bytes`, or undefined for what is none, or one with a code that this version does not know. */
export function faultFrom(bytes: Uint8Array): Fault | undefined {
  try {
    return faultOfMessage(FaultMessage.decode(bytes));
  } catch {
    return undefined;
  }
}

/** Undefined for a code that this version does not know. */
export function faultOfMessage({ code, message, retryAfterMs, details }: FaultMessage): Fault | undefined {
  const known = FAULT_CODES.find((candidate) => candidate === code);
  if (known === undefined) return undefined;
  return new Fault(known, message, {
    details,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Number(retryAfterMs) }),
  });
}

function wholeMs(delayMs: number | undefined): bigint | undefined {
  return delayMs === undefined || !Number.isFinite(delayMs) ? undefined : BigInt(Math.ceil(delayMs));
}

function sentenceFor(code: FaultCode, serviceName: string): string {
  switch (code) {
    case 'unavailable':
      return `The ${serviceName} service does not answer. Please try again in a moment.`;
    case 'deadline':
      return `The ${serviceName} service did not answer in time. Please try again in a moment.`;
    case 'overloaded':
      return `The ${serviceName} service has no room at the moment. Please try again in a moment.`;
    default:
      return `The ${serviceName} service refused the call. Its own log says why.`;
  }
}
