// The one place that knows which client speaks to Kafka, with the consumer and the sink beside it.

import type { Logger } from '@ai-switch/telemetry';
// Node does not see all names that this CommonJS package exports.
import kafkajs, { type Admin, type AdminConfig, Kafka, logLevel } from 'kafkajs';
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

/**
 * Makes the topics that are not there yet.
 * @throws Error when one that is there keeps less copies than it should: a record that Kafka acknowledged could be lost
 */
export async function ensureTopics(kafka: Kafka, options: KafkaOptions): Promise<void> {
  const { partitions = PARTITIONS, replication = REPLICATION } = options;
  const retry: AdminConfig = { retry: { retries: 2, initialRetryTime: 200 } };
  const admin = kafka.admin(retry);
  await admin.connect();
  try {
    const topics = [...RECORD_TYPES, DEAD_LETTER_TOPIC];
    const missing = await missingOf(admin, topics);
    if (missing.length > 0) {
      const configEntries = [{ name: 'min.insync.replicas', value: String(inSyncOf(replication)) }];
      const create = admin.createTopics({
        waitForLeaders: true,
        topics: missing.map((topic) => {
          return { topic, numPartitions: partitions, replicationFactor: replication, configEntries };
        }),
      });
      // Another process may make them at the same time.
      await create.catch(async (error: unknown) => {
        if ((await missingOf(admin, topics)).length > 0) throw error;
      });
    }
    await checkCopies(admin, topics, replication);
  } finally {
    await admin.disconnect();
  }
}

/** All but one of the copies, so that one broker may be away. */
function inSyncOf(replication: number): number {
  return Math.max(1, replication - 1);
}

async function missingOf(admin: Admin, topics: readonly string[]): Promise<string[]> {
  const known = new Set(await admin.listTopics());
  return topics.filter((topic) => !known.has(topic));
}

async function checkCopies(admin: Admin, topics: readonly string[], replication: number): Promise<void> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
  const few = found.find(({ partitions }) =>
    partitions.some(({ replicas }) => replicas.length < replication),
  );
  if (few !== undefined) {
    throw new Error(
      `the topic ${few.name} keeps fewer than ${replication} copies of a record: add replicas to it, or set AISWITCH_KAFKA_REPLICATION to what it has`,
    );
  }
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => {
      return { type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: ['min.insync.replicas'] };
    }),
  });
  const inSync = inSyncOf(replication);
  const weak = resources.find(({ configEntries }) =>
    configEntries.some(({ configName, configValue }) => {
      return configName === 'min.insync.replicas' && Number(configValue) < inSync;
    }),
  );
  if (weak !== undefined) {
    throw new Error(
      `the topic ${weak.resourceName} takes a record that fewer than ${inSync} brokers have: set its min.insync.replicas to ${inSync}`,
    );
  }
}
