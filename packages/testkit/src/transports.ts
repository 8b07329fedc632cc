import { MessageChannel } from 'node:worker_threads';
import {
  connect,
  connectThread,
  loopback,
  type PortOf,
  type ServiceDefinition,
  serve,
  serveThread,
} from '@ai-switch/rpc';

/** One way from a caller to a port. A service's spec passes on all of them. */
export interface Transport {
  readonly name: string;
  /** `implementation` as its callers hold it, and what lets go of it. */
  open<Definition extends ServiceDefinition>(
    definition: Definition,
    implementation: PortOf<Definition>,
  ): Promise<{ readonly port: PortOf<Definition>; close(): Promise<void> }>;
}

/** For `describe.each(transports)('… $name', ({ open }) => …)`. */
export const transports: readonly Transport[] = [
  {
    name: 'direct',
    open: async (_definition, implementation) => ({ port: implementation, close: async () => {} }),
  },
  {
    name: 'loopback',
    open: async (definition, implementation) => ({
      port: loopback(definition, implementation),
      close: async () => {},
    }),
  },
  {
    name: 'thread',
    open: async (definition, implementation) => {
      const { port1, port2 } = new MessageChannel();
      const server = serveThread(definition, implementation, port2);
      const port = connectThread(definition, port1);
      return {
        port,
        close: async () => {
          port.close();
          await server.close();
        },
      };
    },
  },
  {
    name: 'grpc',
    open: async (definition, implementation) => {
      const server = await serve([{ definition, implementation }], { address: '127.0.0.1:0' });
      const port = connect(definition, `127.0.0.1:${server.port}`);
      return {
        port,
        close: async () => {
          port.close();
          await server.close(1_000);
        },
      };
    },
  },
];
