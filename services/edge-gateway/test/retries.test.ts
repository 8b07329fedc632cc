import type { Script } from '@ai-switch/testkit';
import { describe, expect, test } from 'vitest';
import { attemptOrder, backoffMs, RetryBudget } from '../src/retry-rules.ts';
import { aliasOf, ask, type Gateway, PATHS, PROVIDER_KEY, useGateway } from './gateway.ts';
import { endOf } from './wire.ts';

let gateway: Gateway;
useGateway((opened) => {
  gateway = opened;
});

const attempts = () => [gateway.provider.requests.length, gateway.second.requests.length];
const down: Script = { status: 503 };
const html: Script = { status: 502, contentType: 'text/html', body: '<html>Bad gateway at 10.0.0.7</html>' };

describe.each(PATHS)('%s', (path) => {
  const alias = aliasOf(path);

  test.each<[string, Script]>([
    ['a server error', down],
    ['a page of HTML', html],
    ['a rate limit that is over soon', { status: 429, headers: { 'retry-after-ms': '20' } }],
    ['a time-out of its own', { status: 408 }],
    ['a connection that breaks', { isRefusing: true }],
    ['half a reply', { cutAfterBytes: 20 }],
    ['a page of HTML that claims to be a reply', { contentType: 'text/html', body: '<html>' }],
  ])('%s is tried again', async (_name, script) => {
    gateway.provider.script(script);
    const response = await gateway.post(path, ask(path, alias));
    expect(response.status).toBe(200);
    expect(gateway.provider.requests.length).toBe(2);
    const record = await gateway.accessRecord(response.headers.get('x-request-id'));
    expect(record).toMatchObject({ attempts: 2, outcome: 'completed' });
  });

  test.each([
    [400, 400],
    [404, 404],
    [413, 413],
    [422, 400],
    [401, 502],
    [403, 502],
  ])('a %i of the provider is not tried again, and is told as a %i', async (status, told) => {
    gateway.provider.otherwise = { status };
    const response = await gateway.post(path, ask(path, alias));
    expect(response.status).toBe(told);
    expect(attempts()).toEqual([1, 0]);
    await gateway.settled();
    const { charged, outcome } = await gateway.reservation(
      response.headers.get('x-aiswitch-reservation') ?? '',
    );
    expect([charged?.input, charged?.output, outcome]).toEqual([0n, 0n, 'upstreamFailed']);
  });

  test('what fails to the end costs the caller nothing', async () => {
    gateway.provider.otherwise = down;
    const response = await gateway.post(path, ask(path, alias));
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(attempts()).toEqual([2, 0]);
    await gateway.settled();
    const { charged } = await gateway.reservation(response.headers.get('x-aiswitch-reservation') ?? '');
    expect([charged?.input, charged?.output]).toEqual([0n, 0n]);
    const record = await gateway.accessRecord(response.headers.get('x-request-id'));
    expect(record).toMatchObject({ attempts: 2, outcome: 'upstreamFailed' });
  });

  test('case 74: a rate limit is told with the time to wait', async () => {
    gateway.provider.otherwise = { status: 429, headers: { 'retry-after': '7' } };
    const response = await gateway.post(path, ask(path, alias));
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    expect(attempts()).toEqual([1, 0]);
  });

  test('case 85: no error shows the address, the credential or the account of a provider', async () => {
    const said = `No access for org-Abc123Def456 with ${PROVIDER_KEY} at https://internal.example/v1`;
    for (const status of [400, 401, 429, 500]) {
      gateway.provider.otherwise = { status, body: JSON.stringify({ error: { message: said } }) };
      const text = await (await gateway.post(path, ask(path, alias))).text();
      for (const secret of ['Abc123', 'canary', 'internal.example', '127.0.0.1']) {
        expect(text).not.toContain(secret);
      }
    }
    expect(gateway.logged.join('')).not.toContain(PROVIDER_KEY);
  });

  describe('a stream', () => {
    const streaming = { stream: true };

    test.each<[string, Script]>([
      ['a server error', down],
      ['a connection that breaks', { isRefusing: true }],
      ['an error as its first event', { errorAtFrame: 0 }],
      ['an end before its first event', { cutAfterBytes: 0 }],
      ['half of its first event', { cutAfterBytes: 30 }],
    ])('case 78: falls back on %s', async (_name, script) => {
      gateway.provider.otherwise = script;
      const response = await gateway.post(path, ask(path, 'both', streaming));
      expect(response.status).toBe(200);
      expect(endOf(path, await response.text())).toBe('finished');
      expect(attempts()).toEqual([1, 1]);
    });

    test('falls back once, and then is a proper error', async () => {
      gateway.provider.otherwise = { errorAtFrame: 0 };
      gateway.second.otherwise = { errorAtFrame: 0 };
      const response = await gateway.post(path, ask(path, 'both', streaming));
      expect(response.status).toBeGreaterThanOrEqual(500);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.json()).toMatchObject({ error: { message: 'scripted overload' } });
      expect(attempts()).toEqual([1, 1]);
    });

    test('case 79: is never begun again once something of it was seen', async () => {
      gateway.provider.otherwise = { cutAfterFrames: 3 };
      const response = await gateway.post(path, ask(path, 'both', streaming));
      expect(response.status).toBe(200);
      expect(endOf(path, await response.text())).toBe('error');
      expect(attempts()).toEqual([1, 0]);
    });
  });
});

test('a whole reply falls back after two attempts on each of two providers', async () => {
  gateway.provider.otherwise = down;
  gateway.second.otherwise = down;
  const path = '/v1/chat/completions';
  expect((await gateway.post(path, ask(path, 'both'))).status).toBeGreaterThanOrEqual(500);
  expect(attempts()).toEqual([2, 2]);
  gateway.second.otherwise = {};
  expect((await gateway.post(path, ask(path, 'both'))).status).toBe(200);
});

test('a provider that asks for a long wait is left for the next one at once', async () => {
  gateway.provider.otherwise = { status: 429, headers: { 'retry-after': '60' } };
  const path = '/v1/chat/completions';
  expect((await gateway.post(path, ask(path, 'both'))).status).toBe(200);
  expect(attempts()).toEqual([1, 1]);
});

test('a provider that nobody can reach leaves nothing held, and the reservation is voided', async () => {
  await gateway.provider.close();
  const path = '/v1/chat/completions';
  const response = await gateway.post(path, ask(path, 'chat'));
  expect(response.status).toBe(502);
  await gateway.settled();
  const { state } = await gateway.reservation(response.headers.get('x-aiswitch-reservation') ?? '');
  expect(state).toBe('RESERVATION_STATE_VOIDED');
});

describe('the rules', () => {
  test.each([
    [['a'], false, 'aa'],
    [['a', 'b'], false, 'aabb'],
    [['a', 'b', 'c'], false, 'aabb'],
    [['a'], true, 'aa'],
    [['a', 'b', 'c'], true, 'ab'],
  ])('of %j, streaming %s: %s', (destinations, isStreaming, expected) => {
    expect(attemptOrder(destinations, isStreaming).join('')).toBe(expected);
  });

  test('retries are a fifth of the requests and ten a second', () => {
    let nowMs = 0;
    const budget = new RetryBudget({ nowMs: () => nowMs });
    const takeAll = () => {
      let taken = 0;
      while (budget.take()) taken += 1;
      return taken;
    };
    takeAll();
    for (let request = 0; request < 50; request += 1) budget.countRequest();
    expect(takeAll()).toBe(10);
    nowMs += 1_000;
    expect(takeAll()).toBe(10);
  });

  test('waits are short and never the same for all', () => {
    expect(backoffMs(undefined, 0)).toBe(50);
    expect(backoffMs(undefined, 0.5)).toBe(150);
    expect(backoffMs(1_000, 0.5)).toBe(1_100);
  });
});
