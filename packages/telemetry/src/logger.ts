// Logs name what they write. Headers and bodies never reach a line, an error shows only the fields listed here, and
// names that hold secrets are struck out as a second wall. A destination that does not drain costs lines, never memory
// and never a request: what does not fit the buffer is dropped.

import { isatty } from 'node:tty';
import { Fault } from '@ai-switch/kernel';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { type DestinationStream, destination as openDestination, pino } from 'pino';
import { terminalLines } from './terminal-lines.ts';

export type Logger = pino.Logger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STDERR = 2;
/** What waits for a slow destination at most, in characters. */
const BUFFER_CHARACTERS_MAX = 1024 * 1024;
/** How far an error's causes are followed, and how many of a group are shown. */
const CAUSES_MAX = 4;
const ERRORS_OF_GROUP_MAX = 10;

const SECRET_NAMES = [
  'authorization',
  'Authorization',
  'proxy-authorization',
  'x-api-key',
  'x-goog-api-key',
  'cookie',
  'set-cookie',
  'key',
  'apiKey',
  'firstRootKey',
  'plaintext',
  'credential',
  'credentials',
  'password',
  'secret',
  'pepper',
  'token',
];

export interface LoggerOptions {
  /** Stands on every line, like `quota-ledger`. */
  readonly service: string;
  readonly level: LogLevel;
  /** Default: stderr, for stdout belongs to what the product itself prints; one readable line each on a terminal. */
  readonly destination?: DestinationStream;
}

/**
 * A logger of JSON lines: ISO time, level by name, service, the fields given, `msg`; and while something is traced, which trace
 * and span the line belongs to.
 */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: traceFields,
      serializers: {
        err: errorFields,
        error: errorFields,
        req: omit,
        res: omit,
        request: omit,
        response: omit,
        headers: omit,
        body: omit,
      },
      redact: { paths: SECRET_NAMES.flatMap(pathsOf), censor: '[redacted]' },
    },
    destination ?? stderr(),
  );
}

/** The names that OpenTelemetry gives them in logs that are not its own. */
interface TraceFields {
  readonly trace_id?: string;
  readonly span_id?: string;
}

/** A new object each time: what is logged is put into it. */
function traceFields(): TraceFields {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return {};
  return { trace_id: context.traceId, span_id: context.spanId };
}

function stderr(): DestinationStream {
  const lines = openDestination({ dest: STDERR, sync: false, maxLength: BUFFER_CHARACTERS_MAX });
  return isatty(STDERR) ? terminalLines(lines) : lines;
}

function omit(): undefined {
  return undefined;
}

/** The name at the top of the fields and down to two levels below. */
function pathsOf(name: string): string[] {
  return [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`];
}

interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  readonly cause?: ErrorFields | undefined;
  readonly errors?: readonly ErrorFields[];
}

function errorFields(error: unknown, depth = 0): ErrorFields {
  if (!(error instanceof Error)) return { type: typeof error, message: 'thrown without an Error' };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(error instanceof Fault ? { code: error.code } : {}),
    ...(error.cause === undefined || depth >= CAUSES_MAX
      ? {}
      : { cause: errorFields(error.cause, depth + 1) }),
    ...(error instanceof AggregateError && depth < CAUSES_MAX
      ? { errors: error.errors.slice(0, ERRORS_OF_GROUP_MAX).map((each) => errorFields(each, depth + 1)) }
      : {}),
  };
}
