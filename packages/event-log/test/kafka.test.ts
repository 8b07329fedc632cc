// Against a real, current broker. AISWITCH_TEST_KILLS says how often it is killed: once in twelve.

import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import { createLogger } from '@ai-switch/telemetry';
import { type KafkaBroker, startKafka, temporaryFolder, whyNoKafka } from '@ai-switch/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  chainOf,
  inOrder,
  type KafkaBatch,
  type KafkaSource,
  kafkaSink,
  type LogIdentity,
  type LogMessage,
  type LogSink,
  NO_CHAIN,
  openKafkaSource,
  openSpooledLog,
  readMessage,
  type SequencedRecord,
} from '../src/index.ts';
import { nameOf, RecordingSink } from './recording-sink.ts';
import { killCount } from './test-config.ts';

const missing = await whyNoKafka();
const logger = createLogger({ service: 'test', level: 'silent' });
let groups = 0;

/** What a reader of all topics saw, in the order of each partition, with what came twice. */
class Reader {
  readonly seen: { readonly at: string; readonly message: LogMessage }[] = [];
  readonly offsets = new Map<string, bigint>();
  /** How many of the next batches it fails to store. */
  failing = 0;
  #source: KafkaSource | undefined;
  #isClosed = false;

  async open(brokers: readonly string[], group = `test-${process.pid}-${++groups}`): Promise<void> {
    this.#source = await openKafkaSource({
      ...{ brokers, group, logger, replication: 1 },
      offsetOf: async (topic, partition) => this.offsets.get(`${topic}/${partition}`),
      onBatch: async (batch) => this.#take(batch),
      onStopped: () => void this.#openAgain(brokers, group),
    });
  }

  /** As every reader does: a broker that has just started is not ready for a group. */
  async #openAgain(brokers: readonly string[], group: string): Promise<void> {
    await this.#source?.close();
    await sleep(300);
    if (!this.#isClosed) await this.open(brokers, group).catch(() => this.#openAgain(brokers, group));
  }

  #take({ topic, partition, messages, nextOffset }: KafkaBatch): void {
    if (this.failing > 0) {
      this.failing -= 1;
      throw new Error('the database is down');
    }
    const at = `${topic}/${partition}`;
    for (const { value } of messages) this.seen.push({ at, message: readMessage(value.toString()) });
    this.offsets.set(at, nextOffset);
  }

  get lag(): number {
    return [...(this.#source?.lag.values() ?? [])].reduce((sum, each) => sum + each, 0);
  }

  /** The sequences of a log's records, as they came. */
  sequences({ producer, epoch }: LogIdentity): number[] {
    return this.seen.flatMap(({ message: { identity, ...rest } }) => {
      const isOf = identity.producer === producer && identity.epoch === epoch;
      return isOf && 'record' in rest ? [rest.record.sequence] : [];
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#source?.close();
  }
}

/** Records of a log that nobody else has. */
class Producer implements LogIdentity {
  readonly producer = `edge-gateway/${process.pid}-${++groups}`;
  readonly epoch = 1;
  readonly records: SequencedRecord[] = [];

  append(count: number, text = ''): readonly SequencedRecord[] {
    return Array.from({ length: count }, () => {
      const { sequence: last = 0, chain: previous = NO_CHAIN } = this.records.at(-1) ?? {};
      const next = {
        sequence: last + 1,
        type: 'aiswitch.access.v1',
        data: JSON.stringify({ userAgent: text }),
      };
      const chain = chainOf(previous, this, next);
      const record = { ...next, chain, tenant: 'default', atMs: 1_000 };
      this.records.push(record);
      return record;
    });
  }
}

/** As every producer does: again until it is acknowledged. Topics that were just made have no leader yet. */
const again = (send: () => Promise<void>) => vi.waitFor(send, { timeout: 20_000, interval: 100 });

const originalWrite: unknown = Socket.prototype.write;
const PRODUCE = 0;

/** What a request to store records asks for: https://kafka.apache.org/protocol.html#The_Messages_Produce */
function acksIn(request: Buffer): number[] {
  if (request.length < 18 || request.readInt16BE(4) !== PRODUCE) return [];
  const clientIdBytes = request.readInt16BE(12);
  const transactionAt = 14 + clientIdBytes;
  const transactionBytes = Math.max(0, request.readInt16BE(transactionAt));
  return [request.readInt16BE(transactionAt + 2 + transactionBytes)];
}

/** A group that was left without a word waits until its session is over. */
const SLOWLY = { timeout: 40_000 };

const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe.skipIf(missing !== undefined)(`Kafka${missing === undefined ? '' : ` (${missing})`}`, () => {
  let broker: KafkaBroker;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    broker = await startKafka();
  }, 300_000);
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(async () => {
    await broker?.stop();
  }, 60_000);

  const options = () => ({ brokers: [broker.address], replication: 1, logger });
  const openSink = (): LogSink => {
    const sink = kafkaSink(options());
    closing.push(() => sink.close());
    return sink;
  };
  const openReader = async (reader = new Reader(), group?: string): Promise<Reader> => {
    await reader.open([broker.address], group);
    closing.push(() => reader.close());
    return reader;
  };
  test('several processes that come first at once all find their topics, and records keep their order', async () => {
    const sinks = [openSink(), openSink(), openSink()];
    const producers = sinks.map(() => new Producer());
    await Promise.all(
      sinks.map(async (sink, index) => {
        const producer = producers[index] ?? new Producer();
        for (let turn = 0; turn < 5; turn += 1) {
          const records = producer.append(200);
          await again(() => sink.write(producer, records));
        }
      }),
    );
    const reader = await openReader();
    for (const producer of producers) {
      await expect.poll(() => new Set(reader.sequences(producer)).size, SLOWLY).toBe(1_000);
      expect([...new Set(reader.sequences(producer))]).toEqual(oneTo(1_000));
    }
    await expect.poll(() => reader.lag).toBe(0);
  });

  test('what is read is what was written, to the last byte of its hash', async () => {
    const sink = openSink();
    const producer = new Producer();
    const [record] = producer.append(1, 'ä€\u{1f600}"\\\n\u2028\ud800');
    await again(() => sink.write(producer, [record as SequencedRecord]));
    const announcement = { lastSequence: 1, chain: NO_CHAIN, atMs: 2_000, isFinal: true, dropped: 3 };
    await again(() => sink.announce(producer, announcement));
    const reader = await openReader();
    const messages = () =>
      reader.seen
        .map(({ message }) => message)
        .filter(({ identity }) => identity.producer === producer.producer);
    await expect.poll(() => messages().length).toBe(2);
    expect(messages()).toContainEqual({
      identity: { producer: producer.producer, epoch: 1 },
      record: { ...record, chain: Buffer.from(record?.chain ?? []) },
    });
    expect(messages()).toContainEqual({
      identity: { producer: producer.producer, epoch: 1 },
      announcement: { ...announcement, chain: Buffer.from(NO_CHAIN) },
    });
  });

  test('the longest records that a log takes are taken, alone and many at once, in any script', async () => {
    const sink = openSink();
    const producer = new Producer();
    const long = producer.append(3, 'x'.repeat(999_800));
    await again(() => sink.write(producer, long));
    // Three bytes a character: a batch is measured in bytes.
    await sink.write(producer, producer.append(40, '字'.repeat(10_000)));
    const reader = await openReader();
    await expect.poll(() => new Set(reader.sequences(producer)).size).toBe(43);
    expect(reader.sequences(producer)).toEqual(oneTo(43));
  });

  test('every record is asked to be in all replicas that are in sync before it counts', async () => {
    const asked: number[] = [];
    const write = vi.spyOn(Socket.prototype, 'write').mockImplementation(function (
      this: Socket,
      ...args: unknown[]
    ) {
      if (Buffer.isBuffer(args[0])) asked.push(...acksIn(args[0]));
      return Reflect.apply(originalWrite as Socket['write'], this, args);
    });
    try {
      const sink = openSink();
      const producer = new Producer();
      await again(() => sink.write(producer, producer.append(10)));
      const announcement = { lastSequence: 10, chain: NO_CHAIN, atMs: 2_000, isFinal: false, dropped: 0 };
      await again(() => sink.announce(producer, announcement));
    } finally {
      write.mockRestore();
    }
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(new Set(asked)).toEqual(new Set([-1]));
  });

  test('topics that keep fewer copies than they should are refused', async () => {
    const strict = kafkaSink({ ...options(), replication: 3 });
    const producer = new Producer();
    await expect(strict.write(producer, producer.append(1))).rejects.toThrow('fewer than 3 copies');
    await strict.close();
  });

  test('a batch that could not be stored comes again, and one that was stored does not', async () => {
    const sink = openSink();
    const producer = new Producer();
    const first = producer.append(50);
    await again(() => sink.write(producer, first));
    const group = `test-${process.pid}-${++groups}`;
    const reader = new Reader();
    reader.failing = 2;
    await openReader(reader, group);
    await expect.poll(() => reader.sequences(producer), SLOWLY).toEqual(oneTo(50));
    await reader.close();
    const seen = reader.seen.length;
    await sink.write(producer, producer.append(50));
    await openReader(reader, group);
    await expect.poll(() => reader.sequences(producer), SLOWLY).toEqual(oneTo(100));
    expect(reader.seen.length).toBe(seen + 50);
  }, 90_000);

  test('while Kafka is away records go to the inbox, and to Kafka again when it is back', async () => {
    using place = temporaryFolder();
    const inbox = new RecordingSink();
    const kafka = openSink();
    let kafkaWrites = 0;
    const watched: LogSink = {
      ...kafka,
      write: (identity, records) => {
        kafkaWrites += 1;
        return kafka.write(identity, records);
      },
    };
    const sink = inOrder([watched, inbox], logger, { restMs: 300 });
    const log = await openSpooledLog({ folder: `${place.path}/log`, service: 'edge-gateway', sink, logger });
    let written = 0;
    const write = async (count: number) => {
      for (let index = 0; index < count; index += 1) {
        written += 1;
        if (index % 10 === 0) {
          await log.audit(AuditEvent.create({ eventId: `e${written}`, tenant: 'default', atMs: 1_000n }));
        } else {
          log.access(
            AccessRecord.create({ requestId: `r${written}`, tenant: 'default', startedAtMs: 1_000n }),
          );
        }
      }
    };
    const emptied = () => expect.poll(() => log.depth, SLOWLY).toBe(0);
    const inInbox = () => inbox.logs.get(nameOf(log.identity)) ?? new Map<number, SequencedRecord>();
    await write(100);
    await emptied();
    expect(inInbox().size).toBe(0);

    await broker.kill();
    await write(100);
    await emptied();
    expect(inInbox().size).toBeGreaterThanOrEqual(100);
    // Many batches later it was asked a few times only.
    const askedBefore = kafkaWrites;
    for (let batch = 0; batch < 20; batch += 1) {
      await write(5);
      await emptied();
    }
    expect(kafkaWrites - askedBefore).toBeLessThan(8);

    await broker.restart();
    await expect
      .poll(
        async () => {
          const before = inInbox().size;
          await write(5);
          await emptied();
          return inInbox().size === before;
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBe(true);
    await write(50);
    await log.close(10_000);

    const reader = await openReader();
    const { identity } = log;
    const everywhere = () => new Set([...inInbox().keys(), ...reader.sequences(identity)]);
    await expect.poll(() => everywhere().size, SLOWLY).toBe(written);
    expect([...everywhere()].sort((one, other) => one - other)).toEqual(oneTo(written));
  }, 180_000);

  test(
    'a broker that was killed under load has every record that it acknowledged, and the log sends the others',
    async () => {
      using place = temporaryFolder();
      const log = await openSpooledLog({
        ...{ folder: `${place.path}/log`, service: 'edge-gateway', logger },
        sink: openSink(),
      });
      let written = 0;
      let isOver = false;
      const writing = (async () => {
        while (!isOver) {
          written += 1;
          const eventId = `e${written}`;
          await log.audit(AuditEvent.create({ eventId, tenant: 'default', atMs: 1_000n }));
        }
      })();
      for (let kill = 0; kill < killCount() / 12; kill += 1) {
        await expect.poll(() => log.depth, { timeout: 60_000 }).toBeLessThan(50);
        await broker.kill();
        await broker.restart();
      }
      isOver = true;
      await writing;
      await expect.poll(() => log.depth, { timeout: 60_000 }).toBe(0);
      await log.close(10_000);
      const reader = await openReader();
      await expect.poll(() => new Set(reader.sequences(log.identity)).size, SLOWLY).toBe(written);
      // Some come twice, and each that comes for the first time comes in its turn, by topic.
      const firsts = [...new Set(reader.sequences(log.identity))];
      expect(firsts).toEqual(oneTo(written));
    },
    60 * 60_000,
  );
});
