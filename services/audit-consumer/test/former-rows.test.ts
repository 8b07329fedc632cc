import {
  ListAccessRequest,
  ListEventsRequest,
  SumUsageRequest,
  TokenCounts,
  UsageGroup,
} from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { databases } from '@ai-switch/testkit';
import { describe, expect, test } from 'vitest';
import { openAuditLog } from '../src/index.ts';
import { migrations } from '../src/migrations/index.ts';
import { type AccessColumns, accessRowOf, type EventColumns, eventRowOf } from '../src/record-rules.ts';
import { DAY_MS, event, record, START_MS, whole } from './rows.ts';
import { newSigner, verify } from './trail-source.ts';

interface FormerSchema {
  access_records: AccessColumns;
  audit_events: EventColumns;
}

describe.each(databases)('rows from before there were logs on $name', (database) => {
  test('are one log that has ended, count in the sums, and are listed as they were', async () => {
    const fresh = await database.create();
    const former = await openDatabase<FormerSchema>({
      ...{ url: fresh.url, schema: 'audit', migrations: migrations.slice(0, 1) },
    });
    const usage = TokenCounts.create({ input: 2n });
    const records = Array.from({ length: 450 }, (_, index) => record({ tenant: `t${index % 2}`, usage }));
    // As an older version may have written it: not sorted, and not as this one writes JSON.
    const events = [event({ tenant: 't1', details: { b: '2', a: '1' } }), event({ tenant: 't1' })];
    await former.kysely.insertInto('access_records').values(records.map(accessRowOf)).execute();
    const [first, second] = events.map(eventRowOf);
    if (first === undefined || second === undefined) throw new Error('there are two events');
    await former.kysely
      .insertInto('audit_events')
      .values([{ ...first, details: '{"b":"2", "a":"1"}' }, second])
      .execute();
    await former.close();

    const signer = newSigner();
    const { auditLog, signRoot, close } = await openAuditLog({ databaseUrl: fresh.url, signer });
    try {
      await signRoot();
      const report = await verify(auditLog, signer);
      expect(report).toMatchObject({ faults: [], missing: 0, logs: 1, records: 452, roots: 1 });
      const page = { after: '', limit: 1_000 };
      for (const tenant of ['t0', 't1']) {
        const list = await auditLog.listAccess(ListAccessRequest.create({ scope: whole(tenant), page }));
        expect(list.records).toEqual(records.filter((each) => each.tenant === tenant).toReversed());
      }
      const list = await auditLog.listEvents(ListEventsRequest.create({ scope: whole('t1'), page }));
      expect(list.events).toEqual(events.toReversed());
      const span = { fromMs: BigInt(START_MS - DAY_MS), untilMs: BigInt(START_MS + DAY_MS) };
      const sums = await auditLog.sumUsage(
        SumUsageRequest.create({ scope: whole('t0'), group: UsageGroup.USER, ...span }),
      );
      expect(sums.sums).toMatchObject([{ requests: 225n, usage: { input: 450n } }]);
    } finally {
      await close();
      await fresh.drop();
    }
  });
});
