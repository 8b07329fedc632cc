// Records into Kafka. Each is acknowledged by every replica in sync, or not at all. The broker may keep one twice when an answer
// was lost: who reads tells them by producer, epoch and sequence.

import type { Message, Producer } from 'kafkajs';
import { announcementMessage, recordMessage } from '../envelope.ts';
import type { LogSink, SequencedRecord } from '../event-log.ts';
import { ensureTopics, type KafkaOptions, kafkaClient } from './kafka-client.ts';

/** Every replica in sync. Anything less would acknowledge what a broker's end can lose. */
const ALL_IN_SYNC = -1;
/** Brokers take a mebibyte at once unless told otherwise. */
const SEND_CHARACTERS_MAX = 400_000;
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
      for (const { topic, batch } of batchesOf(records)) {
        await send(
          topic,
          batch.map((record) => ({ key: record.tenant, value: recordMessage(identity, record) })),
        );
      }
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
  await producer.connect();
  return producer;
}

/** By topic, and no more at once than a broker takes. */
function batchesOf(records: readonly SequencedRecord[]): { topic: string; batch: SequencedRecord[] }[] {
  const open = new Map<string, { batch: SequencedRecord[]; characters: number }>();
  const batches: { topic: string; batch: SequencedRecord[] }[] = [];
  for (const record of records) {
    let current = open.get(record.type);
    if (current === undefined || current.characters + record.data.length > SEND_CHARACTERS_MAX) {
      current = { batch: [], characters: 0 };
      open.set(record.type, current);
      batches.push({ topic: record.type, batch: current.batch });
    }
    current.batch.push(record);
    current.characters += record.data.length;
  }
  return batches;
}
