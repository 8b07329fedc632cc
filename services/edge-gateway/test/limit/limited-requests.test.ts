import type { Caller, RateLimit } from '@ai-switch/contracts';
import { afterEach, describe, expect, test } from 'vitest';
import { aliasOf, ask, CHAT, type Gateway, MESSAGES, openGateway, PATHS, until } from '../gateway.ts';

const NONE: RateLimit = { requestsPerMinute: 0n, tokensPerMinute: 0n, concurrentRequests: 0n };

let gateway: Gateway;
afterEach(() => gateway[Symbol.asyncDispose]());

/** A gateway whose callers all have these rates. */
async function openLimited(limits: Readonly<Record<string, Partial<RateLimit>>>): Promise<void> {
  const rateLimits = Object.entries(limits).map(([scope, limit]) => ({
    scope,
    limit: { ...NONE, ...limit },
  }));
  const policy: NonNullable<Caller['policy']> = {
    models: [],
    rateLimits,
    isCachingAllowed: true,
    ruleSets: [],
  };
  gateway = await openGateway({
    wrap: (ports) => ({
      ...ports,
      auth: {
        getRules: (request) => ports.auth.getRules(request),
        watchCallers: (request) => ports.auth.watchCallers(request),
        authenticateSession: (request) => ports.auth.authenticateSession(request),
        authenticate: async (request) => {
          const { caller } = await ports.auth.authenticate(request);
          return { caller: caller && { ...caller, policy } };
        },
      },
    }),
  });
}

const send = (path = CHAT, more: Record<string, unknown> = {}) =>
  gateway.post(path, ask(path, aliasOf(path), more));

test('the third request of two a minute is a 429 in the form of each client, and nobody is asked', async () => {
  await openLimited({ 'user:u': { requestsPerMinute: 2n } });
  expect([(await send()).status, (await send()).status]).toEqual([200, 200]);
  await gateway.settled();
  gateway.provider.reset();
  for (const path of PATHS) {
    const response = await send(path);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(1);
    expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(65);
    expect(await response.text()).toContain('The limit of 2 requests a minute of user:u is reached.');
    const record = await gateway.accessRecord(response.headers.get('x-request-id'));
    expect(record).toMatchObject({ faultCode: 'rateLimited', outcome: 'refused', httpStatus: 429 });
  }
  expect(gateway.provider.requests).toEqual([]);
});

test('embeddings and answers count together, and lists of models do not count', async () => {
  await openLimited({ company: { requestsPerMinute: 2n } });
  for (let count = 0; count < 5; count += 1) {
    const headers = { 'x-api-key': gateway.key };
    expect((await fetch(`${gateway.url}/v1/models`, { headers })).status).toBe(200);
  }
  expect((await gateway.post('/v1/embeddings', { model: 'chat', input: 'a' })).status).toBe(200);
  expect((await send()).status).toBe(200);
  expect((await gateway.post('/v1/embeddings', { model: 'chat', input: 'a' })).status).toBe(429);
  expect((await send()).status).toBe(429);
});

test('tokens are those of the provider once it has said them', async () => {
  await openLimited({ 'key:k': { tokensPerMinute: 1_000n } });
  gateway.provider.otherwise = { usage: { input: 600, output: 390 } };
  expect((await send()).status).toBe(200);
  await gateway.settled();
  const refused = await send();
  expect(refused.status).toBe(429);
  expect(await refused.text()).toContain('1000 tokens a minute of key:k');
});

test('what a request did not use is given back, whatever became of it', async () => {
  await openLimited({ 'key:k': { tokensPerMinute: 400n } });
  const text = 'word '.repeat(200);
  for (let count = 0; count < 5; count += 1) {
    gateway.provider.script({
      status: 400,
      body: '{"error":{"message":"no","type":"invalid_request_error"}}',
    });
    expect((await send(CHAT, { text })).status).toBe(400);
  }
  gateway.provider.reset();
  expect((await gateway.post(CHAT, ask(CHAT, 'nobody', { text }))).status).toBe(404);
  expect((await send(CHAT, { text })).status).toBe(200);
});

test('a prompt that no minute has room for is told so, and not to come back', async () => {
  await openLimited({ 'key:k': { tokensPerMinute: 100n } });
  for (const path of PATHS) {
    const response = await send(path, { text: 'word '.repeat(1_000) });
    expect(response.status).toBe(413);
    expect(response.headers.get('retry-after')).toBeNull();
    expect(await response.text()).toContain('more than the 100 tokens a minute of key:k');
  }
});

describe('of requests at the same time', () => {
  test('one more than may be is refused, and its place is free when one ends, however it ends', async () => {
    await openLimited({ 'user:u': { concurrentRequests: 2n } });
    const endings = [
      () => gateway.provider.script({ delayMs: 150 }),
      () => gateway.provider.script({ delayMs: 150, status: 400 }),
      () =>
        gateway.provider.script(
          { delayMs: 150, isRefusing: true },
          { isRefusing: true },
          { isRefusing: true },
        ),
    ];
    for (const script of endings) {
      gateway.provider.reset();
      gateway.provider.script({ delayMs: 150 });
      script();
      const both = [send(), send()];
      await until(() => gateway.provider.requests.length >= 2, 'nobody was asked');
      const third = await send(MESSAGES);
      expect(third.status).toBe(429);
      expect(third.headers.get('retry-after')).toBe('1');
      for (const response of await Promise.all(both)) await response.text();
      gateway.provider.reset();
      expect((await send()).status).toBe(200);
    }
  });

  test('a client that leaves gives its place back', async () => {
    await openLimited({ 'user:u': { concurrentRequests: 1n } });
    gateway.provider.script({ hang: 'beforeHeaders' });
    const leaving = new AbortController();
    const left = fetch(`${gateway.url}${CHAT}`, {
      method: 'POST',
      headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
      body: JSON.stringify(ask(CHAT, 'chat', { stream: true })),
      signal: leaving.signal,
    });
    await until(() => gateway.provider.requests.length === 1, 'nobody was asked');
    expect((await send()).status).toBe(429);
    leaving.abort();
    await left.catch(() => {});
    await until(async () => (await send()).status === 200, 'its place was not given back');
  });
});
