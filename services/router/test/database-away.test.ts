import { randomBytes } from 'node:crypto';
import { databases } from '@ai-switch/testkit';
import { expect, test } from 'vitest';
import { openRouter } from '../src/index.ts';
import { CANARY, logged, newTenant, provider } from './fixtures.ts';

test.each(databases)('routes go on when a change fails because $name is away', async (database) => {
  const fresh = await database.create();
  const { logger } = logged();
  const { router, close } = await openRouter({
    databaseUrl: fresh.url,
    masterKey: randomBytes(32),
    logger,
  });
  const tenant = newTenant();
  const change = { provider: provider({ tenant, models: ['m'] }), credential: CANARY };
  const credentials = async () =>
    (await router.route({ tenant, alias: 'm', affinityKey: '' })).targets.map(({ credential }) => credential);
  await router.putProvider(change);
  expect(await credentials()).toEqual([CANARY]);
  // From now on nothing can be read or written.
  await close();
  await expect(router.putProvider({ ...change, credential: 'another' })).rejects.toThrow();
  await expect(router.rotateDataKey({ tenant })).rejects.toThrow();
  expect(await credentials()).toEqual([CANARY]);
  await fresh.drop();
});
