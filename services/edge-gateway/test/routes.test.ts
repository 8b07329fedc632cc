import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type Gateway, openGateway, PATHS } from './gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${gateway.url}${path}`, { method, headers });

test.each(['/', '/api/hello'])('HEAD %s is answered without a key', async (path) => {
  const response = await get(path, {}, 'HEAD');
  expect([response.ok, await response.text()]).toEqual([true, '']);
});

test('the models are listed in the form that the client knows', async () => {
  const key = { 'x-api-key': gateway.key };
  const openai = (await (await get('/v1/models?limit=1000', key)).json()) as {
    object: string;
    data: object[];
  };
  expect(openai.object).toBe('list');
  expect(openai.data).toContainEqual(
    expect.objectContaining({ id: 'chat', object: 'model', owned_by: 'chat-provider' }),
  );
  const anthropic = await (await get('/v1/models', { ...key, 'anthropic-version': '2026-10-21' })).json();
  expect(anthropic).toMatchObject({ has_more: false, first_id: 'both', last_id: 'messages' });
  expect((anthropic as { data: object[] }).data[0]).toMatchObject({ type: 'model', display_name: 'both' });
});

test('one model is shown, and one that is not there is a 404', async () => {
  const key = { 'x-api-key': gateway.key };
  expect(await (await get('/v1/models/chat', key)).json()).toMatchObject({ id: 'chat' });
  const missing = await get('/v1/models/some%2Fmodel', { ...key, 'anthropic-version': '1' });
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
});

test('the list of models needs a key and shows what the key may use', async () => {
  expect((await get('/v1/models')).status).toBe(401);
  const { tenant, userId, ports } = gateway;
  const request = { tenant, userId, label: '', models: ['chat'], expiresAtMs: undefined };
  const { plaintext } = await ports.auth.createKey(request);
  const { data } = (await (await get(`/v1/models?key=${plaintext}`)).json()) as { data: { id: string }[] };
  expect(data.map(({ id }) => id)).toEqual(['chat']);
});

test.each([
  ['authorization', (key: string) => `Bearer ${key}`],
  ['authorization', (key: string) => `bearer ${key}`],
  ['x-api-key', (key: string) => key],
  ['x-goog-api-key', (key: string) => key],
])('a key in %s is taken on every path', async (name, value) => {
  for (const path of PATHS) {
    const response = await gateway.post(path, ask(path, 'chat'), { [name]: value(gateway.key) });
    expect(response.status).toBe(200);
  }
});

test('a query string makes no difference but for the key in it', async () => {
  for (const path of PATHS) {
    const response = await gateway.post(`${path}?beta=true&key=${gateway.key}`, ask(path, 'chat'), {});
    expect(response.status).toBe(200);
  }
});

test('a body in gzip is read, and passed on as it was before', async () => {
  gateway.provider.reset();
  const body = JSON.stringify(ask('/v1/chat/completions', 'chat'));
  const headers = { 'x-api-key': gateway.key, 'content-encoding': 'gzip' };
  expect((await gateway.post('/v1/chat/completions', gzipSync(body), headers)).status).toBe(200);
  expect(String(gateway.provider.requests[0]?.body)).toBe(body.replace('"chat"', '"upstream-chat"'));
});

test.each([
  ['/v1/messages', 'GET', 405, { type: 'error' }],
  ['/v1/chat/completions', 'DELETE', 405, { error: { type: 'invalid_request_error' } }],
  ['/v1/models', 'POST', 405, { error: {} }],
  ['/v1/messages/nothing', 'POST', 404, { type: 'error', error: { type: 'not_found_error' } }],
  ['/v1/nothing', 'GET', 404, { error: { code: 'unknown_url', param: 'path' } }],
  ['/nothing', 'GET', 404, { error: {} }],
])('%s with %s is refused in the form of the path', async (path, method, status, body) => {
  const response = await get(path, {}, method);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject(body);
  if (status === 405) expect(response.headers.get('allow')).toMatch(/GET|POST/);
});

test('it says that it lives and is ready', async () => {
  expect((await get('/health/live')).status).toBe(200);
  expect((await get('/health/ready')).status).toBe(200);
});
