import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aliasOf, ask, type Gateway, isNothing, openGateway, PATHS, until } from './gateway.ts';
import { endOf, framesOf, open } from './wire.ts';

let gateway: Gateway;
beforeEach(async () => {
  gateway = await openGateway({ settings: { drainMs: 1_000, keepAliveGapMs: 60, clientStallMs: 150 } });
});
afterEach(() => gateway[Symbol.asyncDispose]());

const KEEP_ALIVE = /event: ping|: keep-alive|data: \{\}/;
const WORDS = Array.from({ length: 20 }, (_, index) => `word-${index} `);

describe.each(PATHS)('%s', (path) => {
  const alias = aliasOf(path);
  const streaming = ask(path, alias, { stream: true });

  test('streams that end in time end by themselves when the edge closes', async () => {
    gateway.provider.otherwise = { text: WORDS, chunkDelayMs: 5 };
    const streams = Array.from({ length: 20 }, () => gateway.post(path, streaming));
    const responses = await Promise.all(streams);
    const closed = gateway.edge.close();
    for (const response of responses) expect(endOf(path, await response.text())).toBe('finished');
    await closed;
    expect(isNothing((await gateway.balance()).held)).toBe(true);
  });

  test('streams that take longer are ended properly and settled', async () => {
    gateway.provider.otherwise = { text: WORDS, chunkDelayMs: 150 };
    const responses = await Promise.all(Array.from({ length: 10 }, () => gateway.post(path, streaming)));
    await gateway.edge.close();
    expect(isNothing((await gateway.balance()).held)).toBe(true);
    for (const response of responses) {
      const text = await response.text();
      expect(endOf(path, text)).toBe('error');
      // Without a status, OpenCode knows only by these words that it may ask again.
      expect(text).toContain('retry your request');
      const { outcome } = await gateway.reservation(response.headers.get('x-aiswitch-reservation') ?? '');
      expect(outcome).toBe('cut');
    }
    expect(gateway.provider.requests.every(({ abortedAtMs }) => abortedAtMs !== undefined)).toBe(true);
  });

  test('a request that comes while the edge closes is told to come back', async () => {
    gateway.provider.otherwise = { text: WORDS, chunkDelayMs: 5 };
    const live = await gateway.post(path, streaming);
    const closed = gateway.edge.close();
    const late = await gateway.post(path, streaming);
    expect(late.headers.get('retry-after')).not.toBeNull();
    expect(late.status).toBeGreaterThanOrEqual(503);
    expect(late.headers.get('connection')).toBe('close');
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
    await live.text();
    await closed;
  });

  test('case 66: a silent stream is kept alive between its frames', async () => {
    gateway.provider.otherwise = { text: ['a', 'b'], chunkDelayMs: 150 };
    const text = await (await gateway.post(path, streaming)).text();
    expect(text).toMatch(KEEP_ALIVE);
    expect(endOf(path, text)).toBe('finished');
    expect(framesOf(text).length).toBeGreaterThan(3);
  });

  test('a client that does not read is dropped, and the provider is stopped', async () => {
    const text = Array.from({ length: 400 }, () => 'x'.repeat(64 * 1024));
    gateway.provider.otherwise = { text };
    const { response } = open(gateway, path, streaming);
    const incoming = await response;
    incoming.on('error', () => {});
    incoming.pause();
    const [seen] = gateway.provider.requests;
    await until(() => seen?.abortedAtMs !== undefined, 'the provider was not stopped');
    await gateway.settled();
    const record = await gateway.accessRecord(String(incoming.headers['x-request-id']));
    expect(record.outcome).toBe('clientGone');
    expect(record.usage?.output).toBeGreaterThan(0n);
  });

  test('a client that reads slowly gets everything', async () => {
    // Responses say all of it five times over: as pieces, and whole in four frames at the end.
    const text = Array.from({ length: 20 }, () => 'x'.repeat(64 * 1024));
    gateway.provider.otherwise = { text };
    const { response } = open(gateway, path, streaming);
    const incoming = await response;
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (Math.random() > 0.1) return;
      incoming.pause();
      setTimeout(() => incoming.resume(), 5);
    });
    await once(incoming, 'end');
    expect(size).toBeGreaterThan(20 * 64 * 1024);
  });
});

test('an edge that closes with nothing under way has written every access record', async () => {
  const path = '/v1/chat/completions';
  const { headers } = await gateway.post(path, ask(path, 'chat'));
  await gateway.edge.close();
  expect(await gateway.accessRecord(headers.get('x-request-id'))).toMatchObject({
    httpStatus: 200,
    provider: 'chat-provider',
    model: 'upstream-chat',
    userAgent: 'node',
    clientAddress: '127.0.0.1',
  });
});
