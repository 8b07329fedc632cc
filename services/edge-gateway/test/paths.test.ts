// What clients knock with, and where they put their key.

import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type Gateway, openGateway } from './gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

test.each(['/', '/api/hello'])(
  'case 1: HEAD %s is answered at once, without a key or a body',
  async (path) => {
    await fetch(`${gateway.url}${path}`, { method: 'HEAD' });
    const begun = performance.now();
    const response = await fetch(`${gateway.url}${path}`, { method: 'HEAD' });
    expect([response.ok, await response.text()]).toEqual([true, '']);
    expect(performance.now() - begun).toBeLessThan(50);
  },
);

interface Upgrade {
  readonly text: string;
  readonly elapsedMs: number;
}

/** Offers an upgrade on a bare socket; resolves when the gateway has closed the connection. */
function upgrade(path: string, protocol: string, method = 'GET', body = ''): Promise<Upgrade> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.port, '127.0.0.1');
    let text = '';
    let elapsedMs = 0;
    socket.on('data', (bytes) => {
      elapsedMs ||= performance.now() - begun;
      text += bytes;
    });
    socket.on('error', reject);
    socket.on('end', () => {
      socket.end();
      resolve({ text, elapsedMs });
    });
    socket.write(
      `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\n` +
        `authorization: Bearer ${gateway.key}\r\nsec-websocket-version: 13\r\ncontent-type: application/json\r\n` +
        `sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  });
}

test.each(['/v1/responses', '/v1/responses?beta=1', '/cursor/v1/responses'])(
  'case 6: a WebSocket on %s is answered 426 within 100 ms, and the connection is closed',
  async (path) => {
    await upgrade(path, 'websocket');
    const { text, elapsedMs } = await upgrade(path, 'WebSocket');
    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({
      error: { message: expect.any(String) },
    });
    expect(elapsedMs).toBeLessThan(100);
  },
);

test('a WebSocket anywhere else is refused like any other request there', async () => {
  const answered = await fetchUpgrade('/v1/chat/completions', 'GET');
  expect(answered).toBe(405);
  expect(await fetchUpgrade('/v1/nothing', 'GET')).toBe(404);
});

test('an offer of HTTP/2 is let go by and the request answered', async () => {
  const body = JSON.stringify(ask('/v1/chat/completions', 'chat'));
  expect(await fetchUpgrade('/v1/chat/completions', 'POST', 'h2c', body)).toBe(200);
});

function fetchUpgrade(
  path: string,
  method: string,
  protocol = 'websocket',
  body = '',
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${gateway.key}`,
      connection: 'Upgrade',
      upgrade: protocol,
      'content-type': 'application/json',
      'content-length': body.length,
    };
    const sent = request({ port: gateway.port, path, method, agent: false, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('upgrade', () => reject(new Error('it was upgraded')));
    sent.on('error', reject);
    sent.end(body);
  });
}

const KEY_PLACES: readonly [string, (key: string) => { query?: string; headers?: Record<string, string> }][] =
  [
    ['a bearer token', (key) => ({ headers: { authorization: `Bearer ${key}` } })],
    ['x-api-key', (key) => ({ headers: { 'x-api-key': key } })],
    ['x-goog-api-key', (key) => ({ headers: { 'x-goog-api-key': key } })],
    ['?key=', (key) => ({ query: `key=${key}` })],
    [
      'two headers at once',
      (key) => ({ headers: { authorization: `Bearer ${key}`, 'x-goog-api-key': key } }),
    ],
    [
      'x-api-key beside a bearer token of somebody else',
      (key) => ({ headers: { authorization: 'Bearer ya29.of-google', 'x-api-key': key } }),
    ],
    [
      'x-goog-api-key beside a placeholder',
      (key) => ({ headers: { 'x-api-key': 'dummy', 'x-goog-api-key': key } }),
    ],
  ];

const REQUESTS: readonly [string, string, object?][] = [
  ['GET', '/v1/models'],
  ['GET', '/v1beta/models'],
  ['GET', '/v1/models/chat'],
  ['POST', '/v1/chat/completions', ask('/v1/chat/completions', 'chat')],
  ['POST', '/v1/messages', ask('/v1/messages', 'chat')],
  ['POST', '/v1/messages/count_tokens', ask('/v1/messages', 'chat')],
  ['POST', '/v1/embeddings', { model: 'chat', input: 'x' }],
];

for (const [place, presented] of KEY_PLACES) {
  test.each(REQUESTS)(`case 5: a key in ${place} is taken by %s %s`, async (method, path, body) => {
    const { url, provider } = gateway;
    provider.reset();
    if (path === '/v1/embeddings') {
      provider.script({
        body: JSON.stringify({ data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: 1 } }),
      });
    }
    const { plaintext } = await gateway.makeKey();
    const { query = '', headers = {} } = presented(plaintext);
    const response = await fetch(`${url}${path}?unknown=1&${query}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(200);
    const without = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(without.status).toBe(401);
  });
}
