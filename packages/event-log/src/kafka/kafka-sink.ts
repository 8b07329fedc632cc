// Records into Kafka. Each is acknowledged by every replica in sync, or not at all. The broker may keep one twice when an answer
// was lost: who reads tells them by producer, epoch and sequence.

import type { Message, Producer } from 'kafkajs';
import type { LogIdentity } from '../chain.ts';
import { announcementMessage, recordMessage } from '../envelope.ts';
import type { LogSink, SequencedRecord } from '../event-log.ts';
import { ensureTopics, type KafkaOptions, kafkaClient } from './kafka-client.ts';

/** Every replica in sync. Anything less would acknowledge what a broker's end can lose. */
const ALL_IN_SYNC = -1;
/** Brokers take a mebibyte at once unless told otherwise; a longer record goes alone. */
const SEND_BYTES_MAX = 800_000;
const AUDIT_TOPIC = 'aiswitch.audit.v1';

export function kafkaSink(options: KafkaOptions): LogSink {
  let connecting: Promise<Producer> | undefined;

  const connected = (): Promise<Producer> => {
    connecting ??= connect(options).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  /** A producer that failed is not asked again: its connection may be to a broker that is gone. */
  const forget = async () => {
    const failed = connecting;
    connecting = undefined;
    await failed?.then((producer) => producer.disconnect()).catch(() => {});
  };
  const send = async (topic: string, messages: Message[]) => {
    const producer = await connected();
    try {
      await producer.send({ topic, messages, acks: ALL_IN_SYNC });
    } catch (error) {
      void forget();
      throw error;
    }
  };

  return {
    name: 'kafka',
    write: async (identity, records) => {
      for (const { topic, messages } of batchesOf(identity, records)) await send(topic, messages);
    },
    announce: async (identity, announcement) => {
      await send(AUDIT_TOPIC, [
        { key: identity.producer, value: announcementMessage(identity, announcement) },
      ]);
    },
    close: forget,
  };
}

async function connect(options: KafkaOptions): Promise<Producer> {
  const kafka = kafkaClient(options, 'producer');
  await ensureTopics(kafka, options);
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    return producer;
  } catch (error) {
    await producer.disconnect().catch(() => {});
    throw error;
  }
}

interface Batch {
  readonly topic: string;
  readonly messages: Message[];
}

/** By topic, each in the order of the log, and no more at once than a broker takes. */
function batchesOf(identity: LogIdentity, records: readonly SequencedRecord[]): Batch[] {
  const open = new Map<string, { readonly messages: Message[]; bytes: number }>();
  const batches: Batch[] = [];
  for (const record of records) {
    const { type: topic, tenant: key } = record;
    const value = recordMessage(identity, record);
    const bytes = Buffer.byteLength(value);
    let current = open.get(topic);
    if (current === undefined || current.bytes + bytes > SEND_BYTES_MAX) {
      current = { messages: [], bytes: 0 };
      open.set(topic, current);
      batches.push({ topic, messages: current.messages });
    }
    current.messages.push({ key, value });
    current.bytes += bytes;
  }
  return batches;
}
