// Every change of routes leaves one event with the change, and none without.

import { randomBytes } from 'node:crypto';
import { Alias, AuditEvent, PriceBook, type Router, UnpricedRule } from '@ai-switch/contracts';
import type { Database } from '@ai-switch/db';
import { entryOf } from '@ai-switch/event-log';
import { databases, type FreshDatabase, lookInto } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OpenRouter, openRouter } from '../src/index.ts';
import { migrations, type RouterSchema } from '../src/schema.ts';
import { provider, resource } from './fixtures.ts';

const TENANT = 'ten_events';
const page = { after: '', limit: 100 };

let ids = 0;
function event(action: string): AuditEvent {
  ids += 1;
  return AuditEvent.create({ eventId: `evt_${ids}`, tenant: TENANT, action, actor: 'usr_1', atMs: 1n });
}

describe.each(databases)('changes of routes on $name', ({ create }) => {
  let fresh: FreshDatabase;
  let opened: OpenRouter;
  let router: Router;

  beforeEach(async () => {
    fresh = await create();
    opened = await openRouter({
      databaseUrl: fresh.url,
      masterKey: randomBytes(32),
      makeMasterKey: async () => randomBytes(32),
    });
    router = opened.router;
    await router.putProvider({ provider: provider({ tenant: TENANT, models: ['m'] }), credential: 'sk-1' });
  });

  afterEach(async () => {
    await opened.close();
    await fresh.drop();
  });

  const beside = <Result>(work: (database: Database<RouterSchema>) => Promise<Result>) =>
    lookInto<RouterSchema, Result>({ url: fresh.url, schema: 'router', migrations }, work);

  /** What waits to be sent. */
  const events = () =>
    beside(async ({ kysely }) => {
      const { rows } = await sql<{ data: string }>`select data from outbox order by event_id`.execute(kysely);
      return rows
        .map(({ data }) => entryOf('aiswitch.audit.v1', data).record as AuditEvent)
        .map(({ action, subject, details }) => ({ action, subject, details }));
    });

  test('each is stored once with its event, and asked for without one it has none', async () => {
    const alias = Alias.create({ tenant: TENANT, name: 'a', resources: [resource('openai')] });
    const book = PriceBook.create({
      tenant: TENANT,
      currency: 'USD',
      unpriced: UnpricedRule.FREE,
    });
    const put = event('alias.put');
    await router.putAlias({ alias, event: put });
    await router.putAlias({ alias, event: put });
    const named = { tenant: TENANT, name: 'openai' };
    await router.putProvider({
      provider: provider({ ...named, models: ['m', 'n'] }),
      event: event('provider.put'),
    });
    const { book: stored } = await router.putPriceBook({
      book,
      isDryRun: false,
      mayChangeCurrency: false,
      event: event('priceBook.put'),
    });
    // What changes nothing has no event.
    for (const isDryRun of [true, false]) {
      await router.putPriceBook({ book, isDryRun, mayChangeCurrency: false, event: event('priceBook.put') });
    }
    const { version } = await router.rotateDataKey({ tenant: TENANT, event: event('dataKey.rotate') });
    const { masterKeyId } = await router.rotateMasterKey({ event: event('masterKey.rotate') });
    await router.rewrapDataKeys({ event: event('dataKeys.rewrap') });
    await router.rewrapDataKeys({ event: event('dataKeys.rewrap') });
    await router.removeAlias({ tenant: TENANT, name: 'a', event: event('alias.remove') });
    await router.removeProvider({ ...named, event: event('provider.remove') });
    await router.putAlias({ alias: { ...alias, resources: [] } }).catch(() => {});
    expect((await events()).sort((a, b) => (a.action < b.action ? -1 : 1))).toEqual([
      { action: 'alias.put', subject: '', details: {} },
      { action: 'alias.remove', subject: '', details: {} },
      { action: 'dataKey.rotate', subject: String(version), details: {} },
      { action: 'dataKeys.rewrap', subject: '', details: { company: TENANT, rewrapped: '1' } },
      { action: 'masterKey.rotate', subject: masterKeyId, details: {} },
      {
        action: 'priceBook.put',
        subject: stored?.version,
        details: { effectiveAt: new Date(Number(stored?.effectiveAtMs)).toISOString() },
      },
      { action: 'provider.put', subject: '', details: {} },
      { action: 'provider.remove', subject: '', details: {} },
    ]);
  });

  test('one that is refused leaves no event', async () => {
    const alias = Alias.create({ tenant: TENANT, name: 'a', resources: [resource('nobody')] });
    await expect(router.putAlias({ alias, event: event('alias.put') })).rejects.toMatchObject({
      code: 'notFound',
    });
    expect(await events()).toEqual([]);
  });

  test('one whose event cannot be stored is not made', async () => {
    await beside(({ kysely }) => sql`alter table outbox rename to outbox_away`.execute(kysely));
    const moved = provider({ tenant: TENANT, models: ['other'] });
    await expect(router.putProvider({ provider: moved, event: event('provider.put') })).rejects.toThrow();
    const removing = { tenant: TENANT, name: 'openai', event: event('provider.remove') };
    await expect(router.removeProvider(removing)).rejects.toThrow();
    await expect(router.rotateDataKey({ tenant: TENANT, event: event('dataKey.rotate') })).rejects.toThrow();
    await beside(({ kysely }) => sql`alter table outbox_away rename to outbox`.execute(kysely));
    const { providers } = await router.listProviders({ tenant: TENANT, page });
    expect(providers).toMatchObject([{ name: 'openai', models: ['m'] }]);
    expect((await router.getSealingStatus({ tenant: TENANT })).dataKeys).toHaveLength(1);
    expect(await events()).toEqual([]);
  });
});
