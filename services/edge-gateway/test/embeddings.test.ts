import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Gateway, openGateway } from './gateway.ts';
import { addTarget } from './targets.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
  await addTarget(gateway, 'google', { dialect: 'gemini' });
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => gateway.provider.reset());

const PATH = '/v1/embeddings';
const VECTORS = [
  [0.5, -1, 2],
  [0.25, 4, 8],
];

type Encoding = 'float' | 'base64';

/** What an OpenAI-compatible server answers. */
function openaiReply(vectors: readonly (readonly number[])[], encoding: Encoding, more: object = {}): string {
  const written = (vector: readonly number[]) =>
    encoding === 'float' ? vector : Buffer.from(Float32Array.from(vector).buffer).toString('base64');
  const data = vectors.map((vector, index) => ({ object: 'embedding', index, embedding: written(vector) }));
  const usage = { prompt_tokens: 7, total_tokens: 7 };
  return JSON.stringify({ object: 'list', data, model: 'theirs', usage, ...more });
}

const geminiReply = (vectors: readonly (readonly number[])[], more: object = {}) =>
  JSON.stringify({ embeddings: vectors.map((values) => ({ values })), ...more });

interface Answer {
  readonly data: readonly { readonly embedding: readonly number[] | string; readonly index: number }[];
  readonly model: string;
  readonly usage: object;
  readonly embeddings?: readonly { readonly values: readonly number[] }[];
  readonly embedding?: { readonly values: readonly number[] };
  readonly usageMetadata?: object;
}

async function embed(path: string, body: object): Promise<Answer & { readonly response: Response }> {
  const response = await gateway.post(path, body);
  const answer = (await response.json()) as Answer;
  expect([response.status, answer]).toEqual([200, expect.anything()]);
  return { ...answer, response };
}

/** The vectors as a client decodes them: base64 as 32-bit floats of this machine, which is little-endian. */
const vectorsIn = ({ data }: Answer) =>
  data.map(({ embedding }) => {
    if (typeof embedding !== 'string') return embedding;
    const bytes = Buffer.from(embedding, 'base64');
    return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)];
  });

const askedOfProvider = (at = 0) => JSON.parse(String(gateway.provider.requests[at]?.body));

test.each<[string, object, readonly (readonly number[])[]]>([
  ['a text', { input: 'one' }, VECTORS.slice(0, 1)],
  ['texts', { input: ['one', 'two'] }, VECTORS],
  ['a text in tokens', { input: [101, 102, 103] }, VECTORS.slice(0, 1)],
  ['texts in tokens', { input: [[101, 102], [103]] }, VECTORS],
])('case 88: %s goes to a compatible server in the bytes of the client', async (_name, body, vectors) => {
  const sent = `{"encoding_format":"base64",  "unknown":1e2, ${JSON.stringify({ ...body, model: 'chat' }).slice(1)}`;
  const reply = openaiReply(vectors, 'base64');
  gateway.provider.script({ body: reply });
  const response = await gateway.post(PATH, sent);
  expect(await response.text()).toBe(reply);
  const [seen] = gateway.provider.requests;
  expect(seen?.path).toBe('/v1/embeddings');
  expect(String(seen?.body)).toBe(sent.replace('"chat"', '"upstream-chat"'));
  expect(seen?.headers.authorization).toBe('Bearer sk-canary-of-the-provider');
});

test.each<[Encoding, Encoding]>([
  ['base64', 'float'],
  ['float', 'base64'],
])('case 88: a client that wants %s gets it from a server that answers in %s', async (wanted, answered) => {
  gateway.provider.script({ body: openaiReply(VECTORS, answered) });
  const answer = await embed(PATH, { model: 'chat', input: ['one', 'two'], encoding_format: wanted });
  expect(answer.data.map(({ embedding }) => typeof embedding)).toEqual(
    wanted === 'base64' ? ['string', 'string'] : ['object', 'object'],
  );
  expect(vectorsIn(answer)).toEqual(VECTORS);
  expect(answer).toMatchObject({ model: 'chat', usage: { prompt_tokens: 7, total_tokens: 7 } });
});

test.each<[Encoding | undefined]>([['base64'], ['float'], [undefined]])(
  'case 88: Gemini gives the same vectors as %s, and dimensions reach it',
  async (encoding) => {
    gateway.provider.script({ body: geminiReply(VECTORS) });
    const body = { model: 'google', input: ['one', 'two'], dimensions: 3, encoding_format: encoding };
    const answer = await embed(PATH, body);
    expect(vectorsIn(answer)).toEqual(VECTORS);
    expect(typeof answer.data[0]?.embedding).toBe(encoding === 'base64' ? 'string' : 'object');
    expect(gateway.provider.requests[0]?.path).toBe('/v1/models/upstream-google:batchEmbedContents');
    const entry = (text: string) => ({
      model: 'models/upstream-google',
      content: { parts: [{ text }] },
      outputDimensionality: 3,
    });
    expect(askedOfProvider()).toEqual({ requests: [entry('one'), entry('two')] });
    expect(answer.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
  },
);

test('case 88: more texts than Gemini takes at once are asked for in several calls and answered in order', async () => {
  const texts = Array.from({ length: 150 }, (_, at) => `text ${at}`);
  gateway.provider.otherwise = ({ body }) => {
    const { requests } = JSON.parse(String(body)) as {
      requests: { content: { parts: { text: string }[] } }[];
    };
    const vectors = requests.map(({ content }) => [Number(content.parts[0]?.text.slice(5))]);
    return { body: geminiReply(vectors, { usageMetadata: { promptTokenCount: vectors.length } }) };
  };
  const answer = await embed(PATH, { model: 'google', input: texts, encoding_format: 'float' });
  expect(vectorsIn(answer)).toEqual(texts.map((_, at) => [at]));
  expect(answer.usage).toEqual({ prompt_tokens: 150, total_tokens: 150 });
  expect(gateway.provider.requests).toHaveLength(2);
});

test.each(['/v1beta', '/v1'])(
  'case 88: %s/models/…:batchEmbedContents is answered by a compatible server',
  async (prefix) => {
    gateway.provider.script({ body: openaiReply(VECTORS, 'float') });
    const entry = (text: string) => ({
      model: 'models/chat',
      content: { parts: [{ text }], role: 'user' },
      outputDimensionality: 3,
    });
    const answer = await embed(`${prefix}/models/chat:batchEmbedContents`, {
      requests: [entry('one'), entry('two')],
    });
    expect(answer.embeddings).toEqual(VECTORS.map((values) => ({ values })));
    expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 7 });
    expect(askedOfProvider()).toEqual({
      model: 'upstream-chat',
      input: ['one', 'two'],
      encoding_format: 'float',
      dimensions: 3,
    });
  },
);

test.each(['/v1beta', '/v1'])('case 4: %s/models/…:embedContent answers with one vector', async (prefix) => {
  gateway.provider.script({ body: geminiReply(VECTORS.slice(0, 1)) });
  const body = { content: { parts: [{ text: 'one' }] }, taskType: 'RETRIEVAL_QUERY' };
  const answer = await embed(`${prefix}/models/google:embedContent`, body);
  expect(answer.embedding).toEqual({ values: VECTORS[0] });
  expect(askedOfProvider()).toEqual({ requests: [{ ...body, model: 'models/upstream-google' }] });
});

test('a request for embeddings over its own bound is refused, and a prompt of that size is not', async () => {
  const text = 'x'.repeat(9 * 1024 * 1024);
  const { status } = await gateway.post(PATH, { model: 'chat', input: text });
  expect(status).toBe(413);
  expect(gateway.provider.requests).toEqual([]);
  const count = { model: 'chat', messages: [{ role: 'user', content: text }] };
  expect((await gateway.post('/v1/messages/count_tokens', count)).status).not.toBe(413);
});

test('case 88: what was used is charged once, and only as input', async () => {
  gateway.provider.script({ body: openaiReply(VECTORS.slice(0, 1), 'float') });
  const before = await gateway.balance();
  const { response } = await embed(PATH, { model: 'chat', input: 'one' });
  await gateway.settled();
  const { used } = await gateway.balance();
  expect(used).toEqual({ ...before.used, input: before.used.input + 7n });
  const id = response.headers.get('x-aiswitch-reservation') ?? '';
  expect(await gateway.reservation(id)).toMatchObject({ amounts: { output: 0n } });
  expect(await gateway.accessRecord(response.headers.get('request-id'))).toMatchObject({
    alias: 'chat',
    provider: 'chat-provider',
    model: 'upstream-chat',
    outcome: 'completed',
    attempts: 1,
    usage: { input: 7n, output: 0n },
    usageEstimated: false,
  });
});

test('case 88: a provider without a count is charged by an estimate, which is said to be one', async () => {
  gateway.provider.script({ body: openaiReply(VECTORS.slice(0, 1), 'float', { usage: undefined }) });
  const answer = await embed(PATH, { model: 'chat', input: 'x'.repeat(400) });
  expect(answer.usage).toEqual({ prompt_tokens: 100, total_tokens: 100 });
  const id = answer.response.headers.get('request-id');
  expect(await gateway.accessRecord(id)).toMatchObject({ usage: { input: 100n }, usageEstimated: true });
});

test('what Gemini sets and a compatible server cannot carry is named', async () => {
  gateway.provider.script({ body: openaiReply(VECTORS.slice(0, 1), 'float') });
  const body = { content: { parts: [{ text: 'one' }] }, taskType: 'RETRIEVAL_QUERY' };
  const { response } = await embed('/v1beta/models/chat:embedContent', body);
  expect(response.headers.get('x-aiswitch-dropped')).toBe('taskType');
});

test.each<[string, string, object, number, string]>([
  ['no input', PATH, { model: 'chat' }, 400, 'input'],
  ['no model', PATH, { input: 'x' }, 400, 'model'],
  ['a model that is not there', PATH, { model: 'nothing', input: 'x' }, 404, ''],
  ['tokens towards Gemini', PATH, { model: 'google', input: [1, 2] }, 400, 'input.0'],
  ['a model that answers in words', PATH, { model: 'messages', input: 'x' }, 400, 'model'],
])('%s is refused before anything is charged', async (_name, path, body, status, field) => {
  const before = await gateway.balance();
  const response = await gateway.post(path, body);
  expect(response.status).toBe(status);
  const { error } = (await response.json()) as { error: { message: string; param: string | null } };
  expect(error.message.length).toBeGreaterThan(10);
  if (field !== '') expect(error.param).toBe(field);
  await gateway.settled();
  expect(await gateway.balance()).toEqual(before);
  expect(gateway.provider.requests).toEqual([]);
});

test.each([
  ['a 500', { status: 500 }],
  ['what is no JSON', { body: '<html>' }],
  ['fewer vectors than texts', { body: openaiReply(VECTORS, 'float') }],
  ['an error with a 200', { body: '{"error":{"message":"no"}}' }],
  ['nothing', { isRefusing: true }],
])(
  'after %s the provider is asked once more, and the second answer is charged alone',
  async (_name, script) => {
    gateway.provider.script(script, { body: openaiReply(VECTORS.slice(0, 1), 'float') });
    const before = await gateway.balance();
    await embed(PATH, { model: 'chat', input: 'one' });
    await gateway.settled();
    expect((await gateway.balance()).used.input).toBe(before.used.input + 7n);
    expect(gateway.provider.requests).toHaveLength(2);
  },
);

test('the next provider answers when the first does not', async () => {
  gateway.provider.otherwise = { status: 503 };
  gateway.second.otherwise = { body: openaiReply(VECTORS.slice(0, 1), 'float') };
  const { response } = await embed(PATH, { model: 'both', input: 'one' });
  const id = response.headers.get('request-id');
  expect(await gateway.accessRecord(id)).toMatchObject({ provider: 'second-provider' });
});

test('of an alias with several providers those are asked that have embeddings', async () => {
  const { tenant, ports } = gateway;
  const resource = (provider: string, priority: number) => ({ provider, model: 'm', weight: 1, priority });
  const resources = [resource('messages-provider', 0), resource('chat-provider', 1)];
  await ports.router.putAlias({ alias: { tenant, name: 'mixed', resources, updatedAtMs: 0n } });
  gateway.provider.script({ body: openaiReply(VECTORS.slice(0, 1), 'float') });
  await embed(PATH, { model: 'mixed', input: 'one' });
  expect(gateway.provider.requests.map(({ path }) => path)).toEqual(['/v1/embeddings']);
});

test('a provider that refuses is told in the form of the client, and nothing is charged', async () => {
  gateway.provider.script({ status: 400 });
  const before = await gateway.balance();
  const response = await gateway.post('/v1beta/models/chat:embedContent', {
    content: { parts: [{ text: 'x' }] },
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 400, status: 'INVALID_ARGUMENT' } });
  await gateway.settled();
  expect(await gateway.balance()).toEqual(before);
});

test("a provider's 401 is not shown as the client's", async () => {
  gateway.provider.otherwise = { status: 401 };
  const response = await gateway.post(PATH, { model: 'chat', input: 'x' });
  expect(response.status).toBe(502);
});

test('a key that may not use the model is refused', async () => {
  const { plaintext } = await gateway.makeKey({ models: ['both'] });
  const response = await gateway.post(PATH, { model: 'chat', input: 'x' }, { 'x-api-key': plaintext });
  expect(response.status).toBe(403);
});

test('a spent quota of input is a 429, and one of output does not matter', async () => {
  const { provider } = gateway;
  const { used } = await gateway.balance();
  const room = { input: used.input + 20n, output: 0n };
  await gateway.limit(room);
  provider.script({ body: openaiReply(VECTORS.slice(0, 1), 'float') });
  await embed(PATH, { model: 'chat', input: 'one' });
  const response = await gateway.post(PATH, { model: 'chat', input: 'x'.repeat(400) });
  expect(response.status).toBe(429);
  expect(await response.text()).toMatch(/input tokens/);
  await gateway.limit({});
});

test('a client that leaves ends the call', async () => {
  gateway.provider.script({ hang: 'beforeHeaders' });
  const leaving = new AbortController();
  const asked = fetch(`${gateway.url}${PATH}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}` },
    body: JSON.stringify({ model: 'chat', input: 'one' }),
    signal: leaving.signal,
  });
  await expect.poll(() => gateway.provider.requests.length).toBe(1);
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await expect.poll(() => gateway.provider.requests[0]?.abortedAtMs).toBeDefined();
  await gateway.settled();
});
