// Who gets in through real sockets, and who does not.

import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addressed, aliasOf, ask, CHAT, type Gateway, openGateway, PATHS } from '../gateway.ts';

let gateway: Gateway;
beforeEach(async () => {
  gateway = await openGateway();
});
afterEach(() => gateway[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** @param from the address of this machine's that the client has */
function send(
  path: string,
  headers: Readonly<Record<string, string | string[]>> | readonly string[],
  from = '127.0.0.1',
): Promise<Answer> {
  const { address, body } = addressed(path, ask(path, aliasOf(path)));
  return new Promise((resolve, reject) => {
    const options = { port: gateway.port, path: address, method: 'POST', localAddress: from, agent: false };
    const all = Array.isArray(headers) ? ['host', 'a', ...headers] : headers;
    const sent = request({ ...options, headers: all as string[] }, async (incoming) => {
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: await text(incoming) });
    });
    sent.once('error', reject).end(JSON.stringify(body));
  });
}

const key = (value: string, more: Readonly<Record<string, string>> = {}) => ({ 'x-api-key': value, ...more });
/** Of the right form, all different. */
const wrongKey = (index: number) =>
  `ais_${String(index).padStart(26, '0')}_${'S'.repeat(43)}${String(index).padStart(6, '0')}`;

describe('200 wrong keys at once from one address', () => {
  test.each(PATHS)('of clients of %s: 30 are judged, the others come back later', async (path) => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => send(path, key(wrongKey(index)), '127.0.0.9')),
    );
    const refused = answers.filter(({ status }) => status === 401);
    const shut = answers.filter(({ status }) => status === 429);
    expect([refused.length, shut.length]).toEqual([30, 170]);
    for (const { headers, body } of shut) {
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
      expect(body).toContain('Too many invalid API keys');
    }
    // Nothing tells one wrong key from another.
    const withoutId = ({ body }: Answer) => body.replace(/req_\w+/g, '');
    expect(new Set(refused.map(withoutId)).size).toBe(1);
    expect(new Set(shut.map(withoutId)).size).toBe(1);

    expect((await send(path, key(gateway.key), '127.0.0.1')).status).toBe(200);
    // It is known to be good by now, so that it is let in from there as well.
    expect((await send(path, key(gateway.key), '127.0.0.9')).status).toBe(200);
    const { plaintext } = await gateway.makeKey();
    expect((await send(path, key(plaintext), '127.0.0.9')).status).toBe(429);
    expect((await send(path, key(plaintext), '127.0.0.1')).status).toBe(200);
    expect((await send(path, key('no key of ours'), '127.0.0.9')).status).toBe(429);
    expect((await send(path, {}, '127.0.0.9')).status).toBe(401);
  });

  test('another secret of a key in use is then asked about no more than a key that nobody has', async () => {
    await gateway[Symbol.asyncDispose]();
    const asked: string[] = [];
    gateway = await openGateway({
      wrap: (ports) => ({
        ...ports,
        auth: {
          authenticateSession: (wanted) => ports.auth.authenticateSession(wanted),
          getRules: (wanted) => ports.auth.getRules(wanted),
          watchCallers: (wanted) => ports.auth.watchCallers(wanted),
          authenticate: (wanted) => {
            asked.push(wanted.key);
            return ports.auth.authenticate(wanted);
          },
        },
      }),
    });
    expect((await send(CHAT, key(gateway.key))).status).toBe(200);
    for (let index = 0; index < 30; index += 1) await send(CHAT, key(wrongKey(index)));
    asked.length = 0;
    const [, keyId] = gateway.key.split('_');
    expect((await send(CHAT, key(`ais_${keyId}_${'S'.repeat(49)}`))).status).toBe(429);
    expect((await send(CHAT, key(wrongKey(99)))).status).toBe(429);
    expect(asked).toEqual([]);
    expect((await send(CHAT, key(gateway.key))).status).toBe(200);
  });

  test('at every address that takes a key they count together', async () => {
    for (let index = 0; index < 30; index += 1) {
      const path = ['/v1/models', '/v1/receipts/res_1', '/v1beta/models'][index % 3];
      const response = await fetch(`${gateway.url}${path}`, { headers: key(wrongKey(index)) });
      expect(response.status).toBe(401);
      await response.text();
    }
    for (const path of ['/v1/messages/count_tokens', '/v1/embeddings', CHAT]) {
      const response = await fetch(`${gateway.url}${path}`, { method: 'POST', headers: key(wrongKey(99)) });
      expect(response.status).toBe(429);
      await response.text();
    }
  });
});

const SPOOFS: readonly Readonly<Record<string, string>>[] = [
  '192.0.2.7',
  '127.0.0.1',
  '::1',
  '10.0.0.1, 192.0.2.7',
  '192.0.2.7, 127.0.0.1',
  'unknown',
  '"192.0.2.7"',
  '[::ffff:192.0.2.7]:1',
].flatMap((address): Readonly<Record<string, string>>[] => [
  { 'x-forwarded-for': address },
  { forwarded: `for=${address}` },
  { 'x-real-ip': address, 'true-client-ip': address, 'cf-connecting-ip': address, 'x-client-ip': address },
]);

describe('a client that says it is elsewhere', () => {
  test('is where it connects from: for network lists, for the count of wrong keys, and in the log', async () => {
    const inside = await gateway.makeKey({ networks: ['127.0.0.1/32'] });
    const outside = await gateway.makeKey({ networks: ['192.0.2.0/24', '10.0.0.0/8', '::1'] });
    for (const spoof of SPOOFS) {
      expect((await send(CHAT, key(inside.plaintext, spoof))).status).toBe(200);
      expect((await send(CHAT, key(outside.plaintext, spoof))).status).toBe(403);
      const { status, headers } = await send(CHAT, key(inside.plaintext, spoof), '127.0.0.5');
      expect(status).toBe(403);
      const record = await gateway.accessRecord(String(headers['x-request-id']));
      expect(record.clientAddress).toBe('127.0.0.5');
    }
    for (let index = 0; index < 30; index += 1) {
      const spoof = { 'x-forwarded-for': `192.0.2.${index}`, forwarded: `for=192.0.2.${index}` };
      expect((await send(CHAT, key(wrongKey(index), spoof), '127.0.0.5')).status).toBe(401);
    }
    const spoof = { 'x-forwarded-for': '192.0.2.200' };
    expect((await send(CHAT, key(wrongKey(99), spoof), '127.0.0.5')).status).toBe(429);
  });

  test('through a trusted proxy is where the proxy was asked from', async () => {
    await gateway[Symbol.asyncDispose]();
    const trustedProxies = { networks: ['127.0.0.1'], header: 'x-forwarded-for' } as const;
    gateway = await openGateway({ trustedProxies });
    const { plaintext } = await gateway.makeKey({ networks: ['192.0.2.0/24'] });
    const through = (said: string, from?: string) =>
      send(CHAT, key(plaintext, { 'x-forwarded-for': said }), from);
    expect((await through('192.0.2.7')).status).toBe(200);
    expect((await through('203.0.113.9, 192.0.2.7')).status).toBe(200);
    expect((await through('192.0.2.7, 203.0.113.9')).status).toBe(403);
    expect((await through('192.0.2.7, 203.0.113.9, 127.0.0.1')).status).toBe(403);
    // Who is no proxy is not believed.
    expect((await through('192.0.2.7', '127.0.0.2')).status).toBe(403);
    const { headers } = await through('198.51.100.1, 192.0.2.7');
    const record = await gateway.accessRecord(String(headers['x-request-id']));
    expect(record.clientAddress).toBe('192.0.2.7');
  });
});

describe('a head', () => {
  test.each(['authorization', 'x-api-key', 'x-goog-api-key'])('with %s twice is refused', async (name) => {
    const value = name === 'authorization' ? `Bearer ${gateway.key}` : gateway.key;
    const twice = [name, value, name.toUpperCase(), value];
    const { status, body } = await send(CHAT, twice);
    expect([status, JSON.parse(body).error.message]).toEqual([
      400,
      `The header ${name} stands twice in the request. Please send it once.`,
    ]);
    expect((await send(CHAT, [name, value, 'x-other', value])).status).toBe(200);
  });

  test.each([
    ['key={key}&key={key}'],
    ['key=other&key={key}'],
    ['key={key}&alt=sse&%6bey=other'],
    ['key=&key={key}'],
  ])('with the query %s is refused', async (query) => {
    const path = `/v1/models?${query.replaceAll('{key}', gateway.key)}`;
    expect((await fetch(`${gateway.url}${path}`)).status).toBe(400);
    expect((await fetch(`${gateway.url}/v1/models?key=${gateway.key}`)).status).toBe(200);
  });

  test('with a credential of each kind is taken: clients send several', async () => {
    const headers = ['authorization', 'Bearer sk-other', 'x-api-key', gateway.key, 'x-goog-api-key', 'other'];
    expect((await send(CHAT, headers)).status).toBe(200);
  });

  test('with more headers than anybody sends is refused', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => [`h${index}`, 'a']).flat();
    expect((await send(CHAT, ['x-api-key', gateway.key, ...many(100)])).status).toBe(200);
    expect((await send(CHAT, ['x-api-key', gateway.key, ...many(140)])).status).toBe(431);
    expect((await send(CHAT, ['x-api-key', gateway.key, ...many(1_500)])).status).toBe(431);
  });

  test.each([
    ['a path of 20 KB', `GET /v1/${'a'.repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`],
    ['a query of 20 KB', `GET /v1/models?key=${'a'.repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`],
    ['one header of 20 KB', `GET /v1/models HTTP/1.1\r\nhost: a\r\nx-api-key: ${'a'.repeat(20_000)}\r\n\r\n`],
    [
      '2,000 headers of 10 bytes',
      `GET /v1/models HTTP/1.1\r\nhost: a\r\n${'abcd: efg\r\n'.repeat(2_000)}\r\n`,
    ],
  ])('with %s is refused', async (_what, head) => {
    expect(await rawStatus(head)).toBe(431);
  });

  test('that never ends is let go, and holds nobody else up', async () => {
    gateway.server.headersTimeout = 500;
    const startMs = performance.now();
    const slow = Promise.all(
      Array.from({ length: 20 }, () => rawStatus('POST /v1/messages HTTP/1.1\r\nhost: a\r\nx-a: ', 'b')),
    );
    expect((await send(CHAT, key(gateway.key))).status).toBe(200);
    expect(new Set(await slow)).toEqual(new Set([408]));
    expect(performance.now() - startMs).toBeLessThan(12_000);
  });
});

/** The status of what the edge answers. @param drop sent again and again until then */
function rawStatus(head: string, drop?: string): Promise<number> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(head));
    const timer = drop === undefined ? undefined : setInterval(() => socket.write(drop), 100);
    socket.on('data', (chunk) => {
      said += chunk;
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(said)?.[1]));
    });
  });
}
