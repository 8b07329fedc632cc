import { randomBytes } from 'node:crypto';
import { openAuditLog } from '@ai-switch/audit-consumer';
import { Alias, ListEventsRequest, type Provider } from '@ai-switch/contracts';
import { inboxSink, type Outbox } from '@ai-switch/event-log';
import { openRouter } from '@ai-switch/router';
import { createLogger } from '@ai-switch/telemetry';
import { LOOPBACK_NETWORKS, type Script, ScriptedProvider } from '@ai-switch/testkit';
import { DialGuard, type ProviderKind } from '@ai-switch/upstream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FoundProviders, findProviders } from '../src/providers-found.ts';

const TENANT = 'default';
const MEMORY = 'sqlite::memory:';
const logger = createLogger({ service: 'standalone', level: 'silent' });
const page = { after: '', limit: 100 };

let server: ScriptedProvider;
let audit: Awaited<ReturnType<typeof openAuditLog>>;
let router: Awaited<ReturnType<typeof openRouter>>;
let outbox: Outbox;
let found: FoundProviders | undefined;

beforeEach(async () => {
  server = await ScriptedProvider.open();
  audit = await openAuditLog({ databaseUrl: MEMORY, logger });
  router = await openRouter({
    databaseUrl: MEMORY,
    masterKey: randomBytes(32),
    upstreamNetworks: LOOPBACK_NETWORKS,
    logger,
  });
  outbox = router.sendEvents(inboxSink(audit.auditLog));
});

afterEach(async () => {
  await found?.close();
  await outbox.close(1_000);
  await Promise.all([server.close(), router.close(), audit.close()]);
});

/** One start: what was found by an earlier one is let go of first. */
async function start(
  kinds: readonly ProviderKind[],
  keys: Readonly<Record<string, string>> = {},
  networks = LOOPBACK_NETWORKS,
) {
  await found?.close();
  found = await findProviders({
    ports: { router: router.router },
    tenant: TENANT,
    keys: new Map(Object.entries(keys)),
    isDiscovering: true,
    kinds,
    guard: new DialGuard(networks),
    logger,
  });
  await found.settled();
  const { providers } = await router.router.listProviders({ tenant: TENANT, page });
  return providers.map(({ name, origin, models }: Provider) => ({ name, origin, models }));
}

function kind(differing: Partial<ProviderKind>): ProviderKind {
  return {
    kind: 'vllm',
    title: 'A test',
    dialect: 'openai-chat',
    baseUrl: server.baseUrl,
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: [],
    documentation: '',
    ...differing,
  };
}

const local = () => kind({ localPort: 1 });
const hosted = () => kind({ kind: 'openai', environmentKey: 'KEY', fallbackModels: ['known'] });
const lists = (...ids: string[]): Script => ({ body: JSON.stringify({ data: ids.map((id) => ({ id })) }) });
const demo = { name: 'demo', origin: 'environment', models: ['demo'] };

describe('a server on a usual port of this machine', () => {
  it('with a list of models is a provider', async () => {
    server.script(lists('qwen3'));
    expect(await start([local()])).toEqual([{ name: 'vllm', origin: 'environment', models: ['qwen3'] }]);
  });

  it.each<[string, Script]>([
    ['another program', { body: '<html>', contentType: 'text/html' }],
    ['something else in JSON', { body: '{"data":"none"}' }],
    ['an empty list', lists()],
    ['a demand for a key', { status: 401 }],
    ['silence', { hang: 'beforeHeaders' }],
  ])('that answers with %s is none, and the demo answers', async (_what, script) => {
    server.script(script);
    const startMs = performance.now();
    expect(await start([local()])).toEqual([demo]);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  it('that is gone goes, unless an alias counts on it', async () => {
    server.script(lists('qwen3'));
    await start([local()]);
    const resources = [{ provider: 'vllm', model: 'qwen3', weight: 1, priority: 0 }];
    await router.router.putAlias({ alias: Alias.create({ tenant: TENANT, name: 'fast', resources }) });
    server.otherwise = { isRefusing: true };
    expect(await start([local()])).toMatchObject([{ name: 'vllm' }]);
    await router.router.removeAlias({ tenant: TENANT, name: 'fast' });
    expect(await start([local()])).toEqual([demo]);
  });
});

describe('a standalone that may not call its own machine', () => {
  it('looks for no server there, and has no demo', async () => {
    await start([local()]);
    server.otherwise = lists('qwen3');
    server.requests.length = 0;
    expect(await start([local()], {}, [])).toEqual([]);
    expect(server.requests).toEqual([]);
  });
});

describe('a key in the environment', () => {
  it('is a provider with the models that it lists', async () => {
    server.script(lists('big', 'small'));
    expect(await start([hosted()], { openai: 'sk-1' })).toEqual([
      { name: 'openai', origin: 'environment', models: ['big', 'small'] },
    ]);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer sk-1');
  });

  it('whose provider does not answer keeps the models that are known', async () => {
    server.otherwise = { status: 500 };
    expect(await start([hosted()], { openai: 'sk-1' })).toMatchObject([{ models: ['known'] }]);
    server.otherwise = lists('big');
    expect(await start([hosted()], { openai: 'sk-1' })).toMatchObject([{ models: ['big'] }]);
    server.otherwise = { status: 500 };
    expect(await start([hosted()], { openai: 'sk-1' })).toMatchObject([{ models: ['big'] }]);
  });

  it('of a provider whose address only its admin knows is left to the admin', async () => {
    const cloud = kind({
      kind: 'azure-openai',
      environmentKey: 'KEY',
      baseUrl: 'https://{resource}.example/v1',
    });
    expect(await start([cloud], { 'azure-openai': 'sk-1' })).toEqual([demo]);
  });

  it('that changed is the one that is used', async () => {
    server.otherwise = lists('big');
    await start([hosted()], { openai: 'sk-1' });
    await start([hosted()], { openai: 'sk-2' });
    const { targets } = await router.router.route({ tenant: TENANT, alias: 'big', affinityKey: '' });
    expect(targets).toMatchObject([{ provider: 'openai', credential: 'sk-2' }]);
  });

  it('that is gone takes its provider with it', async () => {
    server.otherwise = lists('big');
    await start([hosted()], { openai: 'sk-1' });
    expect(await start([hosted()])).toEqual([demo]);
  });

  it('is in the audit trail once, without the key', async () => {
    server.otherwise = lists('big');
    await start([hosted()], { openai: 'sk-canary' });
    await start([hosted()], { openai: 'sk-canary' });
    await outbox.drained();
    const { events } = await audit.auditLog.listEvents(
      ListEventsRequest.create({ scope: { tenant: TENANT, isWholeCompany: true }, page }),
    );
    expect(events.map(({ action, subject, actor }) => [action, subject, actor])).toEqual([
      ['provider.put', 'openai', 'system'],
    ]);
    expect(JSON.stringify(events[0]?.details)).not.toContain('canary');
  });
});
