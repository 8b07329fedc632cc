import {
  type AccessRecord,
  type AuditEvent,
  type AuditLog,
  AuditLogDefinition,
  GetCompletenessRequest,
  ListAccessRequest,
  ListEventsRequest,
  type LogRecord,
  ReadTrailRequest,
  TokenCounts,
} from '@ai-switch/contracts';
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
import { event, newTenant, record, START_MS, TestProducer, whole } from './rows.ts';

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
    await new TestProducer(log).access([whole, bare]);
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
    await new TestProducer(log).events([sent]);
    expect(await allEvents(tenant)).toEqual([sent]);
  });

  test.each([1, 3, 100, 201, 1_000])('a batch of %i that is sent twice is stored once', async (size) => {
    const tenant = newTenant();
    const records = Array.from({ length: size }, () => record({ tenant }));
    const events = Array.from({ length: size }, () => event({ tenant }));
    await new TestProducer(log).access(records);
    await Promise.all([
      new TestProducer(log).access(records),
      new TestProducer(log).access(records.toReversed()),
    ]);
    await new TestProducer(log).events(events);
    await new TestProducer(log).events(events);
    expect(await allRecords(tenant)).toEqual(records.toReversed());
    expect(await allEvents(tenant)).toEqual(events.toReversed());
  });

  test('a record that is there already is left as it was', async () => {
    const tenant = newTenant();
    const first = record({ tenant, outcome: 'completed' });
    await new TestProducer(log).access([first]);
    await new TestProducer(log).access([{ ...first, outcome: 'cut' }, record({ tenant })]);
    expect((await allRecords(tenant)).at(-1)).toEqual(first);
  });

  test('an empty batch is nothing', async () => {
    await new TestProducer(log).access([]);
    await new TestProducer(log).events([]);
  });

  test('pages neither repeat nor miss while records arrive', async () => {
    const tenant = newTenant();
    const before = Array.from({ length: 95 }, () => record({ tenant }));
    await new TestProducer(log).access(before);
    const seen: string[] = [];
    let after = '';
    do {
      const arriving = new TestProducer(log).access([record({ tenant }), record({ tenant })]);
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
    await new TestProducer(log).events([event({ tenant }), event({ tenant })]);
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
    await new TestProducer(log).access([mine, twin, colleagues]);
    const [event1, event2] = [event({ tenant: one }), event({ tenant: other })];
    await new TestProducer(log).events([event1, event2]);
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
    await new TestProducer(log).access(records);
    await new TestProducer(log).events([event({ tenant, details, subject: long })]);
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
    ['a record without an id', { requestId: '' }],
    ['an id that is too long', { requestId: 'r'.repeat(129) }],
    ['a tenant that is too long', { tenant: 't'.repeat(129) }],
  ])('%s is kept apart in its place, and the rest of its batch is stored', async (_name, fields) => {
    const tenant = newTenant();
    const unread = async () => (await log.getCompleteness(GetCompletenessRequest.create())).unread;
    const before = await unread();
    const good = record({ tenant });
    const producer = new TestProducer(log);
    await producer.access([good, record({ tenant, ...fields })]);
    expect(await allRecords(tenant)).toEqual([good]);
    expect(await unread()).toBe(before + 1n);
    const { records } = await log.readTrail(
      ReadTrailRequest.create({ producer: producer.producer, epoch: 1n }),
    );
    expect(records.map(({ data }) => data)).toEqual(producer.records.map(({ data }) => data));
  });

  test.each([
    ['a batch over 1,000', 'tooLarge', (sent: LogRecord[]) => sent],
    ['a batch out of order', 'invalid', (sent: LogRecord[]) => sent.slice(0, 2).toReversed()],
    ['a sequence that stands in it twice', 'invalid', ([first]: LogRecord[]) => [first, first]],
    [
      'a hash that is too short',
      'invalid',
      ([first]: LogRecord[]) => [{ ...first, chain: new Uint8Array(31) }],
    ],
    ['a sequence of nothing', 'invalid', ([first]: LogRecord[]) => [{ ...first, sequence: 0n }]],
  ])('%s is refused as a whole', async (_name, code, change) => {
    const tenant = newTenant();
    const producer = new TestProducer(log);
    const entries = Array.from({ length: 1_001 }, () => record({ tenant }));
    const sent = producer.append(entries.map((entry) => ({ type: 'aiswitch.access.v1', record: entry })));
    await expect(producer.send(change(sent) as LogRecord[])).rejects.toMatchObject({ code });
    expect(await allRecords(tenant)).toEqual([]);
  });

  test('a page over 1,000 is refused', async () => {
    const tenant = newTenant();
    const page = { after: '', limit: 1_001 };
    await expect(
      log.listEvents(ListEventsRequest.create({ scope: whole(tenant), page })),
    ).rejects.toMatchObject({ code: 'invalid' });
    await expect(
      log.listAccess(ListAccessRequest.create({ scope: whole(tenant), page: { after: '', limit: -1 } })),
    ).rejects.toMatchObject({ code: 'invalid' });
  });

  test('a page of long rows ends before it is too large for a message, and the next one goes on', async () => {
    const tenant = newTenant();
    const details = Object.fromEntries(
      Array.from({ length: DETAILS_MAX }, (_, index) => [`${index}`, '\u4e2d'.repeat(DETAIL_CHARACTERS_MAX)]),
    );
    const events = Array.from({ length: 60 }, () => event({ tenant, details }));
    for (let at = 0; at < events.length; at += 20)
      await new TestProducer(log).events(events.slice(at, at + 20));
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
    await new TestProducer(log).access(Array.from({ length: 101 }, () => record({ tenant })));
    const { records, nextAfter } = await log.listAccess(
      ListAccessRequest.create({ scope: whole(tenant), page: undefined }),
    );
    expect(records).toHaveLength(100);
    expect(nextAfter).toBe(records.at(-1)?.requestId);
  });
});
