import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { fetchModels } from '../src/models.ts';
import { LOOPBACK } from './local-server.ts';

const CANARY = 'sk-canary-0123456789';
const servers: Server[] = [];

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const chat = (baseUrl: string) => ({ kind: 'custom', dialect: 'openai-chat', baseUrl });

describe('a provider’s own list of models', () => {
  test('is read from /models with a bearer token', async () => {
    const seen: unknown[] = [];
    const baseUrl = await listen((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization]);
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'a' }, { id: 'models/b' }, { id: 'a' }] }));
    });
    expect(await fetchModels(chat(baseUrl), CANARY, { guard: LOOPBACK })).toEqual({ models: ['a', 'b'] });
    expect(seen).toEqual([['GET', '/v1/models', `Bearer ${CANARY}`]]);
  });

  test('is read from an Anthropic address with its own headers and in one page', async () => {
    const seen: unknown[] = [];
    const baseUrl = await listen(({ url, headers }, response) => {
      seen.push([url, headers['x-api-key'], headers['anthropic-version'], headers.authorization]);
      response.end(JSON.stringify({ data: [{ type: 'model', id: 'claude-x' }], has_more: false }));
    });
    const provider = { kind: 'anthropic', dialect: 'anthropic-messages', baseUrl };
    expect(await fetchModels(provider, CANARY, { guard: LOOPBACK })).toEqual({ models: ['claude-x'] });
    expect(seen).toEqual([['/v1/models?limit=1000', CANARY, '2023-06-01', undefined]]);
  });

  test('is read from Gemini page after page, without models of pictures', async () => {
    const seen: unknown[] = [];
    const baseUrl = await listen(({ url, headers }, response) => {
      seen.push([url, headers['x-goog-api-key'], headers.authorization]);
      const [name, nextPageToken] = url?.includes('pageToken') ? ['b', undefined] : ['a', 'next/page'];
      response.end(
        JSON.stringify({
          models: [
            { name: `models/gemini-${name}`, supportedGenerationMethods: ['generateContent', 'countTokens'] },
            { name: `models/imagen-${name}`, supportedGenerationMethods: ['predict'] },
            { name: `models/embedding-${name}`, supportedGenerationMethods: ['embedContent'] },
          ],
          nextPageToken,
        }),
      );
    });
    const provider = { kind: 'gemini', dialect: 'gemini', baseUrl };
    expect(await fetchModels(provider, CANARY, { guard: LOOPBACK })).toEqual({
      models: ['gemini-a', 'embedding-a', 'gemini-b', 'embedding-b'],
    });
    expect(seen).toEqual([
      ['/v1/models?pageSize=1000', CANARY, undefined],
      ['/v1/models?pageSize=1000&pageToken=next%2Fpage', CANARY, undefined],
    ]);
  });

  test('ends after ten pages', async () => {
    let pages = 0;
    const baseUrl = await listen((_request, response) => {
      pages += 1;
      response.end(JSON.stringify({ data: [{ id: `m${pages}` }], has_more: true, last_id: `m${pages}` }));
    });
    const list = await fetchModels({ kind: 'anthropic', dialect: 'anthropic-messages', baseUrl }, '', {
      guard: LOOPBACK,
    });
    expect('models' in list && list.models.length).toBe(10);
    expect(pages).toBe(10);
  });

  test('is not asked for with a credential that no header carries', async () => {
    const provider = { kind: 'bedrock', dialect: 'anthropic-messages', baseUrl: 'http://127.0.0.1:1' };
    expect(await fetchModels(provider, `AKIA:${CANARY}`, { guard: LOOPBACK })).toEqual({
      reason: 'it has no list for a credential of this kind',
    });
  });

  test('is asked for without a credential when there is none', async () => {
    const baseUrl = await listen(({ headers }, response) => {
      response.end(JSON.stringify({ data: [{ id: String(headers.authorization) }] }));
    });
    expect(await fetchModels(chat(baseUrl), '', { guard: LOOPBACK })).toEqual({ models: ['undefined'] });
  });

  test('keeps at most 1,000 names and drops those that no request could carry', async () => {
    const ids = [7, 'with space', 'x'.repeat(129), '', ...Array.from({ length: 2_000 }, (_, i) => `m${i}`)];
    const baseUrl = await listen((_request, response) => {
      response.end(JSON.stringify({ data: [null, ...ids.map((id) => ({ id }))] }));
    });
    const list = await fetchModels(chat(baseUrl), '', { guard: LOOPBACK });
    expect('models' in list && [list.models.length, list.models[0]]).toEqual([1_000, 'm0']);
  });
});

describe('a list that cannot be read is a reason, without the credential', () => {
  const answers: [string, RequestListener, RegExp][] = [
    [
      'a refusal that quotes the key',
      (request, response) => void response.writeHead(401).end(request.headers.authorization),
      /answered 401/,
    ],
    [
      'a redirect',
      (_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
      /answered 302/,
    ],
    ['HTML', (_request, response) => void response.end('<html>'), /no JSON/],
    ['another shape', (_request, response) => void response.end('{"models":[]}'), /no list of models/],
    ['null', (_request, response) => void response.end('null'), /no list of models/],
    [
      'a body over 4 MB',
      (_request, response) => void response.end(Buffer.alloc(5_000_000, 32)),
      /over 4194304 bytes/,
    ],
    ['silence', () => {}, /within 100 ms/],
    ['a body that does not end', (_request, response) => void response.write('{'), /within 100 ms/],
    ['a cut connection', (request) => void request.socket.destroy(), /could not be asked \(UND_ERR_SOCKET\)/],
  ];
  test.each(answers)('%s', async (_name, listener, reason) => {
    const list = await fetchModels(chat(await listen(listener)), CANARY, { timeoutMs: 100, guard: LOOPBACK });
    expect(list).toEqual({ reason: expect.stringMatching(reason) });
    expect(JSON.stringify(list)).not.toContain(CANARY);
  });

  test('nobody listens', async () => {
    expect(await fetchModels(chat('http://127.0.0.1:1/v1'), CANARY, { guard: LOOPBACK })).toEqual({
      reason: 'it could not be asked (ECONNREFUSED)',
    });
  });

  test('a credential that no header can carry', async () => {
    const list = await fetchModels(chat('http://127.0.0.1:1/v1'), `${CANARY}\n`, { guard: LOOPBACK });
    expect(list).toEqual({ reason: 'it could not be asked (UND_ERR_INVALID_ARG)' });
  });
});
