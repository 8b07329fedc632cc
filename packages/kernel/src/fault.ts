/** Every kind of error that crosses a boundary. A new one is added here and in the tables that render faults. */
export const FAULT_CODES = [
  /** The request itself is wrong; details.field names where. */
  'invalid',
  /** No key, or one that is not in force. */
  'unauthenticated',
  /** The caller is known and may not. */
  'forbidden',
  'notFound',
  /** A known id with other parameters, or a state that forbids the change. */
  'conflict',
  /** A body, header or batch over its bound. */
  'tooLarge',
  /** A quota is spent; details name the bucket, the token type and when it resets. */
  'quotaExhausted',
  /** Too many requests for now; retryAfterMs says when. */
  'rateLimited',
  /** Everything is well but there is no room; retryAfterMs says when. */
  'overloaded',
  /** A service or provider that is needed does not answer. */
  'unavailable',
  /** The time for the call ran out. */
  'deadline',
  /** The prompt is longer than the model's window. */
  'contextOverflow',
  /** The provider refused or failed in a way that the caller cannot mend. */
  'upstream',
  /** A mistake of ours. */
  'internal',
] as const;

export type FaultCode = (typeof FAULT_CODES)[number];

export interface FaultOptions {
  /** Milliseconds after which the same call may succeed; absent when waiting does not help. */
  readonly retryAfterMs?: number;
  /** Facts for programs. Never a secret. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * An error that a caller can act on. It crosses a port intact and is rendered once, at the front, in the client's own
 * dialect. The message is a sentence that says what is wrong and what to do; it never holds a secret.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly retryAfterMs: number | undefined;
  readonly details: Readonly<Record<string, string>>;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }
}

/** Any thrown value as a fault. What is not one is a mistake of ours: its text stays in the cause, for the log only. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('internal', 'Something went wrong on our side. Please try again.', { cause: error });
}
