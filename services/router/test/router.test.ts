import { randomBytes } from 'node:crypto';
import {
  Alias,
  type Provider,
  type PutProviderRequest,
  type Resource,
  type Router,
  RouterDefinition,
  type Target,
} from '@ai-switch/contracts';
import { databases, type FreshDatabase, LOOPBACK_NETWORKS, transports } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenRouter, openRouter } from '../src/index.ts';
import { CANARY, logged, newTenant, placesOf, provider, resource, START_MS } from './fixtures.ts';
import { seeded } from './random.ts';

const cases = databases.flatMap((database) => transports.map((transport) => ({ database, transport })));

describe.each(cases)('the router on $database.name, $transport.name', ({ database, transport }) => {
  const masterKey = randomBytes(32);
  const log = logged();
  const clock = { nowMs: () => START_MS };
  let fresh: FreshDatabase;
  let opened: OpenRouter;
  let router: Router;
  let disconnect: () => Promise<void>;

  beforeAll(async () => {
    fresh = await database.create();
    opened = await openRouter({
      databaseUrl: fresh.url,
      masterKey,
      upstreamNetworks: LOOPBACK_NETWORKS,
      clock,
      random: seeded(1),
      logger: log.logger,
    });
    const connected = await transport.open(RouterDefinition, opened.router);
    router = connected.port;
    disconnect = connected.close;
  });
  afterAll(async () => {
    await disconnect();
    await opened.close();
    await fresh.drop();
  });

  async function put(
    tenant: string,
    fields: Partial<Provider>,
    credential?: string,
  ): Promise<Provider | undefined> {
    const request: PutProviderRequest = { provider: provider({ tenant, ...fields }), credential };
    return (await router.putProvider(request)).provider;
  }

  async function putAlias(tenant: string, name: string, resources: Resource[]): Promise<void> {
    await router.putAlias({ alias: Alias.create({ tenant, name, resources }) });
  }

  async function route(tenant: string, alias: string, affinityKey = ''): Promise<Target[]> {
    return (await router.route({ tenant, alias, affinityKey })).targets;
  }

  async function modelNames(tenant: string): Promise<string[]> {
    return (await router.listModels({ tenant })).models.map(({ name }) => name);
  }

  test('a target has all that a call needs', async () => {
    const tenant = newTenant();
    await put(tenant, { models: ['gpt-5.5'] }, CANARY);
    expect(await route(tenant, 'gpt-5.5')).toEqual([
      {
        provider: 'openai',
        kind: 'openai',
        dialect: 'openai-chat',
        baseUrl: 'https://api.openai.com/v1',
        model: 'gpt-5.5',
        credential: CANARY,
      },
    ]);
  });

  test('a name is an alias first, then a served model, then provider and model', async () => {
    const tenant = newTenant();
    await put(tenant, { name: 'one', models: ['shared', 'a/b', 'two/x'] });
    await put(tenant, { name: 'two', models: ['shared'] });
    await putAlias(tenant, 'shared-by-alias', [resource('two', { model: 'y' })]);
    expect(placesOf(await route(tenant, 'shared-by-alias'))).toEqual(['two/y']);
    expect(placesOf(await route(tenant, 'shared')).toSorted()).toEqual(['one/shared', 'two/shared']);
    expect(placesOf(await route(tenant, 'a/b'))).toEqual(['one/a/b']);
    expect(placesOf(await route(tenant, 'two/x'))).toEqual(['one/two/x']);
    expect(placesOf(await route(tenant, 'two/Qwen/Qwen3-8B'))).toEqual(['two/Qwen/Qwen3-8B']);
    await putAlias(tenant, 'shared', [resource('two', { model: 'z' })]);
    expect(placesOf(await route(tenant, 'shared'))).toEqual(['two/z']);
    await router.removeAlias({ tenant, name: 'shared' });
    expect(await route(tenant, 'shared')).toHaveLength(2);
  });

  test.each(['unknown', 'nobody/m', 'one/', '/m', 'one', 'one/a b', '', 'x'.repeat(10_000), '__proto__'])(
    'an unknown name (%s) is not found',
    async (alias) => {
      const tenant = newTenant();
      await put(tenant, { name: 'one', models: ['m'] });
      await expect(route(tenant, alias)).rejects.toMatchObject({ code: 'notFound' });
    },
  );

  test('resources are tried by priority, and within one by weight', async () => {
    const tenant = newTenant();
    for (const name of ['a', 'b', 'c']) await put(tenant, { name });
    await putAlias(tenant, 'fast', [
      resource('c', { priority: 5 }),
      resource('a', { weight: 900 }),
      resource('b', { weight: 100 }),
    ]);
    let firstA = 0;
    for (let draw = 0; draw < 300; draw += 1) {
      const order = placesOf(await route(tenant, 'fast'));
      expect(order[2]).toBe('c/m');
      if (order[0] === 'a/m') firstA += 1;
    }
    expect(firstA).toBeGreaterThan(240);
    expect(firstA).toBeLessThan(300);
  });

  test('at most 8 targets come back', async () => {
    const tenant = newTenant();
    await put(tenant, {});
    const resources = Array.from({ length: 32 }, (_, index) => resource('openai', { model: `m${index}` }));
    await putAlias(tenant, 'many', resources);
    expect(await route(tenant, 'many')).toHaveLength(8);
  });

  test('what a caller does with a target changes nothing', async () => {
    const tenant = newTenant();
    await put(tenant, { models: ['m'] }, CANARY);
    for (const target of await route(tenant, 'm')) target.credential = 'changed';
    for (const model of (await router.listModels({ tenant })).models) model.name = 'changed';
    expect((await route(tenant, 'm'))[0]?.credential).toBe(CANARY);
    expect(await modelNames(tenant)).toEqual(['m']);
  });

  test('a put without a credential keeps the one that is stored, an empty one takes it away', async () => {
    const tenant = newTenant();
    expect(await put(tenant, { models: ['m'] }, CANARY)).toMatchObject({ hasCredential: true });
    expect(await put(tenant, { models: ['m', 'n'] })).toMatchObject({ hasCredential: true });
    expect((await route(tenant, 'n'))[0]?.credential).toBe(CANARY);
    expect(await put(tenant, { models: ['m'] }, '')).toMatchObject({ hasCredential: false });
    expect((await route(tenant, 'm'))[0]?.credential).toBe('');
    expect(await put(tenant, { models: ['m'], hasCredential: true })).toMatchObject({ hasCredential: false });
  });

  test('a stored credential does not follow its provider to another host', async () => {
    const tenant = newTenant();
    await put(tenant, { models: ['m'] }, CANARY);
    const elsewhere = { models: ['m'], baseUrl: 'https://elsewhere.example/v1' };
    const moved = put(tenant, elsewhere);
    await expect(moved).rejects.toMatchObject({ code: 'invalid', details: { field: 'credential' } });
    expect((await route(tenant, 'm'))[0]?.baseUrl).not.toContain('elsewhere');
    await put(tenant, elsewhere, 'another');
    expect((await route(tenant, 'm'))[0]?.credential).toBe('another');
  });

  test('no reply but a route, no fault and no log line holds a credential', async () => {
    const tenant = newTenant();
    const replies: unknown[] = [await put(tenant, { models: ['m'] }, CANARY)];
    await putAlias(tenant, 'fast', [resource('openai')]);
    replies.push(
      await router.listProviders({ tenant, page: undefined }),
      await router.listAliases({ tenant, page: undefined }),
      await router.listModels({ tenant }),
    );
    const faulty = [`${CANARY}\n`, ` ${CANARY}`, `${CANARY}\u00e9`, CANARY.repeat(1_000)];
    for (const credential of faulty) {
      const fault = await put(tenant, {}, credential).catch((error: unknown) => error);
      expect(fault).toMatchObject({ code: 'invalid', details: { field: 'credential' } });
      replies.push(String(fault), JSON.stringify(fault), (fault as Error).stack);
    }
    replies.push(await put(tenant, { kind: 'nobody' }, CANARY).catch((error: unknown) => String(error)));
    replies.push(await route(tenant, CANARY.slice(3)).catch(() => 'not found'));
    const text = JSON.stringify(replies, (_key, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(text).not.toContain('canary-credential');
    expect(log.lines.join('')).not.toContain('canary-credential');
  });

  test('clients see aliases and served models, sorted and once each', async () => {
    const tenant = newTenant();
    await put(tenant, { name: 'b', models: ['z', 'shared', 'A'] });
    await put(tenant, { name: 'a', models: ['shared', 'shared'] });
    await putAlias(tenant, 'z', [resource('b', { priority: 1 }), resource('a')]);
    expect((await router.listModels({ tenant })).models).toEqual([
      { name: 'A', provider: 'b', updatedAtMs: BigInt(START_MS) },
      { name: 'shared', provider: 'a', updatedAtMs: BigInt(START_MS) },
      { name: 'z', provider: 'a', updatedAtMs: BigInt(START_MS) },
    ]);
    expect(await modelNames(newTenant())).toEqual([]);
  });

  test('removing a provider takes its resources along, and the aliases that are left empty', async () => {
    const tenant = newTenant();
    await put(tenant, { name: 'one', models: ['m1'] }, CANARY);
    await put(tenant, { name: 'two' });
    await putAlias(tenant, 'both', [resource('one'), resource('two')]);
    await putAlias(tenant, 'alone', [resource('one'), resource('one', { model: 'n' })]);
    await router.removeProvider({ tenant, name: 'one' });
    await router.removeProvider({ tenant, name: 'one' });
    const { aliases } = await router.listAliases({ tenant, page: undefined });
    expect(aliases.map(({ name }) => name)).toEqual(['both']);
    expect(aliases[0]?.resources).toEqual([resource('two')]);
    expect(await modelNames(tenant)).toEqual(['both']);
    await expect(route(tenant, 'one/m1')).rejects.toMatchObject({ code: 'notFound' });
    // One that comes back under the same name has no credential of the old one.
    expect(await put(tenant, { name: 'one' })).toMatchObject({ hasCredential: false });
  });

  test('removing what is gone succeeds', async () => {
    const tenant = newTenant();
    await router.removeProvider({ tenant, name: 'nobody' });
    await router.removeAlias({ tenant, name: 'nothing' });
  });

  test('tenants never see each other', async () => {
    const [one, other] = [newTenant(), newTenant()];
    await put(one, { models: ['m'] }, CANARY);
    await putAlias(one, 'fast', [resource('openai')]);
    for (const alias of ['m', 'fast', 'openai/m']) {
      await expect(route(other, alias)).rejects.toMatchObject({ code: 'notFound' });
    }
    expect(await modelNames(other)).toEqual([]);
    expect((await router.listProviders({ tenant: other, page: undefined })).providers).toEqual([]);
    expect((await router.listAliases({ tenant: other, page: undefined })).aliases).toEqual([]);
    await expect(putAlias(other, 'fast', [resource('openai')])).rejects.toMatchObject({ code: 'notFound' });
    await router.removeProvider({ tenant: other, name: 'openai' });
    await router.removeAlias({ tenant: other, name: 'fast' });
    expect(await route(one, 'fast')).toHaveLength(1);
  });

  test('lists are paged by name', async () => {
    const tenant = newTenant();
    for (let index = 10; index < 15; index += 1) {
      await put(tenant, { name: `p${index}` });
      await putAlias(tenant, `a${index}`, [resource('p10')]);
    }
    const names: string[] = [];
    for (let after = '', pages = 0; pages === 0 || after !== ''; pages += 1) {
      const providers = await router.listProviders({ tenant, page: { after, limit: 2 } });
      const aliases = await router.listAliases({
        tenant,
        page: { after: after.replace('p', 'a'), limit: 2 },
      });
      names.push(...providers.providers.map(({ name }) => name), ...aliases.aliases.map(({ name }) => name));
      after = providers.nextAfter;
      expect(aliases.nextAfter).toBe(after.replace('p', 'a'));
    }
    expect(names).toEqual(['p10', 'p11', 'a10', 'a11', 'p12', 'p13', 'a12', 'a13', 'p14', 'a14']);
    await expect(router.listAliases({ tenant, page: { after: '', limit: 1_001 } })).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  test.each([
    ['https://api.x.ai/v1/', 'https://api.x.ai/v1'],
    ['HTTPS://API.X.AI/v1//', 'https://api.x.ai/v1'],
    ['http://127.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['http://[::1]:8000/v1', 'http://[::1]:8000/v1'],
  ])('the base URL %s is kept as %s', async (baseUrl, kept) => {
    expect(await put(newTenant(), { kind: 'custom', baseUrl })).toMatchObject({
      baseUrl: kept,
      origin: 'admin',
    });
  });

  test.each(['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'])(
    'a provider may speak %s',
    async (dialect) => {
      expect(await put(newTenant(), { kind: 'custom', dialect })).toMatchObject({ dialect });
    },
  );

  test('what somebody sets of a model’s capabilities goes over what is set of its provider’s', async () => {
    const tenant = newTenant();
    const capabilities = { images: false, tools: false, temperatureMax: 1.5 };
    const modelCapabilities = { seeing: { images: true, outputTokensMax: 8_192 }, empty: {} };
    const shown = await put(tenant, { models: ['seeing', 'blind'], capabilities, modelCapabilities });
    expect(shown).toMatchObject({ capabilities, modelCapabilities: { seeing: modelCapabilities.seeing } });
    expect(Object.keys(shown?.modelCapabilities ?? {})).toEqual(['seeing']);
    expect((await route(tenant, 'blind'))[0]?.capabilities).toEqual(capabilities);
    expect((await route(tenant, 'openai/seeing'))[0]?.capabilities).toEqual({
      images: true,
      tools: false,
      temperatureMax: 1.5,
      outputTokensMax: 8_192,
    });
    await put(tenant, { models: ['blind'] });
    expect((await route(tenant, 'blind'))[0]?.capabilities).toBeUndefined();
  });

  test('case 97: a conversation stays with one of the accounts behind a name as long as it is there', async () => {
    const tenant = newTenant();
    for (const name of ['a', 'b', 'c']) await put(tenant, { name, models: ['m'] });
    const before = new Map<string, string[]>();
    for (let index = 0; index < 60; index += 1) {
      const order = placesOf(await route(tenant, 'm', `key${index}`));
      expect(placesOf(await route(tenant, 'm', `key${index}`))).toEqual(order);
      before.set(`key${index}`, order);
    }
    expect(new Set([...before.values()].map(([first]) => first)).size).toBe(3);
    await router.removeProvider({ tenant, name: 'b' });
    for (const [key, order] of before) {
      expect(placesOf(await route(tenant, 'm', key))).toEqual(order.filter((place) => place !== 'b/m'));
    }
    await expect(route(tenant, 'm', 'k'.repeat(513))).rejects.toMatchObject({ code: 'invalid' });
  });

  test('what is wrong with a provider or an alias is told with its field', async () => {
    const tenant = newTenant();
    const baseUrl = `https://me:${CANARY}@api.openai.com/v1`;
    const fault = await put(tenant, { baseUrl }).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'invalid', details: { field: 'baseUrl' } });
    expect(String(fault)).not.toContain(CANARY);
    await put(tenant, {});
    await expect(putAlias(tenant, 'a b', [resource('openai')])).rejects.toMatchObject({
      code: 'invalid',
      details: { field: 'alias.name' },
    });
  });

  test('an empty request is refused', async () => {
    await expect(router.putProvider({ provider: undefined, credential: CANARY })).rejects.toMatchObject({
      code: 'invalid',
    });
    await expect(router.putAlias({ alias: undefined })).rejects.toMatchObject({ code: 'invalid' });
    await expect(route('', 'm')).rejects.toMatchObject({ code: 'invalid' });
  });

  test('an alias of an unknown provider is refused and names it', async () => {
    const tenant = newTenant();
    await put(tenant, {});
    await expect(putAlias(tenant, 'fast', [resource('openai'), resource('ghost')])).rejects.toMatchObject({
      code: 'notFound',
      details: { provider: 'ghost' },
    });
    expect(await modelNames(tenant)).toEqual([]);
  });

  test('there is room for 64 providers, and each of them can be put again', async () => {
    const tenant = newTenant();
    for (let index = 0; index < 64; index += 1) await put(tenant, { name: `p${index}` });
    await expect(put(tenant, { name: 'one-more' })).rejects.toMatchObject({ code: 'tooLarge' });
    await put(tenant, { name: 'p0', models: ['m'] });
    expect(await modelNames(tenant)).toEqual(['m']);
  });
});
