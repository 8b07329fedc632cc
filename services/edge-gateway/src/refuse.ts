// Refusals, each in the form that the client's dialect gives them. What a client reads here says what is wrong and what
// to do; a provider's address, credential or account never stands in it.

import { STATUS_CODES } from 'node:http';
import { type Dialect, type HttpError, InvalidRequest, type OutgoingError } from '@ai-switch/dialects';
import { asFault, Fault } from '@ai-switch/kernel';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';

/** A refusal with a status that no fault code stands for. */
export class Refusal extends Fault {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super('invalid', message);
    this.status = status;
    this.headers = headers;
  }
}

/** The status that the record keeps when the client left before there was one. */
const CLIENT_CLOSED_REQUEST = 499;

/** Answers with the error, unless nobody is there to read it. */
export function refuse(edge: EdgeParts, exchange: Exchange, error: unknown): void {
  const { record, outgoing } = exchange;
  const fault = faultOf(error);
  record.faultCode = fault.code;
  if (record.outcome === '') record.outcome = fault.details.policy === undefined ? 'refused' : 'intercepted';
  if (fault.code === 'internal') {
    edge.logger.error({ err: error, requestId: record.requestId }, 'a request failed on our side');
  }
  if (exchange.interruption === 'clientGone') {
    record.httpStatus ||= CLIENT_CLOSED_REQUEST;
    record.outcome = 'clientGone';
    return;
  }
  if (exchange.isCommitted && !outgoing.writableEnded) {
    outgoing.end(exchange.dialect.writeStreamError(brokenOff(fault, record.requestId)));
    return;
  }
  if (outgoing.headersSent) {
    // A stage that writes ends what it writes; here it could not.
    outgoing.destroy();
    return;
  }
  const { status, headers, body } = httpErrorOf(exchange.dialect, fault, record.requestId);
  record.httpStatus = status;
  const bytes = Buffer.from(JSON.stringify(body));
  outgoing.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'x-request-id': record.requestId,
    'request-id': record.requestId,
    ...(exchange.reservationId === '' ? {} : { 'x-aiswitch-reservation': exchange.reservationId }),
    ...(fault.details.receipt === undefined ? {} : { 'x-aiswitch-receipt': fault.details.receipt }),
    ...(edge.isClosing ? { connection: 'close' } : {}),
    ...headers,
  });
  outgoing.end(bytes);
}

function faultOf(error: unknown): Fault {
  if (!(error instanceof InvalidRequest)) return asFault(error);
  const details = error.field === '' ? {} : { details: { field: error.field } };
  return new Fault('invalid', error.message, { cause: error, ...details });
}

function httpErrorOf(dialect: Dialect, fault: Fault, requestId: string): HttpError {
  const rendered = dialect.writeError(outgoingError(fault, requestId));
  if (!(fault instanceof Refusal)) return rendered;
  return { ...rendered, status: fault.status, headers: { ...rendered.headers, ...fault.headers } };
}

function outgoingError(fault: Fault, requestId: string): OutgoingError {
  return {
    code: fault.code,
    message: fault.message,
    requestId,
    retryAfterMs: fault.retryAfterMs,
    details: fault.details,
  };
}

const PASSING: ReadonlySet<Fault['code']> = new Set([
  'upstream',
  'unavailable',
  'deadline',
  'overloaded',
  'internal',
]);

/**
 * The error at the end of a stream that has begun. It has no status to go by, so that the words say whether to ask again:
 * OpenCode with Anthropic's adapter decides by them alone.
 */
export function brokenOff(fault: Fault, requestId: string, replyId = ''): OutgoingError {
  const error = { ...outgoingError(fault, requestId), replyId };
  return PASSING.has(fault.code)
    ? { ...error, message: `${error.message} Please retry your request.` }
    : error;
}

/** For a request that node:http could not even read: the same error over a bare socket. */
export function rawErrorResponse(dialect: Dialect, refusal: Refusal, requestId: string): string {
  const { status, headers, body } = httpErrorOf(dialect, refusal, requestId);
  const text = JSON.stringify(body);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(text)}\r\nx-request-id: ${requestId}\r\nrequest-id: ${requestId}\r\n` +
    `${lines.join('')}connection: close\r\n\r\n${text}`
  );
}
