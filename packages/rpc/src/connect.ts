import * as grpc from '@grpc/grpc-js';
import { faultOf } from './fault-status.ts';
import { MESSAGE_BYTES_MAX, type PortOf, portOver, type ServiceDefinition } from './wire.ts';

const TIMEOUT_MS = 5_000;
const TIMEOUT_MS_MAX = 60_000;

/**
 * Retries are for calls that no service answered: a fault from the service itself asks for none (`fault-status.ts`).
 * Round robin spreads the calls over every address that a headless service resolves to.
 */
const SERVICE_CONFIG = {
  loadBalancingConfig: [{ round_robin: {} }],
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: '0.05s',
        maxBackoff: '0.5s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};

const OPTIONS: grpc.ClientOptions = {
  'grpc.service_config': JSON.stringify(SERVICE_CONFIG),
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // Services call each other directly, whatever the environment says about the way to the internet.
  'grpc.enable_http_proxy': 0,
};

export interface ConnectOptions {
  /** How long one call may take, retries included, in ms: 1 to 60,000, default 5,000. */
  readonly timeoutMs?: number;
}

/** A port behind gRPC, and the way to let go of it. */
export type Connection<Port> = Port & {
  /** Closes the connection; calls in flight end as they would have. */
  close(): void;
};

/**
 * A port that another process serves at `address` (`host:port`, or `dns:///name:port`). It connects at the first call,
 * and again whenever the peer comes back. A peer that is gone is the Fault `unavailable`, a call over its time
 * `deadline`. The connection is neither encrypted nor authenticated: it has to stay on a private network.
 */
export function connect<Definition extends ServiceDefinition>(
  definition: Definition,
  address: string,
  { timeoutMs = TIMEOUT_MS }: ConnectOptions = {},
): Connection<PortOf<Definition>> {
  if (!(timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX)) {
    throw new RangeError(`timeoutMs must be from 1 to ${TIMEOUT_MS_MAX}`);
  }
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), OPTIONS);
  const port = portOver(
    definition,
    (path, request) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          path,
          (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
          (bytes) => bytes,
          request,
          { deadline: Date.now() + timeoutMs },
          (error, response) => {
            if (error !== null) reject(faultOf(error, definition.name));
            else resolve(response ?? new Uint8Array());
          },
        );
      }),
  );
  return { ...port, close: () => client.close() };
}
