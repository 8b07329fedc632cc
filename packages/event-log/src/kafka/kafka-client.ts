// The one place that knows which client speaks to Kafka, with the consumer and the sink beside it.

import type { Logger } from '@ai-switch/telemetry';
import { type AdminConfig, Kafka, logLevel } from 'kafkajs';
import { RECORD_TYPES } from '../data.ts';

/** Records that nobody could read, with their bytes. */
export const DEAD_LETTER_TOPIC = 'aiswitch.dead-letter.v1';

export interface KafkaOptions {
  /** `host:port` of some brokers. */
  readonly brokers: readonly string[];
  readonly logger: Logger;
  /** Of topics that are made; one that is there is left as it is. */
  readonly partitions?: number;
  /** Copies of each record; all but one must have it before it counts. */
  readonly replication?: number;
  /** Files for TLS towards the brokers: of the authority, and of the client if they want to know it. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

const CONNECT_MS = 2_000;
const REQUEST_MS = 5_000;
const PARTITIONS = 6;
const REPLICATION = 3;

export function kafkaClient({ brokers, logger, tls }: KafkaOptions, name: string): Kafka {
  return new Kafka({
    clientId: `ai-switch-${name}`,
    brokers: [...brokers],
    connectionTimeout: CONNECT_MS,
    authenticationTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    // Who calls knows better when to try again.
    retry: { retries: 1, initialRetryTime: 100, maxRetryTime: 500 },
    ...(tls !== undefined && { ssl: { ca: [tls.ca], cert: tls.cert, key: tls.key } }),
    logLevel: logLevel.WARN,
    // What fails is an error of the call as well; here it is a hint for who looks closer.
    logCreator:
      () =>
      ({ log: { message } }) =>
        logger.debug({ message }, 'kafka'),
  });
}

/** Makes the topics that are not there yet. */
export async function ensureTopics(kafka: Kafka, options: KafkaOptions): Promise<void> {
  const { partitions = PARTITIONS, replication = REPLICATION } = options;
  const retry: AdminConfig = { retry: { retries: 2, initialRetryTime: 200 } };
  const admin = kafka.admin(retry);
  await admin.connect();
  try {
    const known = new Set(await admin.listTopics());
    const missing = [...RECORD_TYPES, DEAD_LETTER_TOPIC].filter((topic) => !known.has(topic));
    if (missing.length === 0) return;
    const inSync = String(Math.max(1, replication - 1));
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map((topic) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: replication,
        configEntries: [{ name: 'min.insync.replicas', value: inSync }],
      })),
    });
  } finally {
    await admin.disconnect();
  }
}
