import {
  type AuditLog,
  GetCompletenessRequest,
  ListRootsRequest,
  SumUsageRequest,
  TokenCounts,
  UsageGroup,
} from '@ai-switch/contracts';
import { NO_CHAIN } from '@ai-switch/event-log';
import { databases, type FreshDatabase } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AuditLogOptions, type OpenAuditLog, openAuditLog } from '../src/index.ts';
import { DAY_MS, event, newTenant, record, START_MS, TestProducer, whole } from './rows.ts';
import { newSigner, verify } from './trail-source.ts';

const CLEAN = { faults: [], faultCount: 0, missing: 0, unproven: 0 };

describe.each(databases)('the trail on $name', (database) => {
  const signer = newSigner();
  let fresh: FreshDatabase;
  let opened: OpenAuditLog;
  let log: AuditLog;
  let nowMs: number;

  beforeEach(async () => {
    nowMs = START_MS;
    fresh = await database.create();
    await open({ signer });
  });
  afterEach(async () => {
    await opened.close();
    await fresh.drop();
  });

  async function open(options: Partial<AuditLogOptions>) {
    opened = await openAuditLog({ databaseUrl: fresh.url, clock: { nowMs: () => nowMs }, ...options });
    log = opened.auditLog;
  }

  const completeness = async (producer: TestProducer) => {
    const { logs } = await log.getCompleteness(GetCompletenessRequest.create());
    return logs.find((each) => each.producer === producer.producer && each.epoch === BigInt(producer.epoch));
  };
  const requests = (count: number, fields = {}) =>
    Array.from({ length: count }, () => ({
      type: 'aiswitch.access.v1' as const,
      record: record({ tenant: 't', usage: TokenCounts.create({ input: 1n }), ...fields }),
    }));

  test('records in any order, twice and by pieces are stored once, and their chain holds', async () => {
    const producer = new TestProducer(log);
    const sent = producer.append(requests(60));
    await producer.send(sent.slice(30, 40));
    await producer.send(sent.slice(0, 10));
    await producer.send(sent.slice(5, 35));
    await producer.send(sent.filter((_, index) => index % 2 === 0));
    await Promise.all([producer.send(sent), producer.send(sent)]);
    await producer.announce();
    expect(await completeness(producer)).toMatchObject({ lastSequence: 60n, stored: 60n, missing: [] });
    expect(await verify(log, signer)).toMatchObject({ ...CLEAN, logs: 1, records: 60 });
    const span = { fromMs: BigInt(START_MS - DAY_MS), untilMs: BigInt(START_MS + DAY_MS) };
    const { sums } = await log.sumUsage(
      SumUsageRequest.create({ scope: whole('t'), group: UsageGroup.HOUR, ...span }),
    );
    expect(sums.reduce((sum, { requests: count }) => sum + count, 0n)).toBe(60n);
  });

  test('a record that comes again under a new epoch counts once in the sums', async () => {
    const tenant = newTenant();
    const entries = requests(3, { tenant });
    const first = new TestProducer(log);
    await first.send(first.append(entries));
    const second = new TestProducer(log, 2, first.producer);
    await second.send(second.append([...entries, ...requests(1, { tenant })]));
    const span = { fromMs: BigInt(START_MS - DAY_MS), untilMs: BigInt(START_MS + DAY_MS) };
    const { sums } = await log.sumUsage(
      SumUsageRequest.create({ scope: whole(tenant), group: UsageGroup.USER, ...span }),
    );
    expect(sums).toMatchObject([{ requests: 4n, usage: { input: 4n } }]);
    expect(await verify(log, signer)).toMatchObject({ ...CLEAN, logs: 2, records: 7 });
  });

  test('what does not come is missing after a minute, and no more once it comes', async () => {
    const producer = new TestProducer(log);
    const sent = producer.append(requests(10));
    await producer.send([...sent.slice(0, 3), ...sent.slice(5, 8)]);
    await producer.announce();
    expect(await completeness(producer)).toMatchObject({
      lastSequence: 10n,
      stored: 6n,
      missing: [],
      missingCount: 0n,
    });
    nowMs += 60_000;
    expect(await completeness(producer)).toMatchObject({
      missing: [
        { first: 4n, last: 5n },
        { first: 9n, last: 10n },
      ],
      missingCount: 4n,
    });
    expect(await verify(log, signer)).toMatchObject({ faults: [], missing: 4, unproven: 1 });
    await producer.send(sent.slice(3, 4));
    expect(await completeness(producer)).toMatchObject({ stored: 7n, missingCount: 3n });
    await producer.send(sent);
    expect(await completeness(producer)).toMatchObject({ stored: 10n, missing: [], missingCount: 0n });
    expect(await verify(log, signer)).toMatchObject(CLEAN);
  });

  test('a sequence that is there with another hash is refused as a conflict, and so is what was sent with it', async () => {
    const producer = new TestProducer(log);
    await producer.send(producer.append(requests(5)));
    const other = new TestProducer(log, producer.epoch, producer.producer);
    const sent = other.append(requests(7));
    await expect(other.send(sent)).rejects.toMatchObject({ code: 'conflict' });
    await expect(other.announce()).resolves.toBeUndefined();
    expect(await completeness(producer)).toMatchObject({ stored: 5n, lastSequence: 7n });
  });

  test('an announcement of another hash is refused as a conflict', async () => {
    const producer = new TestProducer(log);
    await producer.send(producer.append(requests(5)));
    const announcement = { producer: producer.producer, epoch: 1n, atMs: 1n, isFinal: false, dropped: 0n };
    const call = log.announce({ ...announcement, lastSequence: 5n, chain: NO_CHAIN });
    await expect(call).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a root vouches for what had come, holds the signature of the one before and is signed once an hour', async () => {
    const producer = new TestProducer(log);
    await producer.send(producer.append(requests(3)));
    await opened.signRoot();
    await producer.send(producer.append(requests(3)));
    await opened.signRoot();
    const { roots, publicKey } = await log.listRoots(ListRootsRequest.create());
    expect(roots.map(({ number }) => number)).toEqual([1n, 2n]);
    const [first, second] = roots.map(({ statement }) => JSON.parse(statement));
    expect(second.previous).toBe(Buffer.from(roots[0]?.signature ?? []).toString('base64'));
    expect(first.previous).toBe('');
    expect(publicKey).toBe(signer.publicKey);
    expect(await verify(log, signer)).toMatchObject({ ...CLEAN, roots: 2, records: 6 });
  });

  test('the trail of what is left holds after old records went, up to the newest', async () => {
    const producer = new TestProducer(log);
    await producer.send(producer.append(requests(700, { startedAtMs: BigInt(START_MS) })));
    await opened.signRoot();
    await producer.send(producer.append(requests(5, { startedAtMs: BigInt(START_MS + 50 * DAY_MS) })));
    nowMs = START_MS + 100 * DAY_MS;
    expect(await opened.sweep()).toBe(700);
    expect(await completeness(producer)).toMatchObject({ stored: 705n, deletedSequence: 700n });
    expect(await verify(log, signer)).toMatchObject({ ...CLEAN, records: 5 });
    nowMs = START_MS + 200 * DAY_MS;
    await opened.sweep();
    expect(await verify(log, signer)).toMatchObject({ ...CLEAN, records: 0 });
    await producer.send(producer.append(requests(2)));
    expect(await verify(log, signer)).toMatchObject({ ...CLEAN, records: 2 });
  });

  test('a trail that is written, swept and signed while it is read has no faults', async () => {
    const producers = Array.from({ length: 3 }, () => new TestProducer(log));
    let isOver = false;
    const writers = producers.map(async (producer) => {
      for (let round = 0; !isOver; round += 1) {
        const startedAtMs = BigInt(START_MS - (round % 3 === 0 ? 89 : 0) * DAY_MS);
        const sent = producer.append(requests(7, { startedAtMs }));
        await producer.send(sent.slice(3));
        await producer.send(sent.slice(0, 5));
        await producer.announce({ atMs: START_MS + round });
        if (round % 5 === 0) await opened.signRoot();
        if (round % 7 === 6) nowMs += DAY_MS / 4;
        if (round % 7 === 6) await opened.sweep();
      }
    });
    for (let round = 0; round < 15; round += 1) {
      expect((await verify(log, signer)).faults).toEqual([]);
    }
    isOver = true;
    await Promise.all(writers);
    expect(await verify(log, signer)).toMatchObject(CLEAN);
  });

  test('a new key signs on, and the trail holds with both public halves', async () => {
    const producer = new TestProducer(log);
    await producer.send(producer.append(requests(3)));
    await opened.signRoot();
    await opened.close();
    const next = newSigner(signer.publicKey);
    await expect(open({ signer: newSigner() })).rejects.toThrow(/signed with the key/);
    await expect(open({})).rejects.toThrow(/the audit trail is signed/);
    await open({ signer: next });
    expect(await verify(log, next)).toMatchObject(CLEAN);
    const later = new TestProducer(log);
    await later.send(later.append(requests(3)));
    await opened.signRoot();
    expect(await verify(log, next)).toMatchObject({ ...CLEAN, records: 6, roots: 2 });
    expect((await verify(log, signer)).faultCount).toBeGreaterThan(0);
  });

  test('a trail that nobody signed is signed as it stands once there is a key', async () => {
    await opened.close();
    await fresh.drop();
    fresh = await database.create();
    await open({});
    const producer = new TestProducer(log);
    await producer.send(producer.append(requests(3)));
    expect((await verify(log, signer)).faults).not.toEqual([]);
    await opened.close();
    await open({ signer });
    expect(await verify(log, signer)).toMatchObject({ ...CLEAN, records: 3 });
  });

  test('an unreadable record, one with fields of a newer version and one that is too long stand in the trail as they came', async () => {
    const producer = new TestProducer(log);
    const data = JSON.stringify({ requestId: 'req_newer', tenant: 't', colour: 'red' });
    await producer.send([
      producer.appendData('aiswitch.access.v1', '{"requestId":7}'),
      producer.appendData('aiswitch.access.v1', data),
      producer.appendData('aiswitch.later.v1', 'text with a \0 in it'),
      ...producer.append([
        { type: 'aiswitch.audit.v1', record: event({ tenant: 't', subject: 's'.repeat(5_000) }) },
      ]),
    ]);
    expect((await log.getCompleteness(GetCompletenessRequest.create())).unread).toBe(2n);
    expect(await verify(log, signer)).toMatchObject({ ...CLEAN, records: 4 });
  });
});
