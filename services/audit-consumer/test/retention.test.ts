import { ListAccessRequest, ListEventsRequest } from '@ai-switch/contracts';
import { databases } from '@ai-switch/testkit';
import { describe, expect, test } from 'vitest';
import { openAuditLog } from '../src/index.ts';
import { DAY_MS, event, newTenant, record, START_MS, TestProducer, whole } from './rows.ts';

describe.each(databases)('retention on $name', (database) => {
  test('deletes what is older than its days, over several steps, and nothing else', async () => {
    const fresh = await database.create();
    let nowMs = START_MS;
    const { auditLog, sweep, close } = await openAuditLog({
      databaseUrl: fresh.url,
      clock: { nowMs: () => nowMs },
      retentionDays: 30,
    });
    try {
      const tenant = newTenant();
      const old = Array.from({ length: 700 }, () => record({ tenant, startedAtMs: BigInt(START_MS) }));
      const kept = record({ tenant, startedAtMs: BigInt(START_MS + DAY_MS) });
      const oldEvent = event({ tenant, atMs: BigInt(START_MS) });
      const keptEvent = event({ tenant, atMs: BigInt(START_MS + DAY_MS) });
      await new TestProducer(auditLog).access([...old, kept]);
      await new TestProducer(auditLog).events([oldEvent, keptEvent]);
      nowMs = START_MS + 30 * DAY_MS;
      expect(await sweep()).toBe(0);
      nowMs += 1;
      expect(await sweep()).toBe(701);
      const page = { after: '', limit: 1_000 };
      expect(
        (await auditLog.listAccess(ListAccessRequest.create({ scope: whole(tenant), page }))).records,
      ).toEqual([kept]);
      expect(
        (await auditLog.listEvents(ListEventsRequest.create({ scope: whole(tenant), page }))).events,
      ).toEqual([keptEvent]);
    } finally {
      await close();
      await fresh.drop();
    }
  });

  test('records survive a restart, and closing ends a sweep that is under way', async () => {
    const fresh = await database.create();
    const tenant = newTenant();
    const first = await openAuditLog({ databaseUrl: fresh.url });
    const records = Array.from({ length: 1_000 }, () => record({ tenant, startedAtMs: 1n }));
    await new TestProducer(first.auditLog).access(records);
    const sweeping = first.sweep();
    await first.close();
    await sweeping;
    const second = await openAuditLog({ databaseUrl: fresh.url });
    const left = (
      await second.auditLog.listAccess(
        ListAccessRequest.create({ scope: whole(tenant), page: { after: '', limit: 1_000 } }),
      )
    ).records;
    await second.close();
    await fresh.drop();
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(1_000);
  });
});
