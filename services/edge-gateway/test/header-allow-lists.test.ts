// Which headers pass the edge: those that are listed, towards the provider and towards the client, and no other.

import type { OutgoingHttpHeaders } from 'node:http';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addressed, ask, type Gateway, openGateway, PAIRS, PROVIDER_KEY } from './gateway.ts';
import { addTarget } from './targets.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
  const capabilities = { countTokens: true };
  await addTarget(gateway, 'counting', { dialect: 'anthropic-messages', capabilities });
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => gateway.provider.reset());

/** What clients, browsers, proxies and attackers send, besides what the dialects know. */
const FROM_CLIENT: readonly (readonly [name: string, value: string])[] = [
  ['Cookie', 'session=canary'],
  ['X-Forwarded-For', '203.0.113.7, canary'],
  ['X-Forwarded-Host', 'canary.example'],
  ['X-Forwarded-Proto', 'canary'],
  ['X-Real-IP', 'canary'],
  ['Forwarded', 'for=canary'],
  ['True-Client-IP', 'canary'],
  ['CF-Connecting-IP', 'canary'],
  ['Via', '1.1 canary'],
  ['Origin', 'https://canary.example'],
  ['Referer', 'https://canary.example/'],
  ['Proxy-Authorization', 'Basic canary'],
  ['Proxy-Connection', 'canary'],
  ['Connection', 'keep-alive, X-Canary, Authorization'],
  ['Keep-Alive', 'timeout=canary'],
  ['TE', 'trailers, canary'],
  ['X-Canary', 'canary'],
  ['OpenAI-Organization', 'org-canary'],
  ['OpenAI-Project', 'proj-canary'],
  ['OpenAI-Beta', 'canary'],
  ['Anthropic-Dangerous-Direct-Browser-Access', 'canary'],
  ['X-Goog-User-Project', 'canary'],
  ['X-Amz-Security-Token', 'canary'],
  ['X-Amz-Target', 'canary'],
  ['X-Stainless-Lang', 'canary'],
  ['X-Http-Method-Override', 'DELETE-canary'],
  ['X-Original-URL', '/canary'],
  ['X-Rewrite-URL', '/canary'],
  ['Accept', 'text/canary'],
  ['Accept-Encoding', 'gzip, canary'],
  ['Accept-Language', 'canary'],
  ['User-Agent', 'canary/1'],
  ['Range', 'bytes=0-canary'],
  ['If-None-Match', '"canary"'],
  ['Traceparent', '00-canary'],
  ['Baggage', 'userId=canary'],
  ['X-Request-Id', 'canary'],
  ['X-Client-Request-Id', 'canary'],
  ['X-AISwitch-Affinity', 'canary'],
  ['X-AISwitch-Reservation', 'canary'],
  ['Thread-Id', 'canary'],
  ['Metadata-Flavor', 'Google-canary'],
  ['X-Aws-Ec2-Metadata-Token', 'canary'],
  ['Sec-Fetch-Site', 'canary'],
  ['__proto__', 'canary'],
  ['Constructor', 'canary'],
];

const TO_PROVIDER = [
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'host',
  'user-agent',
] as const;
const CREDENTIAL_OF: Readonly<Record<string, readonly string[]>> = {
  chat: ['authorization'],
  responses: ['authorization'],
  messages: ['anthropic-version', 'x-api-key'],
  counting: ['anthropic-version', 'x-api-key'],
  gemini: ['x-goog-api-key'],
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Posts with these headers as they stand: fetch would leave some out. */
function post(
  path: string,
  given: unknown,
  headers: readonly (readonly [string, string])[],
): Promise<Answer> {
  const { address, body } = addressed(path, given);
  const bytes = Buffer.from(JSON.stringify(body));
  const all = [
    ['Host', 'metadata.google.internal'],
    ['Content-Type', 'application/json; charset=canary'],
    ['Content-Length', String(bytes.length)],
    ['Authorization', `Bearer ${gateway.key}`],
    ...headers,
  ];
  return new Promise((resolve, reject) => {
    const options = { port: gateway.port, path: `${address}${address.includes('?') ? '&' : '?'}key=canary` };
    const sent = request({ ...options, method: 'POST', headers: all.flat() }, async (incoming) => {
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: await text(incoming) });
    });
    sent.once('error', reject).end(bytes);
  });
}

/** The provider got these headers, each once, and nothing that the client sent of its own. */
function expectListed(alias: string, more: readonly string[] = []): void {
  const [seen] = gateway.provider.requests;
  const names = (seen?.rawHeaders ?? [])
    .filter((_, index) => index % 2 === 0)
    .map((name) => name.toLowerCase());
  expect(names.sort()).toEqual([...TO_PROVIDER, ...(CREDENTIAL_OF[alias] ?? []), ...more].sort());
  expect(seen?.headers.host).toBe(new URL(gateway.provider.baseUrl).host);
  expect(JSON.stringify([seen?.path, seen?.rawHeaders])).not.toMatch(/canary(?!-of-the-provider)|ais_/);
  expect(JSON.stringify(seen?.rawHeaders)).toContain(PROVIDER_KEY);
}

describe.each(PAIRS)('a request to $path for a provider of $alias', ({ path, alias }) => {
  test.each([true, false])('takes only listed headers along (streamed: %s)', async (stream) => {
    expect((await post(path, ask(path, alias, { stream }), FROM_CLIENT)).status).toBe(200);
    expectListed(alias);
  });
});

test('what a client says of Anthropic’s versions goes to Anthropic’s dialect alone, in one piece', async () => {
  const versions: [string, string][] = [
    ['Anthropic-Version', '2023-06-01'],
    ['Anthropic-Beta', 'a-1'],
    ['anthropic-beta', 'b-2'],
  ];
  for (const { path, alias } of PAIRS) {
    gateway.provider.reset();
    expect((await post(path, ask(path, alias), [...FROM_CLIENT, ...versions])).status).toBe(200);
    expectListed(alias, alias === 'messages' ? ['anthropic-beta'] : []);
    if (alias === 'messages')
      expect(gateway.provider.requests[0]?.headers['anthropic-beta']).toBe('a-1, b-2');
  }
});

test('a count and a list of embeddings take only listed headers along as well', async () => {
  const messages = [{ role: 'user', content: 'Hi' }];
  const counted = await post('/v1/messages/count_tokens', { model: 'counting', messages }, FROM_CLIENT);
  expect(counted.status).toBe(200);
  expectListed('counting');
  gateway.provider.reset();
  expect((await post('/v1/embeddings', { model: 'chat', input: 'Hi' }, FROM_CLIENT)).status).toBe(200);
  expectListed('chat');
});

test.each([
  [['Content-Length', '3']],
  [
    ['content-length', '1'],
    ['CONTENT-LENGTH', '2'],
  ],
  [['Transfer-Encoding', 'chunked']],
])('a request with a second length %j asks nobody', async (...headers) => {
  const answer = await post(
    '/v1/chat/completions',
    ask('/v1/chat/completions', 'chat'),
    headers as never,
  ).catch(() => undefined);
  expect(answer?.status ?? 400).toBe(400);
  expect(gateway.provider.requests).toEqual([]);
});

/** What providers and what stands in front of them send: who they are, who we are to them, and what browsers obey. */
const FROM_PROVIDER: OutgoingHttpHeaders = {
  ...Object.fromEntries(
    [
      'openai-organization openai-project openai-version openai-processing-ms openai-model',
      'x-ratelimit-limit-requests x-ratelimit-remaining-requests x-ratelimit-reset-requests',
      'x-ratelimit-limit-tokens x-ratelimit-remaining-tokens x-ratelimit-reset-tokens ratelimit ratelimit-policy',
      'anthropic-organization-id anthropic-ratelimit-requests-limit anthropic-ratelimit-tokens-remaining',
      'anthropic-ratelimit-unified-status anthropic-ratelimit-output-tokens-limit x-codex-primary-used-percent',
      'x-request-id request-id apim-request-id x-amzn-requestid x-amzn-bedrock-input-token-count x-goog-request-id',
      'x-ms-region x-ms-deployment-name azureml-model-session x-vertex-ai-llm-request-type',
      'cf-ray cf-cache-status server via x-powered-by x-envoy-upstream-service-time x-served-by x-cache age',
      'server-timing alt-svc nel report-to strict-transport-security content-security-policy',
      'access-control-allow-origin access-control-allow-credentials access-control-expose-headers',
      'www-authenticate proxy-authenticate authentication-info location content-location refresh link',
      'content-disposition etag last-modified expires pragma clear-site-data service-worker-allowed',
      'x-aiswitch-reservation x-aiswitch-quota-remaining x-aiswitch-dropped x-aiswitch-receipt idempotency-replayed',
      'x-codex-turn-state x-api-key authorization x-canary x-frame-options',
    ]
      .join(' ')
      .split(' ')
      .map((name) => [name, 'canary']),
  ),
  // Nobody waits for another attempt.
  'x-should-retry': 'false',
  'set-cookie': ['__cf_bm=canary', '__Host-session=canary; Secure; Path=/'],
};

const TO_CLIENT: readonly string[] = [
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'request-id',
  'retry-after',
  'transfer-encoding',
  'x-accel-buffering',
  'x-aiswitch-dropped',
  'x-aiswitch-reservation',
  'x-codex-turn-state',
  'x-request-id',
  'x-should-retry',
];

describe.each(PAIRS)('an answer to $path of a provider of $alias', ({ path, alias }) => {
  test.each([200, 400, 401, 404, 429, 500])('with %i has only listed headers', async (status) => {
    for (const stream of [true, false]) {
      gateway.provider.reset();
      gateway.provider.otherwise = { headers: FROM_PROVIDER, ...(status !== 200 && { status }) };
      const { headers, body } = await post(path, ask(path, alias, { stream }), []);
      expect(Object.keys(headers).filter((name) => !TO_CLIENT.includes(name))).toEqual([]);
      expect(JSON.stringify(headers)).not.toContain('canary');
      expect(body).not.toContain('canary');
    }
  });
});

test('a count, a list of embeddings and a list of models have only listed headers', async () => {
  gateway.provider.otherwise = { headers: FROM_PROVIDER };
  const messages = [{ role: 'user', content: 'Hi' }];
  for (const { headers } of [
    await post('/v1/messages/count_tokens', { model: 'counting', messages }, []),
    await post('/v1/embeddings', { model: 'chat', input: 'Hi' }, []),
  ]) {
    expect(Object.keys(headers).filter((name) => !TO_CLIENT.includes(name))).toEqual([]);
    expect(JSON.stringify(headers)).not.toContain('canary');
  }
});
