import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from './config.ts';

const PORT_MAX = 65_535;

/**
 * Listens on `host:port` (`[::]:8080` for IPv6); port 0 takes a free one.
 * @returns the port. @throws ConfigError when the address cannot be listened on
 */
export function listenHttp(server: Server, address: string): Promise<number> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(colon + 1));
  return new Promise((resolve, reject) => {
    if (port > PORT_MAX) throw new ConfigError(`cannot listen on ${address}: a port is ${PORT_MAX} at most`);
    server.once('error', (cause) => {
      const why = 'the port is in use, or the address is not of this machine';
      reject(new ConfigError(`cannot listen on ${address}: ${why}`, { cause }));
    });
    server.listen(port, host, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** How long the last bytes of answers may take to leave unless told otherwise. */
const FLUSH_MS = 1_000;

/** Takes no more connections and closes those there are, once their last bytes are out or `flushMs` have gone. */
export async function closeHttp(server: Server, flushMs = FLUSH_MS): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), flushMs);
  await closed;
  clearTimeout(timer);
}
