import { randomBytes } from 'node:crypto';
import type { Router } from '@ai-switch/contracts';
import { type Database, openDatabase } from '@ai-switch/db';
import { databases, type FreshDatabase, lookInto } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenRouter, openRouter, type RouterOptions } from '../src/index.ts';
import { migrations, type RouterSchema } from '../src/schema.ts';
import { CANARY, logged, newTenant, provider, START_MS } from './fixtures.ts';

describe.each(databases)('keys that are rotated, on $name', (database) => {
  let fresh: FreshDatabase;
  const opened: OpenRouter[] = [];
  beforeAll(async () => {
    fresh = await database.create();
  });
  afterAll(async () => {
    await closeAll();
    await fresh.drop();
  });

  async function closeAll(): Promise<void> {
    for (const each of opened.splice(0)) await each.close();
  }

  /** A router that reads its rows anew each time. */
  async function open(options: Partial<RouterOptions> & Pick<RouterOptions, 'masterKey'>): Promise<Router> {
    let nowMs = START_MS;
    const clock = {
      nowMs: () => {
        nowMs += 60_000;
        return nowMs;
      },
    };
    const made = await openRouter({ databaseUrl: fresh.url, clock, ...options });
    opened.push(made);
    return made.router;
  }

  const put = (router: Router, tenant: string, name: string, credential: string | undefined) =>
    router.putProvider({ provider: provider({ tenant, name, models: [`m-${name}`] }), credential });
  const credentialOf = async (router: Router, tenant: string, name: string) =>
    (await router.route({ tenant, alias: `m-${name}`, affinityKey: '' })).targets[0]?.credential;
  const rewrapAll = async (router: Router) => {
    let calls = 0;
    for (let left = 1n; left > 0n; calls += 1) {
      left = (await router.rewrapDataKeys({ companiesMax: 3 })).left;
    }
    return calls;
  };
  const rowsOf = (tenant: string) =>
    lookInto({ url: fresh.url, schema: 'router', migrations }, async ({ kysely }: Database<RouterSchema>) => {
      const found = await kysely.selectFrom('providers').selectAll().where('tenant', '=', tenant).execute();
      const keys = await kysely.selectFrom('data_keys').selectAll().where('tenant', '=', tenant).execute();
      return { credentials: found.map(({ credential }) => credential), keys };
    });

  test('a new data key seals every credential again, and the old one goes', async () => {
    const router = await open({ masterKey: randomBytes(32) });
    const tenant = newTenant();
    const names = Array.from({ length: 40 }, (_, index) => `p${index}`);
    for (const name of names) await put(router, tenant, name, `${CANARY}-${name}`);
    await put(router, tenant, 'open', '');
    const before = await rowsOf(tenant);
    expect(await router.rotateDataKey({ tenant })).toEqual({ version: 2n, resealed: 40n, unopened: 0n });
    const after = await rowsOf(tenant);
    expect(after.keys.map(({ version }) => version)).toEqual([2n]);
    for (const sealed of after.credentials.filter((each) => each !== '')) {
      expect(sealed.split('.')[2]).toBe('2');
      expect(before.credentials).not.toContain(sealed);
    }
    for (const name of names) expect(await credentialOf(router, tenant, name)).toBe(`${CANARY}-${name}`);
    const status = await router.getSealingStatus({ tenant });
    expect(status.dataKeys).toEqual([
      { version: 2n, masterKeyId: status.masterKeys[0]?.masterKeyId, credentials: 40n },
    ]);
    expect(status.credentialsLeft).toBe(0n);
    expect(await router.rotateDataKey({ tenant: newTenant() })).toMatchObject({ version: 1n, resealed: 0n });
    await closeAll();
  });

  test('a credential that does not open stays with its key, and all others are rotated', async () => {
    const log = logged();
    const router = await open({ masterKey: randomBytes(32), logger: log.logger });
    const tenant = newTenant();
    for (const name of ['a', 'b', 'c']) await put(router, tenant, name, `${CANARY}-${name}`);
    const rows = await openDatabase<RouterSchema>({ url: fresh.url, schema: 'router', migrations });
    const [row] = await rows.kysely
      .selectFrom('providers')
      .select('credential')
      .where('tenant', '=', tenant)
      .where('name', '=', 'a')
      .execute();
    const moved = row?.credential ?? '';
    await rows.kysely
      .updateTable('providers')
      .set({ credential: moved })
      .where('tenant', '=', tenant)
      .where('name', '=', 'b')
      .execute();
    await rows.close();
    expect(await router.rotateDataKey({ tenant })).toEqual({ version: 2n, resealed: 2n, unopened: 1n });
    expect((await rowsOf(tenant)).keys.map(({ version }) => Number(version)).sort()).toEqual([1, 2]);
    expect((await router.getSealingStatus({ tenant })).credentialsLeft).toBe(1n);
    expect(await credentialOf(router, tenant, 'a')).toBe(`${CANARY}-a`);
    expect(await credentialOf(router, tenant, 'c')).toBe(`${CANARY}-c`);
    // Given again, it is sealed with the newest key, and the next rotation is whole.
    await put(router, tenant, 'b', `${CANARY}-b`);
    expect(await router.rotateDataKey({ tenant })).toEqual({ version: 3n, resealed: 3n, unopened: 0n });
    expect((await rowsOf(tenant)).keys).toHaveLength(1);
    expect(log.lines.join()).not.toContain(CANARY);
    await closeAll();
  });

  test('a new master key comes into use company by company, and the old one opens until then', async () => {
    const [old, next] = [randomBytes(32), randomBytes(32)];
    const before = await open({ masterKey: old });
    const tenants = Array.from({ length: 8 }, newTenant);
    for (const tenant of tenants) await put(before, tenant, 'p', `${CANARY}-${tenant}`);
    // First every replica knows it, then one after the other seals with it.
    const knowing = await open({ masterKey: old, otherMasterKeys: [next] });
    const sealing = await open({ masterKey: next, otherMasterKeys: [old] });
    const first = await sealing.rewrapDataKeys({ companiesMax: 3 });
    expect(first.rewrapped).toBe(3n);
    for (const router of [knowing, sealing]) {
      for (const tenant of tenants)
        expect(await credentialOf(router, tenant, 'p')).toBe(`${CANARY}-${tenant}`);
    }
    await put(knowing, tenants[0] ?? '', 'q', `${CANARY}-q`);
    await put(sealing, tenants[7] ?? '', 'q', `${CANARY}-q`);
    await rewrapAll(sealing);
    const without = await open({ masterKey: next });
    for (const tenant of tenants)
      expect(await credentialOf(without, tenant, 'p')).toBe(`${CANARY}-${tenant}`);
    expect(await credentialOf(without, tenants[0] ?? '', 'q')).toBe(`${CANARY}-q`);
    expect(await credentialOf(without, tenants[7] ?? '', 'q')).toBe(`${CANARY}-q`);
    const { masterKeys, dataKeysLeft } = await sealing.getSealingStatus({ tenant: tenants[0] ?? '' });
    expect(masterKeys.find(({ isNewest }) => isNewest)?.dataKeys).toBeGreaterThanOrEqual(8n);
    const unknown = masterKeys.filter(({ isKnown }) => !isKnown).reduce((sum, key) => sum + key.dataKeys, 0n);
    expect(dataKeysLeft).toBe(unknown);
    expect((await sealing.rewrapDataKeys({})).unopened).toBe(unknown);
    const lost = await open({ masterKey: randomBytes(32) });
    await expect(credentialOf(lost, tenants[0] ?? '', 'p')).rejects.toMatchObject({ code: 'unavailable' });
    await closeAll();
  });

  test('a router that makes master keys is rotated without a restart', async () => {
    const made: Buffer[] = [];
    const masterKey = randomBytes(32);
    const makeMasterKey = async () => {
      const key = randomBytes(32);
      made.push(key);
      return key;
    };
    const router = await open({ masterKey, makeMasterKey });
    const tenant = newTenant();
    await put(router, tenant, 'p', CANARY);
    for (let round = 0; round < 3; round += 1) {
      const { masterKeyId } = await router.rotateMasterKey({});
      expect((await router.getSealingStatus({ tenant })).dataKeys[0]?.masterKeyId).not.toBe(masterKeyId);
      await rewrapAll(router);
      expect((await router.getSealingStatus({ tenant })).dataKeys[0]?.masterKeyId).toBe(masterKeyId);
      expect(await credentialOf(router, tenant, 'p')).toBe(CANARY);
    }
    expect(await credentialOf(await open({ masterKey: made[2] ?? masterKey }), tenant, 'p')).toBe(CANARY);
    await closeAll();
    const fixed = await open({ masterKey });
    await expect(fixed.rotateMasterKey({})).rejects.toMatchObject({ code: 'conflict' });
    await closeAll();
  });

  test('under load nothing fails: routes, puts and rotations of both kinds of key at once', {
    timeout: 60_000,
  }, async () => {
    const masterKey = randomBytes(32);
    const next = randomBytes(32);
    const one = await open({ masterKey, otherMasterKeys: [next], makeMasterKey: async () => next });
    // A file of SQLite is one process's.
    const isShared = database.name === 'postgres';
    const other = isShared ? await open({ masterKey, otherMasterKeys: [next] }) : one;
    const tenant = newTenant();
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await put(one, tenant, name, `${name}-0`);
    let isOver = false;
    let routes = 0;
    let puts = 0;
    const until = async (work: () => Promise<void>) => {
      while (!isOver) {
        await work();
        // SQLite answers without leaving this turn of the loop, in which nothing else would come to pass.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const read = (router: Router) => async () => {
      for (const name of names) {
        expect(await credentialOf(router, tenant, name)).toMatch(new RegExp(`^${name}-\\d+$`));
        routes += 1;
      }
    };
    const write = (router: Router, name: string) => async () => {
      puts += 1;
      await put(router, tenant, name, `${name}-${puts}`);
    };
    let rotations = 0;
    const rotate = async () => {
      for (rotations = 0; rotations < 12; rotations += 1) {
        expect((await (rotations % 2 === 0 ? one : other).rotateDataKey({ tenant })).unopened).toBe(0n);
        if (rotations === 6) {
          await one.rotateMasterKey({});
          await rewrapAll(one);
        }
      }
      isOver = true;
    };
    const work = [until(read(one)), until(read(other)), until(write(one, 'a')), until(write(other, 'b'))];
    await Promise.all([rotate().finally(() => (isOver = true)), ...work]);
    expect(rotations).toBe(12);
    expect(Math.min(routes, puts)).toBeGreaterThan(10);
    for (const router of [one, other]) await read(router)();
    expect((await rowsOf(tenant)).keys.length).toBeLessThanOrEqual(2);
    await closeAll();
  });
});
