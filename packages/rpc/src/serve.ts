import { asFault, ConfigError, Fault } from '@ai-switch/kernel';
import * as grpc from '@grpc/grpc-js';
import { HealthImplementation, type ServingStatusMap } from 'grpc-health-check';
import { timedAnswer } from './call-metrics.ts';
import { admitCaller, type CallersByPath, callerNames } from './callers.ts';
import { CarryServer, type CarryStream } from './carry-server.ts';
import { CARRY_PATH, CHANNEL_OPTIONS } from './channel.ts';
import { statusOf } from './fault-status.ts';
import { serverCredentials, type TlsFiles } from './tls.ts';
import { tracedAnswer } from './tracing.ts';
import { type ByteCall, byteCallsOf, type PortOf, type ServiceDefinition } from './wire.ts';

/** How long `close` waits for the calls in flight unless told otherwise. */
const GRACE_MS = 10_000;
/** Calls in flight on one connection; more wait at the client, within their deadline. */
const CALLS_PER_CONNECTION_MAX = 1_000;
/**
 * Connections are renewed, so that clients find replicas that came later. Calls in flight have the grace to end. Our own clients
 * renew theirs before.
 */
const CONNECTION_AGE_MS = 600_000;
const CONNECTION_AGE_GRACE_MS = 60_000;

// gRPC tells its callers what went wrong; that it also prints it would break the one line a failure has.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

const OPTIONS: grpc.ServerOptions = {
  'grpc.max_receive_message_length': CHANNEL_OPTIONS['grpc.max_receive_message_length'],
  'grpc.max_send_message_length': CHANNEL_OPTIONS['grpc.max_send_message_length'],
  'grpc.max_concurrent_streams': CALLS_PER_CONNECTION_MAX,
  'grpc.max_connection_age_ms': CONNECTION_AGE_MS,
  'grpc.max_connection_age_grace_ms': CONNECTION_AGE_GRACE_MS,
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
};

/** A port and the object that answers it. */
export interface ServedPort<Definition extends ServiceDefinition> {
  readonly definition: Definition;
  readonly implementation: PortOf<Definition>;
}

export interface ServeOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  /** Hears of every error that crosses as `internal`: a mistake of ours, whose text stays on this side. */
  readonly onError?: (error: unknown, path: string) => void;
  /** Without it the connection is neither encrypted nor authenticated: it has to stay on a private network. */
  readonly tls?: TlsFiles | undefined;
  /** Who may call what where TLS tells who calls; what stands here for nobody nobody may call. */
  readonly callers?: CallersByPath;
}

export interface Server {
  /** The port that it listens on. */
  readonly port: number;
  /** Tells callers to go elsewhere, and whoever asks that it is not well; it still answers. */
  leave(): void;
  /** Refuses new calls, waits `graceMs` (default 10,000) for those in flight, then breaks them off. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves ports over gRPC: as batches of calls over one stream, as `connect` sends them, and as unary calls; and the health of the
 * whole, by gRPC's own protocol.
 * @throws ConfigError when the address cannot be listened on.
 */
export async function serve<const Definitions extends readonly ServiceDefinition[]>(
  ports: { readonly [Index in keyof Definitions]: ServedPort<Definitions[Index]> },
  { address, onError, tls, callers = {} }: ServeOptions,
): Promise<Server> {
  const server = new grpc.Server(OPTIONS);
  const all = new Map<string, ByteCall>();
  // Why: inside the mapped tuple the compiler no longer sees that each element pairs one definition with its own port.
  for (const { definition, implementation } of ports as readonly ServedPort<ServiceDefinition>[]) {
    const service: Record<string, grpc.MethodDefinition<Buffer, Buffer>> = {};
    const handlers: Record<string, grpc.handleUnaryCall<Buffer, Buffer>> = {};
    for (const [path, call] of byteCallsOf(definition, implementation)) {
      all.set(path, call);
      service[path] = { ...byteMethod(path), requestStream: false, responseStream: false };
      handlers[path] = (asked, callback) => {
        answer(asked, path, asked.request, String(asked.metadata.get('traceparent')[0] ?? '')).then(
          (bytes) => callback(null, asBuffer(bytes)),
          (error: unknown) => callback(statusOf(error)),
        );
      };
    }
    server.addService(service, handlers);
  }

  /** For whoever stands at the other end of `caller`. */
  const answer = async (caller: Caller, path: string, request: Uint8Array, traceparent: string) => {
    admitCaller(path, callerNames(caller.getAuthContext()), callers);
    const call = all.get(path);
    if (call === undefined) throw new Fault('notFound', `There is no ${path} here.`);
    return timedAnswer(path, () => tracedAnswer(path, traceparent, () => told(path, call, request)));
  };

  /** Within the trace of the call, so that what is logged of its failure names it. */
  const told = async (path: string, call: ByteCall, request: Uint8Array) => {
    try {
      return await call(request);
    } catch (error) {
      if (asFault(error).code === 'internal') onError?.(error, path);
      throw error;
    }
  };

  const carry = new CarryServer();
  const carryMethod = { ...byteMethod(CARRY_PATH), requestStream: true, responseStream: true };
  server.addService(
    { [CARRY_PATH]: carryMethod },
    {
      [CARRY_PATH]: (stream: CarryStream) =>
        carry.serve(stream, (path, request, { traceparent }) => answer(stream, path, request, traceparent)),
    },
  );
  const health = new HealthImplementation({ '': 'SERVING' } satisfies ServingStatusMap);
  health.addToServer(server);
  const port = await listen(server, address, serverCredentials(tls));
  return {
    port,
    leave: () => {
      health.setStatus('', 'NOT_SERVING');
      carry.leave();
    },
    close: async (graceMs = GRACE_MS) => {
      health.setStatus('', 'NOT_SERVING');
      carry.leave();
      await shutDown(server, graceMs);
    },
  };
}

interface Caller {
  getAuthContext(): Parameters<typeof callerNames>[0];
}

function byteMethod(path: string) {
  return {
    path,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function listen(server: grpc.Server, address: string, credentials: grpc.ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else
        reject(
          new ConfigError(
            `cannot listen on ${address}: the port is in use, or the address is not of this machine`,
            { cause: error },
          ),
        );
    });
  });
}

function shutDown(server: grpc.Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
