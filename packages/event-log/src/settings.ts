import { readFileSync } from 'node:fs';
import type { AuditLog } from '@ai-switch/contracts';
import { ConfigError, integerSetting, textSetting, type Values } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { LogSink } from './event-log.ts';
import type { KafkaOptions } from './kafka/kafka-client.ts';
import { kafkaSink } from './kafka/kafka-sink.ts';
import { inboxSink, inOrder } from './sinks.ts';

/** What every process reads that sends records, or takes them. */
export const kafkaSettings = {
  AISWITCH_KAFKA_BROKERS: textSetting({
    describe:
      'Where Kafka takes the records of what happened. Without it, and while it does not answer, they go straight to the audit-consumer.',
    fallback: '',
    pattern: /^[^\s:,]+:\d{1,5}(,[^\s:,]+:\d{1,5})*$/,
    accepts: 'host:port, several with commas',
  }),
  AISWITCH_KAFKA_REPLICATION: integerSetting({
    describe:
      'How many brokers keep each record of the topics that are made; all but one must have it before it counts.',
    fallback: 3,
    min: 1,
    max: 9,
  }),
  AISWITCH_KAFKA_CA_FILE: textSetting({
    describe:
      'The certificate of the authority that vouches for the brokers, in PEM; with it the connection is encrypted.',
    fallback: '',
    accepts: 'a path',
  }),
};

/** Undefined without brokers. @throws ConfigError for a file that cannot be read */
export function kafkaOptions(values: Values<typeof kafkaSettings>, logger: Logger): KafkaOptions | undefined {
  if (values.AISWITCH_KAFKA_BROKERS === '') return undefined;
  const caFile = values.AISWITCH_KAFKA_CA_FILE;
  return {
    brokers: values.AISWITCH_KAFKA_BROKERS.split(','),
    replication: values.AISWITCH_KAFKA_REPLICATION,
    logger,
    ...(caFile !== '' && { tls: { ca: readPem(caFile) } }),
  };
}

/** Kafka first, where there is one, then the database of who keeps the records. */
export function openSink(values: Values<typeof kafkaSettings>, auditLog: AuditLog, logger: Logger): LogSink {
  const kafka = kafkaOptions(values, logger);
  const inbox = inboxSink(auditLog);
  return kafka === undefined ? inbox : inOrder([kafkaSink(kafka), inbox], logger);
}

/** As `openSink`, for who need not know anybody: undefined where there is neither, and then records wait where they are. */
export function findSink(
  values: Values<typeof kafkaSettings>,
  auditLog: AuditLog | undefined,
  logger: Logger,
): LogSink | undefined {
  if (auditLog !== undefined) return openSink(values, auditLog, logger);
  const kafka = kafkaOptions(values, logger);
  if (kafka !== undefined) return kafkaSink(kafka);
  logger.warn(
    'nobody takes the events of changes: they wait in the database until AISWITCH_AUDIT_ADDRESS is set',
  );
  return undefined;
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`AISWITCH_KAFKA_CA_FILE names a file that cannot be read: ${path}`, { cause });
  }
}
