import { randomBytes } from 'node:crypto';
import { Alias, type Router } from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { databases, type FreshDatabase } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenRouter, openRouter, type RouterOptions } from '../src/index.ts';
import { migrations, type RouterSchema } from '../src/schema.ts';
import { CANARY, logged, newTenant, provider, resource, START_MS } from './fixtures.ts';

describe.each(databases)('routers that share a database, on $name', (database) => {
  let fresh: FreshDatabase;
  beforeAll(async () => {
    fresh = await database.create();
  });
  afterAll(() => fresh.drop());

  async function withRouters(
    options: readonly Partial<RouterOptions>[],
    work: (routers: readonly Router[]) => Promise<void>,
  ): Promise<void> {
    const opened: OpenRouter[] = [];
    const masterKey = randomBytes(32);
    try {
      for (const each of options)
        opened.push(await openRouter({ databaseUrl: fresh.url, masterKey, ...each }));
      await work(opened.map(({ router }) => router));
    } finally {
      for (const each of opened) await each.close();
    }
  }

  test('a change of another replica arrives within 5 seconds', async () => {
    let nowMs = START_MS;
    const clock = { nowMs: () => nowMs };
    await withRouters([{ clock }, { clock }], async ([one, other]) => {
      if (one === undefined || other === undefined) throw new Error('two routers are needed');
      const tenant = newTenant();
      await one.putProvider({ provider: provider({ tenant, models: ['m'] }), credential: 'first' });
      expect((await other.route({ tenant, alias: 'm', affinityKey: '' })).targets[0]?.credential).toBe(
        'first',
      );
      await one.putProvider({ provider: provider({ tenant, models: ['m'] }), credential: 'second' });
      expect((await one.route({ tenant, alias: 'm', affinityKey: '' })).targets[0]?.credential).toBe(
        'second',
      );
      nowMs += 5_000;
      expect((await other.route({ tenant, alias: 'm', affinityKey: '' })).targets[0]?.credential).toBe(
        'second',
      );
      await one.removeProvider({ tenant, name: 'openai' });
      await expect(one.route({ tenant, alias: 'm', affinityKey: '' })).rejects.toMatchObject({
        code: 'notFound',
      });
      nowMs += 5_000;
      await expect(other.route({ tenant, alias: 'm', affinityKey: '' })).rejects.toMatchObject({
        code: 'notFound',
      });
    });
  });

  test('concurrent changes are all kept, with one data key', async () => {
    // One process writes an SQLite file; PostgreSQL is what replicas share.
    const replicas = database.name === 'sqlite' ? [{}] : [{}, {}];
    await withRouters(replicas, async (routers) => {
      const tenant = newTenant();
      const puts = Array.from({ length: 20 }, async (_, index) => {
        const request = provider({ tenant, name: `p${index}`, models: [`m${index}`] });
        await routers[index % routers.length]?.putProvider({ provider: request, credential: `sk-${index}` });
      });
      await Promise.all(puts);
      for (let index = 0; index < 20; index += 1) {
        const routed = await routers[0]?.route({ tenant, alias: `m${index}`, affinityKey: '' });
        expect(routed?.targets[0]?.credential).toBe(`sk-${index}`);
      }
    });
  });

  test('a credential that was moved to another row makes that provider unavailable, and others answer', async () => {
    const log = logged();
    let nowMs = START_MS;
    await withRouters([{ clock: { nowMs: () => nowMs }, logger: log.logger }], async ([router]) => {
      if (router === undefined) throw new Error('a router is needed');
      const tenant = newTenant();
      for (const name of ['whole', 'moved']) {
        await router.putProvider({
          provider: provider({ tenant, name, models: [name] }),
          credential: CANARY,
        });
      }
      const both = Alias.create({ tenant, name: 'both', resources: [resource('whole'), resource('moved')] });
      await router.putAlias({ alias: both });
      await moveCredential(fresh.url, tenant, 'whole', 'moved');
      nowMs += 5_000;
      const unavailable = await router
        .route({ tenant, alias: 'moved', affinityKey: '' })
        .catch((error: unknown) => error);
      expect(unavailable).toMatchObject({ code: 'unavailable' });
      expect(
        (await router.route({ tenant, alias: 'both', affinityKey: '' })).targets.map(
          (target) => target.provider,
        ),
      ).toEqual(['whole']);
      expect((await router.listModels({ tenant })).models).toHaveLength(3);
      expect(log.lines.filter((line) => line.includes('does not open'))).toHaveLength(1);
      expect(log.lines.join('')).toContain('"provider":"moved"');
      expect(log.lines.join('') + String(unavailable)).not.toContain(CANARY);
      // Putting the credential again mends it.
      await router.putProvider({
        provider: provider({ tenant, name: 'moved', models: ['moved'] }),
        credential: CANARY,
      });
      expect((await router.route({ tenant, alias: 'moved', affinityKey: '' })).targets).toHaveLength(1);
    });
  });

  test('another master key opens nothing, says so, and seals nothing', async () => {
    const tenant = newTenant();
    const request = { provider: provider({ tenant, models: ['m'] }), credential: CANARY };
    await withRouters([{}], async ([router]) => {
      await router?.putProvider(request);
    });
    const log = logged();
    await withRouters([{ logger: log.logger }], async ([router]) => {
      await expect(router?.route({ tenant, alias: 'm', affinityKey: '' })).rejects.toMatchObject({
        code: 'unavailable',
      });
      await expect(router?.putProvider(request)).rejects.toMatchObject({ code: 'unavailable' });
      expect(log.lines.join('')).toMatch(/sealed with the master key [0-9a-f]{12}, and this process has/);
    });
  });

  test('what is stored is sealed', async () => {
    const tenant = newTenant();
    await withRouters([{}], async ([router]) => {
      await router?.putProvider({ provider: provider({ tenant }), credential: CANARY });
    });
    const stored = await openDatabase<RouterSchema>({ url: fresh.url, schema: 'router', migrations });
    const rows = await stored.kysely
      .selectFrom('providers')
      .selectAll()
      .where('tenant', '=', tenant)
      .execute();
    await stored.close();
    expect(rows[0]?.credential).toMatch(/^v1\.[0-9a-f]{12}\.1\.[\w-]+\.[\w-]+\.[\w-]+$/);
  });
});

async function moveCredential(url: string, tenant: string, from: string, to: string): Promise<void> {
  const stored = await openDatabase<RouterSchema>({ url, schema: 'router', migrations });
  const row = await stored.kysely
    .selectFrom('providers')
    .select('credential')
    .where('tenant', '=', tenant)
    .where('name', '=', from)
    .executeTakeFirstOrThrow();
  await stored.kysely
    .updateTable('providers')
    .set({ credential: row.credential })
    .where('tenant', '=', tenant)
    .where('name', '=', to)
    .execute();
  await stored.kysely
    .updateTable('revisions')
    .set(({ eb }) => ({ revision: eb('revision', '+', 1n) }))
    .where('tenant', '=', tenant)
    .execute();
  await stored.close();
}
