import {
  AccessFilter,
  AccessRecord,
  AuditEvent,
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
import { newId } from '@ai-switch/kernel';
import { databases, type FreshDatabase, transports } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenAuditLog, openAuditLog } from '../src/index.ts';
import {
  DETAIL_CHARACTERS_MAX,
  DETAILS_MAX,
  DROPPED_MAX,
  NAME_CHARACTERS_MAX,
  USER_AGENT_CHARACTERS_MAX,
} from '../src/record-rules.ts';

const START_MS = 1_790_000_000_000;
const DAY_MS = 86_400_000;

/** What an admin of the company sees. */
function whole(tenant: string) {
  return { tenant, isWholeCompany: true, departmentPaths: [], userId: '' };
}

/** A tenant of its own for each test, so that tests share a database. */
let tenants = 0;
function newTenant(): string {
  tenants += 1;
  return `ten_${tenants}`;
}

let moments = 0;
function record(fields: Partial<AccessRecord>): AccessRecord {
  moments += 1;
  return AccessRecord.create({
    requestId: newId('req', START_MS + moments),
    startedAtMs: BigInt(START_MS + moments),
    userId: 'usr_1',
    outcome: 'completed',
    ...fields,
  });
}

function event(fields: Partial<AuditEvent>): AuditEvent {
  moments += 1;
  return AuditEvent.create({
    eventId: newId('evt', START_MS + moments),
    atMs: BigInt(START_MS + moments),
    actor: 'usr_1',
    action: 'key.create',
    ...fields,
  });
}

const cases = databases.flatMap((database) => transports.map((transport) => ({ database, transport })));

describe.each(cases)('the audit log on $database.name, $transport.name', ({ database, transport }) => {
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

  async function allRecords(tenant: string, limit = 1_000, userId = ''): Promise<AccessRecord[]> {
    const found: AccessRecord[] = [];
    let after = '';
    do {
      const page = await log.listAccess(
        ListAccessRequest.create({ scope: whole(tenant), userId, page: { after, limit } }),
      );
      found.push(...page.records);
      after = page.nextAfter;
    } while (after !== '');
    return found;
  }

  async function allEvents(tenant: string, limit = 1_000): Promise<AuditEvent[]> {
    const found: AuditEvent[] = [];
    let after = '';
    do {
      const page = await log.listEvents(
        ListEventsRequest.create({ scope: whole(tenant), page: { after, limit } }),
      );
      found.push(...page.events);
      after = page.nextAfter;
    } while (after !== '');
    return found;
  }

  describe('a scope', () => {
    const PLACES = ['/', '/a/', '/a/b/', '/a_/', '/A/', '/c/'];
    const scopes: readonly [name: string, scope: Omit<Scope, 'tenant'>, seen: readonly string[]][] = [
      ['of a company', { isWholeCompany: true, departmentPaths: [], userId: '' }, PLACES],
      ['of a department', { isWholeCompany: false, departmentPaths: ['/a/'], userId: '' }, ['/a/', '/a/b/']],
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
        await log.appendAccess({
          records: PLACES.map((place) => record({ tenant: each, usage, ...at(place) })),
        });
        await log.appendEvents({ events: PLACES.map((place) => event({ tenant: each, ...at(place) })) });
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
    await log.appendAccess({ records: rows });
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
    await log.appendEvents({
      events: ['key.create', 'key.revoke', 'keys.other', 'user.create'].map((action) =>
        event({ tenant, action }),
      ),
    });
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
    await log.appendAccess({
      records: days.map((day) =>
        record({ tenant, usage, startedAtMs: BigInt(START_MS + day * DAY_MS), alias: `m${day}` }),
      ),
    });
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
    await log.appendAccess({ records: [record({ tenant, startedAtMs: BigInt(START_MS), projectId: 'p1' })] });
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

  test('a record comes back whole, with counts that no float could hold', async () => {
    const tenant = newTenant();
    const whole = record({
      tenant,
      keyId: 'key_1',
      dialect: 'openai-chat',
      alias: 'fast',
      provider: 'openai',
      model: 'gpt-5.5',
      streaming: true,
      httpStatus: 200,
      faultCode: 'upstream',
      usage: TokenCounts.create({
        input: 9_007_199_254_740_993n,
        output: 9_223_372_036_854_775_807n,
        cacheRead: 1n,
        cacheWrite: 0n,
      }),
      usageEstimated: true,
      durationMs: 1_234,
      firstByteMs: 0,
      attempts: 2,
      dropped: ['top_k', 'seed'],
      clientAddress: '2001:db8::1',
      userAgent: 'curl/8 “q” \u{1f600}',
    });
    const bare = record({ tenant });
    await log.appendAccess({ records: [whole, bare] });
    expect(await allRecords(tenant)).toEqual([bare, whole]);
    expect(bare.usage).toBeUndefined();
  });

  test('an event comes back whole', async () => {
    const tenant = newTenant();
    const sent = event({
      tenant,
      subject: 'key_1',
      details: { name: 'ci', 'a b': '"\\' },
      requestId: 'req_1',
    });
    await log.appendEvents({ events: [sent] });
    expect(await allEvents(tenant)).toEqual([sent]);
  });

  test.each([1, 3, 100, 201, 1_000])('a batch of %i that is sent twice is stored once', async (size) => {
    const tenant = newTenant();
    const records = Array.from({ length: size }, () => record({ tenant }));
    const events = Array.from({ length: size }, () => event({ tenant }));
    await log.appendAccess({ records });
    await Promise.all([log.appendAccess({ records }), log.appendAccess({ records: records.toReversed() })]);
    await log.appendEvents({ events });
    await log.appendEvents({ events });
    expect(await allRecords(tenant)).toEqual(records.toReversed());
    expect(await allEvents(tenant)).toEqual(events.toReversed());
  });

  test('a record that is there already is left as it was', async () => {
    const tenant = newTenant();
    const first = record({ tenant, outcome: 'completed' });
    await log.appendAccess({ records: [first] });
    await log.appendAccess({ records: [{ ...first, outcome: 'cut' }, record({ tenant })] });
    expect((await allRecords(tenant)).at(-1)).toEqual(first);
  });

  test('an empty batch is nothing', async () => {
    await log.appendAccess({ records: [] });
    await log.appendEvents({ events: [] });
  });

  test('pages neither repeat nor miss while records arrive', async () => {
    const tenant = newTenant();
    const before = Array.from({ length: 95 }, () => record({ tenant }));
    await log.appendAccess({ records: before });
    const seen: string[] = [];
    let after = '';
    do {
      const arriving = log.appendAccess({ records: [record({ tenant }), record({ tenant })] });
      const page = await log.listAccess(
        ListAccessRequest.create({ scope: whole(tenant), page: { after, limit: 10 } }),
      );
      seen.push(...page.records.map(({ requestId }) => requestId));
      after = page.nextAfter;
      await arriving;
    } while (after !== '');
    expect(new Set(seen).size).toBe(seen.length);
    const old = new Set(before.map(({ requestId }) => requestId));
    expect(seen.filter((id) => old.has(id))).toEqual([...old].toReversed());
    expect(seen).toEqual(seen.toSorted().toReversed());
  });

  test('the last page that is just full has none after it', async () => {
    const tenant = newTenant();
    await log.appendEvents({ events: [event({ tenant }), event({ tenant })] });
    expect(await allEvents(tenant, 1)).toHaveLength(2);
    const { nextAfter } = await log.listEvents(
      ListEventsRequest.create({ scope: whole(tenant), page: { after: '', limit: 2 } }),
    );
    expect(nextAfter).toBe('');
  });

  test('tenants and users never see each other, not even under the same id', async () => {
    const [one, other] = [newTenant(), newTenant()];
    const mine = record({ tenant: one });
    const twin = { ...mine, tenant: other, outcome: 'refused' };
    const colleagues = record({ tenant: one, userId: 'usr_2' });
    await log.appendAccess({ records: [mine, twin, colleagues] });
    const [event1, event2] = [event({ tenant: one }), event({ tenant: other })];
    await log.appendEvents({ events: [event1, event2] });
    expect(await allRecords(one)).toEqual([colleagues, mine]);
    expect(await allRecords(other)).toEqual([twin]);
    expect(await allRecords(one, 1_000, 'usr_2')).toEqual([colleagues]);
    expect(await allRecords(other, 1_000, 'usr_2')).toEqual([]);
    expect(await allEvents(one)).toEqual([event1]);
    expect(await allEvents(other)).toEqual([event2]);
  });

  test('what is too long is cut and not refused', async () => {
    const tenant = newTenant();
    const long = 'x'.repeat(10_000);
    const records = [
      record({
        tenant,
        alias: long,
        // Half a character at the end would be stored as another one.
        userAgent: `${'x'.repeat(USER_AGENT_CHARACTERS_MAX - 1)}\u{1f600}`,
        dropped: Array.from({ length: 100 }, () => long),
        outcome: 'a\0b',
      }),
    ];
    const details = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index}${long}`, long]));
    await log.appendAccess({ records });
    await log.appendEvents({ events: [event({ tenant, details, subject: long })] });
    const [stored] = await allRecords(tenant);
    expect(stored?.alias).toHaveLength(NAME_CHARACTERS_MAX);
    expect(stored?.userAgent).toBe('x'.repeat(USER_AGENT_CHARACTERS_MAX - 1));
    expect(stored?.dropped).toHaveLength(DROPPED_MAX);
    expect(stored?.dropped[0]).toHaveLength(NAME_CHARACTERS_MAX);
    expect(stored?.outcome).toBe('a\uFFFDb');
    const [storedEvent] = await allEvents(tenant);
    expect(storedEvent?.subject).toHaveLength(NAME_CHARACTERS_MAX);
    expect(Object.keys(storedEvent?.details ?? {})).toHaveLength(DETAILS_MAX);
    expect(Object.values(storedEvent?.details ?? {})[0]).toHaveLength(DETAIL_CHARACTERS_MAX);
  });

  test.each([
    ['a record without an id', { requestId: '' }, 'invalid'],
    ['an id that is too long', { requestId: 'r'.repeat(129) }, 'invalid'],
    ['a tenant that is too long', { tenant: 't'.repeat(129) }, 'invalid'],
  ])('%s is refused and nothing of its batch is stored', async (_name, fields, code) => {
    const tenant = newTenant();
    const records = [record({ tenant }), record({ tenant, ...fields })];
    await expect(log.appendAccess({ records })).rejects.toMatchObject({ code });
    expect(await allRecords(tenant)).toEqual([]);
  });

  test('an event without an id, a batch over 1,000 and a page over 1,000 are refused', async () => {
    const tenant = newTenant();
    await expect(log.appendEvents({ events: [event({ tenant, eventId: '' })] })).rejects.toMatchObject({
      code: 'invalid',
    });
    const records = Array.from({ length: 1_001 }, () => record({ tenant }));
    await expect(log.appendAccess({ records })).rejects.toMatchObject({ code: 'tooLarge' });
    const page = { after: '', limit: 1_001 };
    await expect(
      log.listEvents(ListEventsRequest.create({ scope: whole(tenant), page })),
    ).rejects.toMatchObject({ code: 'invalid' });
    await expect(
      log.listAccess(ListAccessRequest.create({ scope: whole(tenant), page: { after: '', limit: -1 } })),
    ).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  test('a page of long rows ends before it is too large for a message, and the next one goes on', async () => {
    const tenant = newTenant();
    const details = Object.fromEntries(
      Array.from({ length: DETAILS_MAX }, (_, index) => [`${index}`, '\u4e2d'.repeat(DETAIL_CHARACTERS_MAX)]),
    );
    const events = Array.from({ length: 60 }, () => event({ tenant, details }));
    for (let at = 0; at < events.length; at += 20)
      await log.appendEvents({ events: events.slice(at, at + 20) });
    const { events: page, nextAfter } = await log.listEvents(
      ListEventsRequest.create({ scope: whole(tenant), page: { after: '', limit: 1_000 } }),
    );
    expect(page.length).toBeLessThan(60);
    expect(nextAfter).toBe(page.at(-1)?.eventId);
    expect((await allEvents(tenant)).map(({ eventId }) => eventId)).toEqual(
      events.map(({ eventId }) => eventId).toReversed(),
    );
  });

  test('a page without a limit has 100 rows', async () => {
    const tenant = newTenant();
    await log.appendAccess({ records: Array.from({ length: 101 }, () => record({ tenant })) });
    const { records, nextAfter } = await log.listAccess(
      ListAccessRequest.create({ scope: whole(tenant), page: undefined }),
    );
    expect(records).toHaveLength(100);
    expect(nextAfter).toBe(records.at(-1)?.requestId);
  });
});

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
      await auditLog.appendAccess({ records: [...old, kept] });
      await auditLog.appendEvents({ events: [oldEvent, keptEvent] });
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
    await first.auditLog.appendAccess({ records });
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
