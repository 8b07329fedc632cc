// What stands around a body: path, query, headers, encoding and size.

import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addressed, aliasOf, ask, type Gateway, MESSAGES, openGateway, PATHS } from './gateway.ts';
import { addAlias } from './targets.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
  await addAlias(gateway, 'vendor/model:beta', 'chat-provider');
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => gateway.provider.reset());

const send = (address: string, body: unknown, headers: Record<string, string> = {}) =>
  gateway.post(address, body, { 'x-api-key': gateway.key, ...headers });
const askedOfProvider = () => String(gateway.provider.requests.at(-1)?.body);

test.each(['?beta=true', '?', '?beta=true&limit=5&x=%zz', `?a=${'b'.repeat(2_000)}`])(
  'case 2: POST /v1/messages%s is routed like the path without the query',
  async (query) => {
    const body = ask(MESSAGES, 'messages');
    expect((await send(MESSAGES, body)).status).toBe(200);
    const plain = askedOfProvider();
    expect((await send(`${MESSAGES}${query}`, body)).status).toBe(200);
    expect(askedOfProvider()).toBe(plain);
  },
);

const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];
const embeddings = JSON.stringify({ data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: 1 } });

describe.each(['/v1beta', '/v1'])('under %s', (prefix) => {
  test.each([
    ['generateContent', { contents }, 'candidates'],
    ['streamGenerateContent?alt=sse', { contents }, 'candidates'],
    ['countTokens', { contents }, 'totalTokens'],
    ['embedContent', { content: contents[0] }, 'embedding'],
    ['batchEmbedContents', { requests: [{ content: contents[0] }] }, 'embeddings'],
  ])('case 4: a model with a slash and a colon in its name is asked by %s', async (method, body, field) => {
    for (const name of ['vendor/model:beta', 'vendor%2Fmodel%3Abeta']) {
      if (/embed/i.test(method)) gateway.provider.script({ body: embeddings });
      const response = await send(`${prefix}/models/${name}:${method}`, body);
      expect(response.status).toBe(200);
      const text = await response.text();
      const first = text.startsWith('data: ') ? text.slice('data: '.length, text.indexOf('\n')) : text;
      expect(JSON.parse(first)).toHaveProperty(field);
    }
  });

  test('case 4: a method that is not there is a 404 in the form of Gemini', async () => {
    const response = await send(`${prefix}/models/chat:predictLongRunning`, { contents });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
  });
});

test.each([
  ['2023-06-01', 'claude-code-20250219,interleaved-thinking-2025-05-14'],
  ['2026-10-21', 'per-turn-control-2026-07-01'],
  ['2099-01-01', 'one-that-nobody-knows-2099-01-01,,another'],
  ['', ''],
])(
  'case 7: anthropic-version "%s" with betas "%s" is taken, here and by count_tokens',
  async (version, beta) => {
    const headers = { 'anthropic-version': version, 'anthropic-beta': beta };
    for (const model of ['messages', 'chat']) {
      expect((await send(MESSAGES, ask(MESSAGES, model), headers)).status).toBe(200);
      const counted = await send(`${MESSAGES}/count_tokens`, ask(MESSAGES, model), headers);
      expect(counted.status).toBe(200);
    }
  },
);

describe.each(PATHS)('%s', (path) => {
  const alias = aliasOf(path);

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])(
    'case 8: a body in %s is read, and asked of the provider as one that was sent plain',
    async (encoding, compress) => {
      const { address, body } = addressed(path, ask(path, alias));
      expect((await send(address, body)).status).toBe(200);
      const plain = askedOfProvider();
      const headers = { 'content-encoding': encoding };
      expect((await send(address, compress(JSON.stringify(body)), headers)).status).toBe(200);
      expect(askedOfProvider()).toBe(plain);
    },
  );

  test('case 8: a body of 30 MB is passed on, and one over the bound is a 413 in the form of the client', async () => {
    const large = addressed(path, ask(path, alias, { text: 'x'.repeat(30_000_000) }));
    const response = await send(large.address, large.body);
    expect(response.status).toBe(200);
    expect(gateway.provider.requests.at(-1)?.body.length).toBeGreaterThan(30_000_000);
    const over = addressed(path, ask(path, alias, { text: 'x'.repeat(34_000_000) }));
    const refused = await send(over.address, over.body);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining('larger') } });
  });
});

test.each(['messages', 'chat'])(
  'case 19: max_tokens 0 on messages is no error for %s, and says nothing',
  async (model) => {
    const response = await send(MESSAGES, ask(MESSAGES, model, { max_tokens: 0 }));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ type: 'message', usage: expect.anything() });
  },
);
