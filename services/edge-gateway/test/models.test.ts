import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, openGateway } from './gateway.ts';
import { addAlias } from './targets.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
  for (const name of ['claude-glm-5', 'anthropic/some:model', 'text-embedding-x']) {
    await addAlias(gateway, name, 'chat-provider');
  }
  const { models } = await gateway.ports.router.listModels({ tenant: gateway.tenant });
  names = models.map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(6);
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** All aliases in order; the first is `anthropic/some:model`, the last `text-embedding-x`. */
let names: readonly string[];
const ANTHROPIC = { 'anthropic-version': '2023-06-01' };
const NEWER_ANTHROPIC = { 'anthropic-version': '2026-10-21' };

interface Listed {
  readonly object?: string;
  readonly data?: readonly { readonly id: string }[];
  readonly models?: readonly { readonly name: string }[];
  readonly nextPageToken?: string;
  readonly first_id?: string | null;
  readonly last_id?: string | null;
  readonly has_more?: boolean;
}

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${gateway.key}`, ...headers } });
const list = async (path: string, headers: Record<string, string> = {}) => {
  const response = await get(path, headers);
  expect(response.status).toBe(200);
  return (await response.json()) as Listed;
};
const ids = ({ data, models }: Listed) =>
  data?.map(({ id }) => id) ?? models?.map(({ name }) => name.replace(/^models\//, ''));

test.each(['/v1/models', '/v1/models?limit=1000', '/cursor/v1/models'])(
  "case 3: %s without another family's header is OpenAI's list",
  async (path) => {
    const listed = await list(path);
    expect(listed.object).toBe('list');
    expect(ids(listed)).toEqual(names);
    expect(listed.data?.find(({ id }) => id === 'chat')).toEqual({
      id: 'chat',
      object: 'model',
      created: expect.any(Number),
      owned_by: 'chat-provider',
    });
  },
);

test.each([
  ['/v1/models', ANTHROPIC],
  ['/v1/models?limit=1000', NEWER_ANTHROPIC],
  ['/v1/models?beta=true', { ...ANTHROPIC, 'x-goog-api-client': 'both' }],
])("case 3: %s with anthropic-version is Anthropic's list", async (path, headers) => {
  const listed = await list(path, headers);
  expect(listed).toMatchObject({ has_more: false, first_id: names[0], last_id: names.at(-1) });
  expect(listed.data?.find(({ id }) => id === 'claude-glm-5')).toEqual({
    type: 'model',
    id: 'claude-glm-5',
    display_name: 'claude-glm-5',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  });
});

test.each([
  ['/v1/models', { 'x-goog-api-key': 'whatever' }],
  ['/v1/models', { 'x-goog-api-client': 'google-genai-sdk/3.1.0' }],
  ['/v1beta/models', {}],
  ['/v1beta/models?pageSize=1000', {}],
])("case 3: %s with %j is Gemini's list", async (path, headers) => {
  const listed = await list(path, headers);
  expect(ids(listed)).toEqual(names);
  expect(listed.models?.find(({ name }) => name === 'models/chat')).toMatchObject({
    name: 'models/chat',
    displayName: 'chat',
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  });
  expect(listed.models?.at(-1)).toMatchObject({
    supportedGenerationMethods: ['embedContent', 'batchEmbedContents'],
  });
});

test.each([
  ['/v1/models/chat', {}, { id: 'chat', object: 'model' }],
  ['/v1/models/anthropic/some:model', {}, { id: 'anthropic/some:model' }],
  ['/v1/models/anthropic%2Fsome%3Amodel', ANTHROPIC, { type: 'model', id: 'anthropic/some:model' }],
  ['/v1beta/models/chat', {}, { name: 'models/chat' }],
  ['/v1beta/models/anthropic%2Fsome%3Amodel', {}, { name: 'models/anthropic/some:model' }],
  ['/v1/models/chat', { 'x-goog-api-client': 'x' }, { name: 'models/chat' }],
])('case 3: %s shows one model in the shape of the list', async (path, headers, body) => {
  expect(await (await get(path, headers)).json()).toMatchObject(body);
});

test.each([
  [{}, { error: { type: 'invalid_request_error' } }],
  [ANTHROPIC, { type: 'error', error: { type: 'not_found_error' } }],
])('a model that is not there is a 404 in the form of the client', async (headers, body) => {
  const missing = await get('/v1/models/nothing', headers);
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject(body);
});

test('a 404 under /v1beta is in the form of Gemini', async () => {
  const missing = await get('/v1beta/models/nothing');
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
});

test('case 89: aliases are listed by their names, those for the picker of Claude Code among them', async () => {
  const listed = await list('/v1/models?limit=1000', ANTHROPIC);
  expect(ids(listed)?.filter((id) => /claude|anthropic/i.test(id))).toEqual([
    'anthropic/some:model',
    'claude-glm-5',
  ]);
});

test("case 89: Anthropic's pages go forward by after_id and back by before_id", async () => {
  const first = await list('/v1/models?limit=2', ANTHROPIC);
  expect(first).toMatchObject({ has_more: true, first_id: names[0], last_id: names[1] });
  const forward = async (after: string | null | undefined) =>
    await list(`/v1/models?limit=2&after_id=${encodeURIComponent(after ?? '')}`, ANTHROPIC);
  const second = await forward(first.last_id);
  expect([ids(second), second.has_more]).toEqual([names.slice(2, 4), true]);
  let page = second;
  while (page.has_more) page = await forward(page.last_id);
  expect(page.last_id).toBe(names.at(-1));
  const back = await list(`/v1/models?limit=2&before_id=${names[4]}`, ANTHROPIC);
  expect([ids(back), back.has_more]).toEqual([names.slice(2, 4), true]);
  const beyond = await list('/v1/models?after_id=zzz', ANTHROPIC);
  expect(beyond).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
});

test.each(['pageSize', 'page_size'])(
  "case 89: the last of Gemini's pages by %s has no token",
  async (size) => {
    const seen: (string | undefined)[] = [];
    let token: string | undefined;
    do {
      const page = await list(`/v1beta/models?${size}=4${token === undefined ? '' : `&pageToken=${token}`}`);
      seen.push(...(ids(page) ?? []));
      token = page.nextPageToken;
      expect('nextPageToken' in page).toBe(seen.length < names.length);
    } while (token !== undefined);
    expect(seen).toEqual(names);
  },
);

test.each([
  ['/v1/models?limit=-1', ANTHROPIC],
  ['/v1/models?limit=many', ANTHROPIC],
  ['/v1beta/models?pageSize=1.5', {}],
])('%s is refused', async (path, headers) => {
  expect((await get(path, headers)).status).toBe(400);
});

test('the list needs a key and shows what the key may use', async () => {
  expect((await fetch(`${gateway.url}/v1/models`)).status).toBe(401);
  const { plaintext } = await gateway.makeKey({ models: ['chat'] });
  const key = { authorization: `Bearer ${plaintext}` };
  expect(ids(await list('/v1/models', key))).toEqual(['chat']);
  expect((await get('/v1/models/both', key)).status).toBe(404);
});
