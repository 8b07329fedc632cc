import { ScriptedProvider } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Admin, openAdmin } from './admin.ts';

const CANARY = 'sk-canary-0123456789';

let admin: Admin;
let provider: ScriptedProvider;

beforeAll(async () => {
  admin = await openAdmin();
  provider = await ScriptedProvider.open();
  await admin.ask('POST /users', { name: 'mallory' });
});

afterAll(async () => {
  await provider.close();
  await admin[Symbol.asyncDispose]();
});

describe('users', () => {
  it('are created, read by name or id, listed and removed', async () => {
    const made = await admin.ask('POST /users', { name: 'alice' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: 'alice', role: 'member', createdAtMs: expect.any(Number) });
    expect((await admin.ask('GET /users/alice')).body).toEqual(made.body);
    expect((await admin.ask(`GET /users/${made.body.userId}`)).body).toEqual(made.body);
    expect((await admin.ask('GET /users')).body.items).toContainEqual(made.body);
    expect((await admin.ask('DELETE /users/alice')).body).toMatchObject({ name: 'alice', keysRevoked: 0 });
    expect((await admin.ask('GET /users/alice')).body.code).toBe('notFound');
  });

  it('come in pages that neither repeat nor leave out', async () => {
    for (const name of ['p1', 'p2', 'p3']) await admin.ask('POST /users', { name });
    const all = (await admin.ask('GET /users')).body.items;
    const paged: unknown[] = [];
    let after = '';
    do {
      const { body } = await admin.ask(`GET /users?limit=2&after=${after}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      paged.push(...body.items);
      after = body.nextAfter ?? '';
    } while (after !== '');
    expect(paged).toEqual(all);
  });

  it('the last root user cannot be removed', async () => {
    const { status, body } = await admin.ask('DELETE /users/root');
    expect([status, body.code]).toEqual([409, 'conflict']);
  });
});

describe('keys', () => {
  it('show the whole key once, when made', async () => {
    const made = await admin.ask('POST /keys', { user: 'mallory', label: 'ci', models: ['fast'] });
    expect(made.body.plaintext).toMatch(/^ais_/);
    const listed = await admin.ask('GET /keys?user=mallory');
    expect(listed.body.items).toContainEqual(expect.objectContaining({ label: 'ci', models: ['fast'] }));
    expect(listed.text).not.toContain(made.body.plaintext);
    const { plaintext: _, ...shown } = made.body;
    expect((await admin.ask(`GET /keys/${made.body.keyId}`)).body).toEqual(shown);
  });

  it('may be bound to a project', async () => {
    await admin.ask('POST /projects', { projectId: 'web', name: 'The shop' });
    await admin.ask('PUT /projects/web/members/mallory');
    const made = (await admin.ask('POST /keys', { user: 'mallory', projectId: 'web' })).body;
    expect(made.projectId).toBe('web');
    expect((await admin.ask(`GET /keys/${made.keyId}`)).body.projectId).toBe('web');
    const { status, body } = await admin.ask('POST /keys', { user: 'mallory', projectId: 'a:b' });
    expect([status, body.field]).toEqual([400, 'projectId']);
  });

  it('a revoked key is refused at once', async () => {
    await admin.ask('POST /users', { name: 'second-root' });
    await admin.ask('POST /role-grants', { user: 'second-root', role: 'root' });
    const made = (await admin.ask('POST /keys', { user: 'second-root', scopes: ['admin'] })).body;
    const headers = { 'x-api-key': made.plaintext };
    expect((await admin.ask('GET /users', undefined, headers)).status).toBe(200);
    expect((await admin.ask(`DELETE /keys/${made.keyId}`)).body.revokedAtMs).toEqual(expect.any(Number));
    expect((await admin.ask('GET /users', undefined, headers)).status).toBe(401);
  });

  it('one that does not exist is not found', async () => {
    expect((await admin.ask('GET /keys/nothing')).status).toBe(404);
    expect((await admin.ask('DELETE /keys/nothing')).status).toBe(404);
  });
});

describe('providers', () => {
  it('are filled from the row of their kind', async () => {
    const { body } = await admin.ask('PUT /providers/openai', { credential: CANARY, models: ['gpt-5.5'] });
    expect(body).toMatchObject({
      name: 'openai',
      kind: 'openai',
      dialect: 'openai-responses',
      baseUrl: 'https://api.openai.com/v1',
      hasCredential: true,
      origin: 'admin',
    });
  });

  it('a hosted one needs a credential', async () => {
    const { status, body } = await admin.ask('PUT /providers/anthropic', { models: ['claude-opus-5-5'] });
    expect([status, body.code, body.field]).toEqual([400, 'invalid', 'credential']);
    expect((await admin.ask('GET /providers/anthropic')).status).toBe(404);
  });

  it('a stored credential is not sent to another address unasked', async () => {
    const { body } = await admin.ask('PUT /providers/openai', { baseUrl: 'https://elsewhere.example/v1' });
    expect([body.code, body.field]).toEqual(['invalid', 'credential']);
    const kept = await admin.ask('PUT /providers/openai', { models: ['gpt-5.5', 'gpt-6.1-sol'] });
    expect(kept.body).toMatchObject({ hasCredential: true, models: ['gpt-5.5', 'gpt-6.1-sol'] });
  });

  it('tell their models themselves, asked with the stored credential', async () => {
    const list = (...ids: string[]) => ({ body: JSON.stringify({ data: ids.map((id) => ({ id })) }) });
    provider.script(list('small'), list('small', 'big'));
    const given = { kind: 'custom', baseUrl: `${provider.baseUrl}/`, credential: CANARY };
    const put = await admin.ask('PUT /providers/mine', given);
    expect(put.body).toMatchObject({ baseUrl: provider.baseUrl, models: ['small'] });
    const refreshed = await admin.ask('POST /providers/mine/models', {});
    expect(refreshed.body.models).toEqual(['small', 'big']);
    for (const { path, headers } of provider.requests) {
      expect([path, headers.authorization]).toEqual(['/v1/models', `Bearer ${CANARY}`]);
    }
    expect(provider.requests).toHaveLength(2);
  });

  it('one that cannot list its models is stored with a note', async () => {
    provider.script({ status: 401 }, { status: 500 });
    const given = { kind: 'custom', baseUrl: provider.baseUrl };
    const { status, body } = await admin.ask('PUT /providers/mute', given);
    expect([status, body.models, body.modelsNote]).toEqual([200, [], expect.stringContaining('401')]);
    const refreshed = await admin.ask('POST /providers/mute/models', {});
    expect([refreshed.status, refreshed.body.code]).toEqual([502, 'upstream']);
  });

  it('keep what somebody set of their capabilities until it is set again', async () => {
    const path = 'PUT /providers/openai';
    const capabilities = { images: false, outputTokensMax: 8_192 };
    const modelCapabilities = { 'gpt-5.5': { images: true } };
    const put = await admin.ask(path, { capabilities, modelCapabilities, models: ['gpt-5.5'] });
    expect(put.body).toMatchObject({ capabilities, modelCapabilities, hasCredential: true });
    const patched = await admin.ask(path, {
      capabilities: { images: null, tools: false },
      models: ['gpt-5.5'],
    });
    expect(patched.body.capabilities).toEqual({ outputTokensMax: 8_192, tools: false });
    expect(patched.body.modelCapabilities).toEqual(modelCapabilities);
    const cleared = await admin.ask(path, {
      capabilities: { outputTokensMax: null, tools: null },
      modelCapabilities: { 'gpt-5.5': null },
      models: ['gpt-5.5'],
    });
    expect(cleared.body).not.toHaveProperty('capabilities');
    expect(cleared.body).not.toHaveProperty('modelCapabilities');
    for (const wrong of [
      { image: true },
      { images: 'no' },
      { outputTokensMax: 1.5 },
      { temperatureMax: 0 },
    ]) {
      const { status, body } = await admin.ask(path, { capabilities: wrong });
      expect([status, String(body.field).split('.')[0]]).toEqual([400, 'capabilities']);
    }
  });

  it('one in a cloud needs its own address, and takes a credential that is a file', async () => {
    const azure = await admin.ask('PUT /providers/azure-openai', { credential: CANARY, models: ['d'] });
    expect([azure.status, azure.body.field]).toEqual([400, 'baseUrl']);
    expect(azure.body.detail).toContain('{resource}');
    const baseUrl = 'https://mine.openai.azure.com/openai/v1';
    expect((await admin.ask('PUT /providers/azure-openai', { baseUrl, models: ['d'] })).body.field).toBe(
      'credential',
    );
    const vertex = {
      baseUrl: 'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google',
      models: ['gemini-3.8-flash'],
    };
    const file = JSON.stringify({ client_email: 'a@b', private_key: '-----BEGIN\n' }, undefined, 2);
    expect((await admin.ask('PUT /providers/vertex', { ...vertex, credential: file })).status).toBe(200);
    const broken = await admin.ask('PUT /providers/vertex', { ...vertex, credential: '{"client_email"' });
    expect([broken.status, broken.body.field]).toEqual([400, 'credential']);
    for (const name of ['vertex']) await admin.ask(`DELETE /providers/${name}`);
  });

  it('a credential comes out nowhere', async () => {
    const routes = ['GET /providers', 'GET /providers/openai', 'GET /providers/mine', 'GET /audit-events'];
    for (const route of routes) expect((await admin.ask(route)).text).not.toContain(CANARY);
  });

  it('a kind that does not exist is refused with those that do', async () => {
    const { status, body } = await admin.ask('PUT /providers/nobody', { kind: 'nobody' });
    expect([status, body.field]).toEqual([400, 'kind']);
    expect(body.detail).toContain('openai, anthropic');
  });

  it('are removed', async () => {
    expect((await admin.ask('DELETE /providers/mute')).status).toBe(200);
    expect((await admin.ask('DELETE /providers/mute')).status).toBe(404);
  });
});

describe('aliases', () => {
  it('may have a slash in the name', async () => {
    const resources = [{ provider: 'openai', model: 'gpt-5.5' }];
    const { status, body } = await admin.ask('PUT /aliases/team%2Ffast', { resources });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'team/fast',
      resources: [{ provider: 'openai', model: 'gpt-5.5', weight: 1, priority: 0 }],
    });
    expect((await admin.ask('GET /aliases/team%2Ffast')).body).toEqual(body);
    expect((await admin.ask('GET /aliases')).body.items).toEqual([body]);
    expect((await admin.ask('DELETE /aliases/team%2Ffast')).body).toEqual({ name: 'team/fast' });
  });

  it('need a provider that exists', async () => {
    const resources = [{ provider: 'ghost', model: 'x' }];
    expect((await admin.ask('PUT /aliases/x', { resources })).body.code).toBe('notFound');
  });
});

describe('a request', () => {
  it.each([
    ['POST /users', { name: 'x', tenant: 'other' }, 'tenant'],
    ['POST /users', { name: 'x', role: 'emperor' }, 'role'],
    ['POST /users', { name: 7 }, 'name'],
    ['POST /keys', { user: 'mallory', keyId: 'k' }, 'keyId'],
    ['PUT /providers/openai', { origin: 'environment' }, 'origin'],
    ['PUT /aliases/a', { resources: [{ provider: 'openai', model: 'm', weight: 0 }] }, 'resources[0].weight'],
    [
      'PUT /aliases/a',
      { resources: [{ provider: 'openai', model: 'm', region: 'eu' }] },
      'resources[0].region',
    ],
    ['GET /users?limit=0', undefined, 'limit'],
    ['GET /users?page=2', undefined, 'page'],
  ])('%s with %j is refused and names the field', async (route, body, field) => {
    const { status, body: problem } = await admin.ask(route, body);
    expect([status, problem.code, problem.field]).toEqual([400, 'invalid', field]);
  });

  it.each(['{', '[]', '"text"', 'null', '{"name":"x","__proto__":{"role":"root"}}'])(
    'whose body is %s is refused',
    async (body) => {
      const { status, body: problem } = await admin.ask('POST /users', body);
      expect([status, problem.code]).toEqual([400, 'invalid']);
    },
  );

  it('with a body over the bound is refused', async () => {
    const { status, body } = await admin.ask('POST /users', { name: 'x'.repeat(1024 * 1024) });
    expect([status, body.code]).toEqual([413, 'tooLarge']);
  });

  it('for what does not exist is not found', async () => {
    const { status, body } = await admin.ask('GET /everything');
    expect([status, body.code]).toEqual([404, 'notFound']);
  });
});

it('asks whoever counts guesses before it looks at a key', async () => {
  const asked: (readonly [string, string])[] = [];
  await using fresh = await openAdmin((ports) => ports, {
    judgeKey: (address, key, ask) => {
      asked.push([address, key]);
      return ask();
    },
  });
  await fresh.ask('GET /users', undefined, { 'x-api-key': 'ais_guess', 'x-test-address': '192.0.2.66' });
  expect(asked).toEqual([['192.0.2.66', 'ais_guess']]);
});

it('what the document does not name is not answered, whatever a service says', async () => {
  await using fresh = await openAdmin((ports) => ({
    ...ports,
    organisation: {
      ...ports.organisation,
      getUser: async (request) => {
        const answer = await ports.organisation.getUser(request);
        return { user: answer.user && { ...answer.user, passwordHash: CANARY } };
      },
    },
  }));
  const { body, text } = await fresh.ask('GET /users/root');
  expect(text).not.toContain(CANARY);
  expect(body).not.toHaveProperty('tenant');
  expect(body).toMatchObject({ name: 'root', role: 'root' });
});

describe('the audit trail', () => {
  it('has every change that was made, and by whom', async () => {
    await using fresh = await openAdmin();
    await fresh.ask('POST /users', { name: 'alice' });
    const { keyId } = (await fresh.ask('POST /keys', { user: 'alice' })).body;
    await fresh.ask(`DELETE /keys/${keyId}`);
    await fresh.ask('PUT /providers/gpu', {
      kind: 'custom',
      baseUrl: 'http://127.0.0.1:9/v1',
      models: ['m'],
    });
    await fresh.ask('PUT /aliases/a', { resources: [{ provider: 'gpu', model: 'm' }] });
    await fresh.ask('DELETE /aliases/a');
    await fresh.ask('DELETE /providers/gpu');
    await fresh.ask('PATCH /quotas/alice', { input: 1 });
    await fresh.ask('DELETE /users/alice');
    await fresh.ask('POST /users', { name: 'refused', role: 'root' });
    expect([...(await fresh.actions())].sort()).toEqual([
      'alias.put',
      'alias.remove',
      'bucket.put',
      'key.create',
      'key.revoke',
      'provider.put',
      'provider.remove',
      'user.create',
      'user.remove',
    ]);
    const { items } = (await fresh.ask('GET /audit-events')).body;
    const { userId } = (await fresh.ask('GET /users/root')).body;
    for (const event of items) expect(event).toMatchObject({ actor: userId, requestId: expect.any(String) });
  });
});

describe('the access log', () => {
  it('is read by user', async () => {
    expect((await admin.ask('GET /access-log?user=mallory')).body).toEqual({ items: [] });
    expect((await admin.ask('GET /access-log?user=nobody')).status).toBe(404);
  });
});
