// AISWITCH_TEST_KILLS says how often the consumer is killed on each database.

import { setTimeout as delay } from 'node:timers/promises';
import {
  type AuditLog,
  GetCompletenessRequest,
  ReadTrailRequest,
  SumUsageRequest,
  TokenCounts,
  UsageGroup,
} from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import {
  chainOf,
  dataOf,
  kafkaSink,
  type LogSink,
  NO_CHAIN,
  type SequencedRecord,
} from '@ai-switch/event-log';
import { createLogger } from '@ai-switch/telemetry';
import {
  databases,
  type FreshDatabase,
  type KafkaBroker,
  startKafka,
  startProcess,
  whyNoKafka,
} from '@ai-switch/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type OpenAuditLog, openAuditLog } from '../src/index.ts';
import { migrations } from '../src/migrations/index.ts';
import type { AuditSchema } from '../src/schema.ts';
import { DAY_MS, newTenant, record, START_MS, whole } from './rows.ts';
import { killCount } from './test-config.ts';
import { newSigner, verify } from './trail-source.ts';

const missing = await whyNoKafka();
const logger = createLogger({ service: 'test', level: 'silent' });
const signer = newSigner();
let groups = 0;

/** Only a failure waits so long. */
const SOON = { timeout: 60_000 };
const SEND_EVERY_MS = 50;
const SEND_AGAIN = { timeout: 20_000, interval: 100 };

/** A producer whose records go through the broker. */
class KafkaProducer {
  readonly producer: string;
  readonly epoch = 1;
  readonly tenant: string;
  readonly records: SequencedRecord[] = [];
  readonly #sink: LogSink;

  constructor(sink: LogSink, twin?: KafkaProducer) {
    this.#sink = sink;
    this.producer = twin?.producer ?? `edge-gateway/${process.pid}-${++groups}`;
    this.tenant = twin?.tenant ?? newTenant();
  }

  append(count: number): readonly SequencedRecord[] {
    return Array.from({ length: count }, () => {
      const usage = TokenCounts.create({ input: 1n });
      const entry = { type: 'aiswitch.access.v1' as const, record: record({ tenant: this.tenant, usage }) };
      return this.appendData(dataOf(entry));
    });
  }

  appendData(data: string, type = 'aiswitch.access.v1'): SequencedRecord {
    const last = this.records.at(-1);
    const next = { sequence: (last?.sequence ?? 0) + 1, type, data };
    const chain = chainOf(last?.chain ?? NO_CHAIN, this, next);
    const appended = { ...next, chain, tenant: this.tenant, atMs: START_MS };
    this.records.push(appended);
    return appended;
  }

  /** Again until it is acknowledged, as every producer does. */
  async send(records: readonly SequencedRecord[]): Promise<void> {
    await vi.waitFor(() => this.#sink.write(this, records), SEND_AGAIN);
  }

  async announce(): Promise<void> {
    const { sequence: lastSequence = 0, chain = new Uint8Array() } = this.records.at(-1) ?? {};
    const announcement = { lastSequence, chain, atMs: START_MS, isFinal: false, dropped: 0 };
    await vi.waitFor(() => this.#sink.announce(this, announcement), SEND_AGAIN);
  }
}

describe.skipIf(missing !== undefined)(
  `records that come by Kafka${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    let broker: KafkaBroker;
    let sink: LogSink;

    beforeAll(async () => {
      broker = await startKafka();
      sink = kafkaSink({ brokers: [broker.address], replication: 1, logger });
    }, 300_000);
    afterAll(async () => {
      await sink?.close();
      await broker?.stop();
    }, 60_000);

    describe.each(databases)('on $name', (database) => {
      let fresh: FreshDatabase;
      let opened: OpenAuditLog | undefined;

      beforeEach(async () => {
        fresh = await database.create();
      });
      afterEach(async () => {
        await opened?.close();
        opened = undefined;
        await fresh.drop();
      });

      const group = () => `test-${process.pid}-${++groups}`;
      const open = async (): Promise<AuditLog> => {
        const kafka = { brokers: [broker.address], replication: 1, group: group(), logger };
        opened = await openAuditLog({ databaseUrl: fresh.url, logger, signer, kafka });
        return opened.auditLog;
      };
      const storedOf = async (log: AuditLog, { producer, epoch }: KafkaProducer) => {
        const { logs } = await log.getCompleteness(
          GetCompletenessRequest.create({ page: { after: '', limit: 1_000 } }),
        );
        return Number(
          logs.find((each) => each.producer === producer && each.epoch === BigInt(epoch))?.stored ?? 0n,
        );
      };
      const countedOf = async (log: AuditLog, { tenant }: KafkaProducer) => {
        const span = { fromMs: BigInt(START_MS - DAY_MS), untilMs: BigInt(START_MS + DAY_MS) };
        const { sums } = await log.sumUsage(
          SumUsageRequest.create({ scope: whole(tenant), group: UsageGroup.USER, ...span }),
        );
        return sums.reduce((sum, { requests }) => sum + Number(requests), 0);
      };

      test('they are stored once, though they come twice and by the port as well', {
        timeout: 120_000,
      }, async () => {
        const log = await open();
        const producer = new KafkaProducer(sink);
        const sent = producer.append(500);
        await producer.send(sent.slice(200));
        await producer.send(sent);
        await log.ingest({
          ...{ producer: producer.producer, epoch: 1n },
          records: sent.slice(100, 300).map((each) => ({ ...each, sequence: BigInt(each.sequence) })),
        });
        await producer.announce();
        await expect.poll(() => storedOf(log, producer), SOON).toBe(500);
        expect(await countedOf(log, producer)).toBe(500);
        expect((await verify(log, signer)).faults).toEqual([]);
      });

      test('what cannot be read keeps its place, what has none is kept apart, and both are in the dead-letter topic', {
        timeout: 120_000,
      }, async () => {
        const producer = new KafkaProducer(sink);
        const other = new KafkaProducer(sink, producer);
        await producer.send([
          ...producer.append(2),
          producer.appendData('{"requestId":7}'),
          ...producer.append(1),
        ]);
        // No JSON: nobody knows whose it is.
        await producer.send([{ ...producer.appendData('{"cut'), type: 'aiswitch.audit.v1' }]);
        await other.send(other.append(1));
        const log = await open();
        await expect.poll(() => storedOf(log, producer), SOON).toBe(4);
        const { records } = await log.readTrail(
          ReadTrailRequest.create({ producer: producer.producer, epoch: 1n }),
        );
        expect(records.map(({ data }) => data)).toContain('{"requestId":7}');
        const inspected = await openDatabase<AuditSchema>({ url: fresh.url, schema: 'audit', migrations });
        try {
          const letters = () => inspected.kysely.selectFrom('dead_letters').selectAll().execute();
          await vi.waitFor(async () => {
            const found = (await letters()).map(({ bytes }) => Buffer.from(bytes, 'base64').toString());
            expect(
              found.filter((text) => text.includes(producer.producer) && text.includes('"data":{"cut')),
            ).toHaveLength(1);
            expect(found.filter((text) => text.includes(other.records[0]?.data ?? ''))).toHaveLength(1);
          }, SOON);
          await vi.waitFor(async () => {
            expect((await letters()).every(({ is_published }) => is_published === 1n)).toBe(true);
            const unread = await inspected.kysely.selectFrom('unread_records').selectAll().execute();
            expect(unread.every(({ is_published }) => is_published === 1n)).toBe(true);
          }, SOON);
        } finally {
          await inspected.close();
        }
      });

      test('a consumer that starts before its broker reads once there is one', {
        timeout: 90_000,
      }, async () => {
        const producer = new KafkaProducer(sink);
        await producer.send(producer.append(10));
        await broker.kill();
        const log = await open();
        expect(await storedOf(log, producer)).toBe(0);
        await broker.restart();
        await expect.poll(() => storedOf(log, producer), SOON).toBe(10);
      });

      test('a consumer that is killed as its rows are committed stores each record once', {
        timeout: 30 * 60_000,
      }, async () => {
        const producers = [1, 2, 3].map(() => new KafkaProducer(sink));
        await (await openAuditLog({ databaseUrl: fresh.url, logger })).close();
        const inspected = await openDatabase<AuditSchema>({ url: fresh.url, schema: 'audit', migrations });
        const offsets = async () => {
          const rows = await inspected.kysely.selectFrom('kafka_offsets').select('next_offset').execute();
          return rows.reduce((sum, { next_offset }) => sum + next_offset, 0n);
        };
        let isOver = false;
        const sending = producers.map(async (producer) => {
          while (!isOver) {
            const sent = producer.append(20);
            await producer.send(sent);
            // As a producer does that got no answer.
            await producer.send(sent.slice(5));
            await producer.announce();
            await delay(SEND_EVERY_MS);
          }
        });
        for (let kill = 0; kill < killCount(); kill += 1) {
          const before = await offsets();
          const args = [fresh.url, broker.address, group()];
          const consumer = startProcess('services/audit-consumer/test/consumer-process.ts', { args });
          const isReading = async () => {
            if (!(await offsets().then((now) => now > before)))
              throw new Error(`it does not read: ${consumer.stderr}`);
          };
          await vi.waitFor(isReading, { timeout: 60_000, interval: 2 });
          consumer.kill('SIGKILL');
          await consumer.ended();
        }
        isOver = true;
        await Promise.all(sending);
        await inspected.close();
        const log = await open();
        for (const producer of producers) {
          await expect.poll(() => storedOf(log, producer), SOON).toBe(producer.records.length);
          expect(await countedOf(log, producer)).toBe(producer.records.length);
        }
        const { faults } = await verify(log, signer);
        const names = producers.map(({ producer }) => producer);
        expect(faults.filter(({ producer }) => names.includes(producer))).toEqual([]);
      });
    });
  },
);
