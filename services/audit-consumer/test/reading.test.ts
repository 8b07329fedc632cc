import {
  AccessFilter,
  type AuditLog,
  AuditLogDefinition,
  EventFilter,
  ListAccessRequest,
  ListEventsRequest,
  type Scope,
  SumUsageRequest,
  TokenCounts,
  UsageGroup,
} from '@ai-switch/contracts';
import { databases, type FreshDatabase, transports } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenAuditLog, openAuditLog } from '../src/index.ts';
import { DAY_MS, event, newTenant, record, START_MS, TestProducer, whole } from './rows.ts';

const cases = databases.flatMap((database) => transports.map((transport) => ({ database, transport })));

describe.each(cases)(
  'reading the audit log on $database.name, $transport.name',
  ({ database, transport }) => {
    let fresh: FreshDatabase;
    let opened: OpenAuditLog;
    let log: AuditLog;
    let disconnect: () => Promise<void>;

    beforeAll(async () => {
      fresh = await database.create();
      opened = await openAuditLog({ databaseUrl: fresh.url, clock: { nowMs: () => START_MS } });
      const connected = await transport.open(AuditLogDefinition, opened.auditLog);
      log = connected.port;
      disconnect = connected.close;
    });
    afterAll(async () => {
      await disconnect();
      await opened.close();
      await fresh.drop();
    });

    describe('a scope', () => {
      const PLACES = ['/', '/a/', '/a/b/', '/a_/', '/A/', '/c/'];
      const scopes: readonly [name: string, scope: Omit<Scope, 'tenant'>, seen: readonly string[]][] = [
        ['of a company', { isWholeCompany: true, departmentPaths: [], userId: '' }, PLACES],
        [
          'of a department',
          { isWholeCompany: false, departmentPaths: ['/a/'], userId: '' },
          ['/a/', '/a/b/'],
        ],
        [
          'of two departments',
          { isWholeCompany: false, departmentPaths: ['/a/b/', '/c/'], userId: '' },
          ['/a/b/', '/c/'],
        ],
        ['of a user', { isWholeCompany: false, departmentPaths: [], userId: 'usr_/c/' }, ['/c/']],
        ['of nothing', { isWholeCompany: false, departmentPaths: [], userId: '' }, []],
      ];

      test.each(scopes)('%s shows its rows and sums and no others', async (_name, given, seen) => {
        const tenant = newTenant();
        const others = newTenant();
        const usage = TokenCounts.create({ input: 5n });
        const at = (place: string) => ({ departmentPath: place, userId: `usr_${place}`, subject: place });
        for (const each of [tenant, others]) {
          await new TestProducer(log).access(
            PLACES.map((place) => record({ tenant: each, usage, ...at(place) })),
          );
          await new TestProducer(log).events(PLACES.map((place) => event({ tenant: each, ...at(place) })));
        }
        const scope = { tenant, ...given };
        const { records } = await log.listAccess(ListAccessRequest.create({ scope }));
        expect(records.map(({ departmentPath }) => departmentPath).toSorted()).toEqual([...seen].toSorted());
        const { events } = await log.listEvents(ListEventsRequest.create({ scope }));
        expect(events.map(({ departmentPath }) => departmentPath).toSorted()).toEqual([...seen].toSorted());
        const span = { fromMs: BigInt(START_MS - DAY_MS), untilMs: BigInt(START_MS + DAY_MS) };
        const sums = await log.sumUsage(
          SumUsageRequest.create({ scope, group: UsageGroup.DEPARTMENT, ...span }),
        );
        expect(sums.sums.map(({ key }) => key).toSorted()).toEqual([...seen].toSorted());
        const days = await log.sumUsage(SumUsageRequest.create({ scope, group: UsageGroup.DAY, ...span }));
        const input = days.sums.reduce((sum, { usage: counts }) => sum + (counts?.input ?? 0n), 0n);
        expect(input).toBe(5n * BigInt(seen.length));
      });

      test('is asked for: a list without one is refused', async () => {
        await expect(log.listAccess(ListAccessRequest.create({}))).rejects.toMatchObject({ code: 'invalid' });
        await expect(log.listEvents(ListEventsRequest.create({}))).rejects.toMatchObject({ code: 'invalid' });
      });
    });

    test('filters narrow a list', async () => {
      const tenant = newTenant();
      const scope = whole(tenant);
      const rows = [
        record({ tenant, alias: 'fast', projectId: 'p1', keyId: 'k1', departmentPath: '/a/b/' }),
        record({ tenant, alias: 'deep', outcome: 'refused', departmentPath: '/c/' }),
      ];
      await new TestProducer(log).access(rows);
      const found = async (filter: Parameters<typeof AccessFilter.create>[0]) => {
        const request = ListAccessRequest.create({ scope, filter: AccessFilter.create(filter) });
        return (await log.listAccess(request)).records.map(({ alias }) => alias);
      };
      expect(await found({ alias: 'fast' })).toEqual(['fast']);
      expect(await found({ projectId: 'p1' })).toEqual(['fast']);
      expect(await found({ keyId: 'k1' })).toEqual(['fast']);
      expect(await found({ departmentPath: '/a/' })).toEqual(['fast']);
      expect(await found({ outcome: 'refused' })).toEqual(['deep']);
      expect(await found({ fromMs: rows[1]?.startedAtMs })).toEqual(['deep']);
      expect(await found({ untilMs: rows[1]?.startedAtMs })).toEqual(['fast']);
      await new TestProducer(log).events(
        ['key.create', 'key.revoke', 'keys.other', 'user.create'].map((action) => event({ tenant, action })),
      );
      const actions = async (action: string) => {
        const request = ListEventsRequest.create({ scope, filter: EventFilter.create({ action }) });
        return (await log.listEvents(request)).events.map((each) => each.action).toSorted();
      };
      expect(await actions('key.')).toEqual(['key.create', 'key.revoke']);
      expect(await actions('user.create')).toEqual(['user.create']);
    });

    test('usage is added up by every group, in pages, over at most 400 days', async () => {
      const tenant = newTenant();
      const scope = whole(tenant);
      const usage = TokenCounts.create({ input: 2n, output: 3n, cacheRead: 5n, cacheWrite: 7n });
      const days = [0, 0, 1, 2];
      await new TestProducer(log).access(
        days.map((day) =>
          record({ tenant, usage, startedAtMs: BigInt(START_MS + day * DAY_MS), alias: `m${day}` }),
        ),
      );
      const span = { fromMs: BigInt(START_MS), untilMs: BigInt(START_MS + 3 * DAY_MS) };
      const sum = (group: UsageGroup, page = { after: '', limit: 0 }, bounds = span) =>
        log.sumUsage(SumUsageRequest.create({ scope, group, ...bounds, page }));
      expect((await sum(UsageGroup.USER)).sums).toEqual([
        { key: 'usr_1', requests: 4n, usage: { input: 8n, output: 12n, cacheRead: 20n, cacheWrite: 28n } },
      ]);
      expect((await sum(UsageGroup.MODEL)).sums.map(({ key, requests }) => [key, requests])).toEqual([
        ['m0', 2n],
        ['m1', 1n],
        ['m2', 1n],
      ]);
      const first = await sum(UsageGroup.DAY, { after: '', limit: 2 });
      const second = await sum(UsageGroup.DAY, { after: first.nextAfter, limit: 2 });
      const keys = [...first.sums, ...second.sums].map(({ key }) => key);
      expect(keys).toEqual(
        days.slice(1).map((day) => new Date(START_MS + day * DAY_MS).toISOString().slice(0, 10)),
      );
      expect(second.nextAfter).toBe('');
      await new TestProducer(log).access([
        record({ tenant, startedAtMs: BigInt(START_MS), projectId: 'p1' }),
      ]);
      const unpaid = await sum(UsageGroup.PROJECT, { after: '', limit: 1 });
      const paid = await sum(UsageGroup.PROJECT, { after: unpaid.nextAfter, limit: 1 });
      expect([...unpaid.sums, ...paid.sums].map(({ key, requests }) => [key, requests])).toEqual([
        ['', 4n],
        ['p1', 1n],
      ]);
      const long = { fromMs: 0n, untilMs: 401n * BigInt(DAY_MS) };
      await expect(sum(UsageGroup.DAY, undefined, long)).rejects.toMatchObject({ code: 'invalid' });
      await expect(sum(UsageGroup.UNSPECIFIED)).rejects.toMatchObject({ code: 'invalid' });
    });
  },
);
