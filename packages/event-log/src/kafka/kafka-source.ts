// Messages out of Kafka, batch by batch, from where the reader says that it is. The group only shares the partitions among
// readers: how far each is stands with what it stored, in the same transaction, and not in the broker.

import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { RECORD_TYPES } from '../data.ts';
import { DEAD_LETTER_TOPIC, ensureTopics, type KafkaOptions, kafkaClient } from './kafka-client.ts';

export interface KafkaBatch {
  readonly topic: string;
  readonly partition: number;
  /** Of the first message, and the one after the last. */
  readonly offset: bigint;
  readonly nextOffset: bigint;
  readonly messages: readonly { readonly offset: bigint; readonly key: string; readonly value: Buffer }[];
}

export interface KafkaSourceOptions extends KafkaOptions {
  readonly group: string;
  /** Where to read on; undefined for a partition that was never read. */
  readonly offsetOf: (topic: string, partition: number) => Promise<bigint | undefined>;
  /** Stores a batch and the offset behind it. When it rejects, the batch comes again. */
  readonly onBatch: (batch: KafkaBatch) => Promise<void>;
  /** It reads no more: the broker is gone, or was not ready. Whoever wants to read on opens another. */
  readonly onStopped: (error: Error) => void;
}

export interface KafkaSource {
  /** Keeps a message that cannot be read, with its bytes. */
  deadLetter(this: void, value: Buffer, headers: Readonly<Record<string, string>>): Promise<void>;
  /** How many messages of a partition are not read yet, by `<topic>/<partition>`. */
  readonly lag: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2_000;
const WAIT_MS = 250;
/** How long a new partition may go unseen. */
const METADATA_MS = 30_000;
const BATCH_RETRIES = 5;
/** Of one partition at once: what is read is stored in one transaction, and an end waits for it. */
const BYTES_MAX = 1024 * 1024;

/** @throws when no broker answers */
export async function openKafkaSource(options: KafkaSourceOptions): Promise<KafkaSource> {
  const kafka = kafkaClient(options, 'consumer');
  await ensureTopics(kafka, options);
  const letters = kafka.producer({ allowAutoTopicCreation: false });
  const lag = new Map<string, number>();
  const consumer = consumerOf(kafka, options);
  const close = async () => {
    await consumer.disconnect();
    await letters.disconnect();
  };
  try {
    await letters.connect();
    await consumer.connect();
    await consumer.subscribe({ topics: [...RECORD_TYPES], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        await readBatch(payload, options);
        lag.set(`${payload.batch.topic}/${payload.batch.partition}`, Number(payload.batch.offsetLag()));
      },
    });
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
  return {
    lag,
    deadLetter: async (value, headers) => {
      await letters.send({
        topic: DEAD_LETTER_TOPIC,
        acks: -1,
        messages: [{ value, headers: { ...headers } }],
      });
    },
    close,
  };
}

function consumerOf(kafka: Kafka, options: KafkaSourceOptions): Consumer {
  const consumer = kafka.consumer({
    groupId: options.group,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: WAIT_MS,
    maxBytesPerPartition: BYTES_MAX,
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MS,
    retry: {
      ...{ retries: BATCH_RETRIES, initialRetryTime: 300, maxRetryTime: 5_000 },
      // The client begins anew after some errors only, and stands still for ever after others.
      restartOnFailure: async () => false,
    },
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => options.onStopped(payload.error));
  seekToStored(consumer, options);
  return consumer;
}

async function readBatch(
  { batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload,
  { onBatch }: KafkaSourceOptions,
): Promise<void> {
  const { topic, partition } = batch;
  const messages = batch.messages.map(({ offset, key, value }) => ({
    offset: BigInt(offset),
    key: key?.toString() ?? '',
    value: value ?? Buffer.alloc(0),
  }));
  const first = messages[0];
  const last = messages.at(-1);
  if (first === undefined || last === undefined || !isRunning() || isStale()) return;
  await onBatch({ topic, partition, offset: first.offset, nextOffset: last.offset + 1n, messages });
  resolveOffset(String(last.offset));
  await heartbeat();
}

/** Whenever the group gives this reader partitions, it goes to where its own store says that it is. */
function seekToStored(consumer: Consumer, { offsetOf, logger }: KafkaSourceOptions): void {
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
      for (const partition of partitions) {
        offsetOf(topic, partition).then(
          (offset) => {
            if (offset !== undefined) consumer.seek({ topic, partition, offset: String(offset) });
          },
          (error: unknown) =>
            logger.error({ err: error, topic, partition }, 'where to read on cannot be read'),
        );
      }
    }
  });
}
