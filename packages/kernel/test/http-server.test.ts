import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { ConfigError, closeHttp, listenHttp } from '../src/index.ts';

const servers = [createServer(), createServer()];
afterEach(() => Promise.all(servers.filter((server) => server.listening).map((server) => closeHttp(server))));

it.each([
  ['127.0.0.1:99999', 'a port is 65535 at most'],
  ['192.0.2.1:0', 'the port is in use, or the address is not of this machine'],
])('%s is one line: %s', async (address, why) => {
  const [server = createServer()] = servers;
  await expect(listenHttp(server, address)).rejects.toThrow(
    new ConfigError(`cannot listen on ${address}: ${why}`),
  );
});

it('a port that is in use is one line', async () => {
  const [first = createServer(), second = createServer()] = servers;
  const port = await listenHttp(first, '127.0.0.1:0');
  await expect(listenHttp(second, `127.0.0.1:${port}`)).rejects.toBeInstanceOf(ConfigError);
});
