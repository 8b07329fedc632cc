import { afterAll, beforeAll, expect, test } from 'vitest';
import { DialGuard, DialRefusal } from '../src/dial-guard.ts';
import { guardedFetch } from '../src/guarded-fetch.ts';
import { LOOPBACK, type LocalServer, openLocalServer } from './local-server.ts';

let server: LocalServer;
beforeAll(async () => {
  server = await openLocalServer();
});
afterAll(() => server.close());

test('a short answer is fetched, with the query of its address', async () => {
  server.answer = (_received, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' }).end('{"a":1}');
  const response = await guardedFetch(LOOPBACK, `${server.origin}/token?p=policy&x`, {
    method: 'POST',
    headers: { authorization: 'Basic a' },
    body: 'code=1',
  });
  expect([response.status, await response.json(), response.headers.get('set-cookie')]).toEqual([
    200,
    { a: 1 },
    null,
  ]);
  expect(server.received.at(-1)).toMatchObject({ url: '/token?p=policy&x', body: 'code=1' });
  expect(server.received.at(-1)?.headers.authorization).toBe('Basic a');
});

test.each([204, 302, 304, 401, 500])(
  'status %i is an answer, not an error, and leads nowhere',
  async (status) => {
    server.received.length = 0;
    server.answer = (_received, response) =>
      void response.writeHead(status, { location: `${server.origin}/other` }).end();
    expect((await guardedFetch(LOOPBACK, server.origin)).status).toBe(status);
    expect(server.received.map(({ url }) => url)).toEqual(['/']);
  },
);

test('an answer over its bound is an error', async () => {
  server.answer = (_received, response) => void response.end(Buffer.alloc(300_000, 97));
  await expect(guardedFetch(LOOPBACK, server.origin)).rejects.toMatchObject({
    code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  });
});

test.each([
  '',
  'http://me@127.0.0.1/',
  'file:///etc/passwd',
  'https://10.0.0.5/.well-known/openid-configuration?a',
])('“%s” is not dialled', async (address) => {
  await expect(guardedFetch(new DialGuard(), address)).rejects.toBeInstanceOf(DialRefusal);
});
