import { asFault, ConfigError } from '@ai-switch/kernel';
import * as grpc from '@grpc/grpc-js';
import { statusOf } from './fault-status.ts';
import {
  type ByteCall,
  byteCallsOf,
  MESSAGE_BYTES_MAX,
  type PortOf,
  type ServiceDefinition,
} from './wire.ts';

/** How long `close` waits for the calls in flight unless told otherwise. */
const GRACE_MS = 10_000;
/** Calls in flight on one connection; more wait at the client, within their deadline. */
const CALLS_PER_CONNECTION_MAX = 1_000;
/** Connections are renewed, so that clients find replicas that came later. Calls in flight have the grace to end. */
const CONNECTION_AGE_MS = 300_000;
const CONNECTION_AGE_GRACE_MS = 30_000;

// gRPC tells its callers what went wrong; that it also prints it would break the one line a failure has.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

const OPTIONS: grpc.ServerOptions = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
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
}

export interface Server {
  /** The port that it listens on. */
  readonly port: number;
  /** Refuses new calls, waits `graceMs` (default 10,000) for those in flight, then breaks them off. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves ports over gRPC. The connection is neither encrypted nor authenticated: it has to stay on a private network.
 * @throws ConfigError when the address cannot be listened on.
 */
export async function serve<const Definitions extends readonly ServiceDefinition[]>(
  ports: { readonly [Index in keyof Definitions]: ServedPort<Definitions[Index]> },
  { address, onError }: ServeOptions,
): Promise<Server> {
  const server = new grpc.Server(OPTIONS);
  // Why: inside the mapped tuple the compiler no longer sees that each element pairs one definition with its own port.
  for (const { definition, implementation } of ports as readonly ServedPort<ServiceDefinition>[]) {
    const service: Record<string, grpc.MethodDefinition<Buffer, Buffer>> = {};
    const handlers: Record<string, grpc.handleUnaryCall<Buffer, Buffer>> = {};
    for (const [path, call] of byteCallsOf(definition, implementation)) {
      service[path] = byteMethod(path);
      handlers[path] = handle(path, call, onError);
    }
    server.addService(service, handlers);
  }
  const port = await listen(server, address);
  return { port, close: (graceMs = GRACE_MS) => shutDown(server, graceMs) };
}

function handle(
  path: string,
  call: ByteCall,
  onError: ServeOptions['onError'],
): grpc.handleUnaryCall<Buffer, Buffer> {
  return ({ request }, callback) => {
    call(request).then(
      (bytes) => callback(null, asBuffer(bytes)),
      (error: unknown) => {
        if (asFault(error).code === 'internal') onError?.(error, path);
        callback(statusOf(error));
      },
    );
  };
}

function byteMethod(path: string): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes) => bytes,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (bytes) => bytes,
    responseDeserialize: (bytes) => bytes,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function listen(server: grpc.Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
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
