import { randomBytes } from 'node:crypto';
import { openDatabase } from '@ai-switch/db';
import { databases } from '@ai-switch/testkit';
import type { KyselyPlugin } from 'kysely';
import { expect, test } from 'vitest';
import { openRouter } from '../src/index.ts';
import { loadSnapshot } from '../src/load-snapshot.ts';
import { MasterKeys } from '../src/master-keys.ts';
import { migrations, type RouterSchema } from '../src/schema.ts';
import { CANARY, logged, newTenant, provider, START_MS } from './fixtures.ts';

/** Does this between each query that is answered with credentials and the next. */
function afterProviders(work: () => Promise<unknown>): KyselyPlugin {
  return {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (result.rows.some((row) => 'base_url' in row)) await work();
      return result;
    },
  };
}

/** On SQLite nobody changes anything while a transaction reads. */
const ROTATIONS_MAX = { sqlite: 2, postgres: Number.POSITIVE_INFINITY };

test.each(databases)(
  'rows are of one moment though keys are rotated in the middle of every read, on $name',
  async (database) => {
    const fresh = await database.create();
    const masterKey = randomBytes(32);
    const { router, close } = await openRouter({ databaseUrl: fresh.url, masterKey });
    const tenant = newTenant();
    await router.putProvider({ provider: provider({ tenant, name: 'p' }), credential: CANARY });
    const rows = await openDatabase<RouterSchema>({ url: fresh.url, schema: 'router', migrations });
    let rotations = 0;
    const plugin = afterProviders(async () => {
      if (rotations === ROTATIONS_MAX[database.name]) return;
      rotations += 1;
      await router.rotateDataKey({ tenant });
    });
    const { logger, lines } = logged();
    const clock = { nowMs: () => START_MS };
    const masterKeys = new MasterKeys(masterKey);
    const parts = { rows: rows.kysely.withPlugin(plugin), masterKeys, clock, logger };
    const snapshot = await loadSnapshot(parts, tenant, undefined);
    expect(rotations).toBeGreaterThanOrEqual(ROTATIONS_MAX.sqlite);
    expect(snapshot.providers.get('p')?.credential).toBe(CANARY);
    expect(lines).toEqual([]);
    await rows.close();
    await close();
    await fresh.drop();
  },
);
