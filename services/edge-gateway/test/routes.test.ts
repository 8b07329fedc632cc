import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, openGateway } from './gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${gateway.url}${path}`, { method, headers });

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
