// What the edge calls, and what it never calls.

import { type AddressInfo, createServer } from 'node:net';
import { closeHttp, listenHttp } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEdge, createEdgeServer } from '../src/index.ts';
import {
  ALIASES,
  addressed,
  ask,
  CHAT,
  type Gateway,
  GEMINI,
  MESSAGES,
  openGateway,
  PAIRS,
  PATHS,
  RESPONSES,
} from './gateway.ts';

let gateway: Gateway;
let hits = 0;
const elsewhere = createServer((socket) => {
  hits += 1;
  socket.destroy();
});
let elsewhereUrl: string;
beforeAll(async () => {
  gateway = await openGateway();
  gateway.provider.isStrict = false;
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await new Promise((resolve) => elsewhere.close(resolve));
});
beforeEach(() => {
  gateway.provider.reset();
  hits = 0;
});

/** A turn of the user's with a picture, a paper and a page that are only named, in each dialect's own words. */
const NAMED: Readonly<Record<string, (url: string) => object>> = {
  [CHAT]: (url) => ({
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: `Look at ${url}/page.` },
          { type: 'image_url', image_url: { url: `${url}/a.png` } },
          { type: 'file', file: { filename: 'a.pdf', file_data: `${url}/a.pdf` } },
        ],
      },
    ],
  }),
  [RESPONSES]: (url) => ({
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: `Look at ${url}/page.` },
          { type: 'input_image', image_url: `${url}/a.png`, detail: 'high' },
          { type: 'input_file', file_url: `${url}/a.pdf` },
        ],
      },
    ],
  }),
  [MESSAGES]: (url) => ({
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: `Look at ${url}/page.` },
          { type: 'image', source: { type: 'url', url: `${url}/a.png` } },
          { type: 'document', source: { type: 'url', url: `${url}/a.pdf` } },
        ],
      },
    ],
  }),
  [GEMINI]: (url) => ({
    contents: [
      {
        role: 'user',
        parts: [
          { text: `Look at ${url}/page.` },
          { fileData: { mimeType: 'image/png', fileUri: `${url}/a.png` } },
          { fileData: { mimeType: 'application/pdf', fileUri: `${url}/a.pdf` } },
        ],
      },
    ],
  }),
};

test.each(PAIRS)(
  'what a request to $path only names is not fetched for a provider of $alias',
  async ({ path, alias }) => {
    for (const stream of [false, true]) {
      const body = { ...ask(path, alias, { stream }), ...NAMED[path]?.(elsewhereUrl) };
      const response = await gateway.post(path, body);
      await response.text();
      expect(response.status).toBe(200);
    }
    // It is the provider who is told of it.
    expect(String(gateway.provider.requests[0]?.body)).toContain(elsewhereUrl);
    expect(hits).toBe(0);
  },
);

test('what a prompt only names is not fetched to count its tokens', async () => {
  const body = { ...ask(MESSAGES, 'chat'), ...NAMED[MESSAGES]?.(elsewhereUrl) };
  const response = await gateway.post('/v1/messages/count_tokens', body);
  expect(response.status).toBe(200);
  await response.text();
  expect(hits).toBe(0);
});

describe('a provider that sends its caller elsewhere', () => {
  test.each([301, 302, 303, 307, 308])(
    'with %i is answered with an error that does not say where',
    async (status) => {
      gateway.provider.otherwise = {
        status,
        headers: {
          location: `${elsewhereUrl}/v1`,
          'content-location': `${elsewhereUrl}/v1`,
          refresh: `0;url=${elsewhereUrl}`,
        },
        body: `<a href="${elsewhereUrl}">moved</a>`,
        contentType: 'text/html',
      };
      for (const path of PATHS) {
        for (const alias of ALIASES) {
          const response = await gateway.post(path, ask(path, alias));
          expect(response.status).toBeGreaterThanOrEqual(500);
          expect(JSON.stringify([...response.headers]) + (await response.text())).not.toContain('127.0.0.1');
        }
      }
      expect(hits).toBe(0);
    },
  );
});

describe('an edge that is told of no network', () => {
  test.each(PATHS)(
    'dials no provider that is stored on its own machine, and %s says not where',
    async (path) => {
      const logged: string[] = [];
      const destination = { write: (line: string) => void logged.push(line) };
      const edge = createEdge({
        ports: gateway.ports,
        eventLog: gateway.log,
        logger: createLogger({ service: 'edge-gateway', level: 'warn', destination }),
        settings: { tickMs: 20 },
      });
      const server = createEdgeServer(edge);
      const port = await listenHttp(server, '127.0.0.1:0');
      for (const alias of ['chat', 'messages', 'both']) {
        const { address, body } = addressed(path, ask(path, alias));
        const response = await fetch(`http://127.0.0.1:${port}${address}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        const said = JSON.stringify([...response.headers]) + (await response.text());
        expect(response.status).toBeGreaterThanOrEqual(500);
        expect(said).toContain('The provider could not be reached.');
        expect(said).not.toMatch(/127\.0\.0\.1|AISWITCH|network/);
      }
      // Its operator reads why.
      expect(logged.join()).toContain('127.0.0.1 is neither https on the public internet nor in a network');
      expect([gateway.provider.requests.length, gateway.second.requests.length]).toEqual([0, 0]);
      await edge.close();
      await closeHttp(server);
    },
  );
});
