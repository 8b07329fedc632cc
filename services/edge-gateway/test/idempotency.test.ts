import { listenHttp } from '@ai-switch/kernel';
import { LOOPBACK_NETWORKS } from '@ai-switch/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEdge, createEdgeServer } from '../src/index.ts';
import { ask, type Gateway, openGateway } from './gateway.ts';

const PATH = '/v1/chat/completions';

let gateway: Gateway;
beforeEach(async () => {
  gateway = await openGateway();
});
afterEach(() => gateway[Symbol.asyncDispose]());

const post = (key: string, more: Record<string, unknown> = {}) =>
  gateway.post(PATH, ask(PATH, 'chat', more), {
    authorization: `Bearer ${gateway.key}`,
    'idempotency-key': key,
  });

test.each([
  ['a reply', {}],
  ['a stream', { stream: true }],
])('%s that is asked for again is the same one, and charged once', async (_name, more) => {
  const first = await post('k1', more);
  const text = await first.text();
  await gateway.settled();
  const second = await post('k1', more);
  expect(second.status).toBe(200);
  expect(await second.text()).toBe(text);
  expect(second.headers.get('idempotency-replayed')).toBe('true');
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  expect(second.headers.get('x-aiswitch-reservation')).toBe(first.headers.get('x-aiswitch-reservation'));
  expect(gateway.provider.requests).toHaveLength(1);
  expect((await gateway.balance()).used).toMatchObject({ input: 11n, output: 7n });
});

test('a key that was used for another request is a conflict, and nothing is asked', async () => {
  await (await post('k1')).text();
  const other = await post('k1', { text: 'something else' });
  expect(other.status).toBe(409);
  expect(await other.text()).toMatch(/used before with another request/);
  expect(gateway.provider.requests).toHaveLength(1);
});

test('of two calls at the same time one asks, and the other is told to wait', async () => {
  gateway.provider.script({ delayMs: 200 });
  const answers = await Promise.all([post('k1'), post('k1')]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  const waiting = answers.find(({ status }) => status === 409);
  expect(waiting?.headers.get('retry-after')).toBe('2');
  await Promise.all(answers.map((answer) => answer.text()));
  expect(gateway.provider.requests).toHaveLength(1);
});

test('two edges with one key: one of them asks, and the other names the receipt of what it does not have', async () => {
  const logger = { ...silent, child: () => silent };
  const edge = createEdge({
    ports: gateway.ports,
    eventLog: gateway.log,
    logger: logger as never,
    upstreamNetworks: LOOPBACK_NETWORKS,
  });
  const server = createEdgeServer(edge);
  const port = await listenHttp(server, '127.0.0.1:0');
  await (await post('k1')).text();
  await gateway.settled();
  const elsewhere = await fetch(`http://127.0.0.1:${port}${PATH}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.key}`,
      'content-type': 'application/json',
      'idempotency-key': 'k1',
    },
    body: JSON.stringify(ask(PATH, 'chat')),
  });
  expect(elsewhere.status).toBe(409);
  expect(await elsewhere.text()).toMatch(/receipt is \/v1\/receipts\/res_i/);
  expect(gateway.provider.requests).toHaveLength(1);
  await edge.close();
  server.close();
});

test('an attempt that came to nothing is not the answer: the next call is a new one', async () => {
  gateway.provider.script({ status: 400, body: '{"error":{"message":"no","type":"invalid_request_error"}}' });
  expect((await post('k1')).status).toBe(400);
  await gateway.settled();
  const second = await post('k1');
  expect(second.status).toBe(200);
  await second.text();
  expect(second.headers.get('x-aiswitch-reservation')).toMatch(/\.2$/);
});

test('a refusal for lack of quota does not use the key up', async () => {
  await gateway.limit({ output: 1n });
  expect((await post('k1', { max_tokens: 10 })).status).toBe(429);
  await gateway.limit({});
  expect((await post('k1', { max_tokens: 10 })).status).toBe(200);
});

test('a key that no header may hold is refused', async () => {
  expect((await post('x'.repeat(256))).status).toBe(400);
});

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {}, level: 'silent' };
