import { randomBytes } from 'node:crypto';
import { openDatabase } from '@ai-switch/db';
import { databases } from '@ai-switch/testkit';
import { describe, expect, test } from 'vitest';
import { openRouter } from '../src/index.ts';
import { migrations, type RouterSchema } from '../src/schema.ts';
import { provider } from './fixtures.ts';

describe.each(databases)('a router that is newer than its database, on $name', (database) => {
  test('keeps the providers that were stored before capabilities were known', async () => {
    const fresh = await database.create();
    const schema = 'router';
    const older = await openDatabase<RouterSchema>({
      url: fresh.url,
      schema,
      migrations: migrations.slice(0, 1),
    });
    const row = {
      tenant: 'ten_old',
      name: 'openai',
      kind: 'openai',
      dialect: 'openai-chat',
      base_url: 'https://api.openai.com/v1',
      credential: '',
      origin: 'admin',
      models: '["m"]',
      updated_at_ms: 1n,
    };
    await older.kysely
      .insertInto('providers')
      .values(row as never)
      .execute();
    await older.close();

    const { router, close } = await openRouter({ databaseUrl: fresh.url, masterKey: randomBytes(32) });
    try {
      const route = () => router.route({ tenant: 'ten_old', alias: 'm', affinityKey: '' });
      expect((await route()).targets).toMatchObject([{ provider: 'openai', capabilities: undefined }]);
      const capabilities = { images: false };
      await router.putProvider({
        provider: provider({ tenant: 'ten_old', models: ['m'], capabilities }),
        credential: undefined,
      });
      expect((await route()).targets[0]?.capabilities).toEqual(capabilities);
    } finally {
      await close();
      await fresh.drop();
    }
  });
});
