import { Fault } from '@ai-switch/kernel';
import * as grpc from '@grpc/grpc-js';
import { CHANNEL_OPTIONS } from './channel.ts';
import type { Connection } from './connect.ts';
import { faultOf } from './fault-status.ts';
import { channelCredentials, type TlsFiles } from './tls.ts';
import { type PortOf, portOver, type ServiceDefinition } from './wire.ts';

const TIMEOUT_MS = 5_000;

/**
 * A port whose calls are gRPC's own unary calls, one message each way, as tools and other languages make them. `connect` costs a
 * third of it.
 */
export function connectUnary<Definition extends ServiceDefinition>(
  definition: Definition,
  address: string,
  { timeoutMs = TIMEOUT_MS, tls }: { readonly timeoutMs?: number; readonly tls?: TlsFiles } = {},
): Connection<PortOf<Definition>> {
  const client = new grpc.Client(address, channelCredentials(tls), CHANNEL_OPTIONS);
  let isOpen = true;
  const port = portOver(
    definition,
    ({ path }, request) =>
      new Promise((resolve, reject) => {
        if (!isOpen)
          return reject(new Fault('unavailable', `The connection to ${definition.name} is closed.`));
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
  return {
    ...port,
    close: () => {
      isOpen = false;
      client.close();
    },
  };
}
