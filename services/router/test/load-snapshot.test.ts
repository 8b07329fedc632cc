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

/** Does this once, between the first query that is answered with credentials and the next. */
function afterProviders(work: () => Promise<unknown>): KyselyPlugin {
  let isDone = false;
  return {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (!isDone && result.rows.some((row) => 'base_url' in row)) {
        isDone = true;
        await work();
      }
      return result;
    },
  };
}

test.each(databases)('rows that keys are rotated between are read again, on $name', async (database) => {
  const fresh = await database.create();
  const masterKey = randomBytes(32);
  const { router, close } = await openRouter({ databaseUrl: fresh.url, masterKey });
  const tenant = newTenant();
  await router.putProvider({ provider: provider({ tenant, name: 'p' }), credential: CANARY });
  const rows = await openDatabase<RouterSchema>({ url: fresh.url, schema: 'router', migrations });
  let rotations = 0;
  const plugin = afterProviders(async () => {
    rotations += 1;
    await router.rotateDataKey({ tenant });
  });
  const { logger, lines } = logged();
  const clock = { nowMs: () => START_MS };
  const masterKeys = new MasterKeys(masterKey);
  const parts = { rows: rows.kysely.withPlugin(plugin), masterKeys, clock, logger };
  const snapshot = await loadSnapshot(parts, tenant, undefined);
  expect(rotations).toBe(1);
  expect(snapshot.providers.get('p')?.credential).toBe(CANARY);
  expect(lines).toEqual([]);
  await rows.close();
  await close();
  await fresh.drop();
});
