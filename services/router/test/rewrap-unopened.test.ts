import { randomBytes } from 'node:crypto';
import { openDatabase } from '@ai-switch/db';
import { databases } from '@ai-switch/testkit';
import { expect, test } from 'vitest';
import { openRouter } from '../src/index.ts';
import { migrations, type RouterSchema } from '../src/schema.ts';
import { provider } from './fixtures.ts';

const TENANTS = ['ten_a', 'ten_b', 'ten_c', 'ten_d'];
const BROKEN = 'ten_b';

test.each(databases)(
  'a data key that does not open holds back no other company, on $name',
  async (database) => {
    const { url: databaseUrl, drop } = await database.create();
    const [old, next] = [randomBytes(32), randomBytes(32)];
    const before = await openRouter({ databaseUrl, masterKey: old });
    for (const tenant of TENANTS) {
      await before.router.putProvider({ provider: provider({ tenant, models: ['m'] }), credential: tenant });
    }
    await before.close();
    await breakDataKey(databaseUrl);

    const { router, close } = await openRouter({ databaseUrl, masterKey: next, otherMasterKeys: [old] });
    // The broken one takes nobody's place in a call.
    for (const left of [2n, 1n, 0n]) {
      const done = await router.rewrapDataKeys({ companiesMax: 1 });
      expect(done).toEqual({ rewrapped: 1n, left, unopened: 1n });
    }
    expect((await router.getSealingStatus({ tenant: BROKEN })).dataKeysLeft).toBe(1n);
    // Given again, the company's credential is sealed with a data key that opens.
    await router.rotateDataKey({ tenant: BROKEN });
    await router.putProvider({ provider: provider({ tenant: BROKEN, models: ['m'] }), credential: BROKEN });
    await close();

    const without = await openRouter({ databaseUrl, masterKey: next });
    for (const tenant of TENANTS) {
      const { targets } = await without.router.route({ tenant, alias: 'm', affinityKey: '' });
      expect(targets.map(({ credential }) => credential)).toEqual([tenant]);
    }
    await without.close();
    await drop();
  },
);

async function breakDataKey(url: string): Promise<void> {
  const rows = await openDatabase<RouterSchema>({ url, schema: 'router', migrations });
  const broken = rows.kysely.selectFrom('data_keys').select('sealed').where('tenant', '=', BROKEN);
  const { sealed } = await broken.executeTakeFirstOrThrow();
  const parts = sealed.split('.');
  const changed = parts.with(3, Buffer.from(randomBytes(32)).toString('base64url')).join('.');
  await rows.kysely.updateTable('data_keys').set({ sealed: changed }).where('tenant', '=', BROKEN).execute();
  await rows.close();
}
