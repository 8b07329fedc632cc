// Reads Kafka's topics into the trail for as long as the process lives.
//
// When no broker answers, it is tried again every few seconds, and the port takes records meanwhile. When the database is down, the
// batch that could not be stored comes again.

import { setTimeout as delay } from 'node:timers/promises';
import { type KafkaBatch, type KafkaOptions, type KafkaSource, openKafkaSource } from '@ai-switch/event-log';
import type { Logger } from '@ai-switch/telemetry';
import type { IngestParts } from '../ingest/ingest.ts';
import type { AuditDatabase } from '../store.ts';
import { publishLetters } from './publish-letters.ts';
import { storeBatch, storedOffset } from './store-batch.ts';

const GROUP = 'aiswitch-audit-consumer';
const AGAIN_AFTER_MS = 2_000;
const PUBLISH_EVERY_MS = 60_000;

export interface KafkaReaderOptions extends KafkaOptions {
  /** Readers of one group share the partitions; one for all audit-consumers unless told otherwise. */
  readonly group?: string;
}

export interface KafkaReader {
  /** Messages that are not read yet, as far as is known. */
  lag(): number;
  close(): Promise<void>;
}

export function startKafkaReader(
  { group = GROUP, ...kafka }: KafkaReaderOptions,
  { database, logger, ...parts }: IngestParts & { readonly database: AuditDatabase; readonly logger: Logger },
): KafkaReader {
  const closing = new AbortController();
  let source: KafkaSource | undefined;
  let publishing: Promise<void> = Promise.resolve();
  let isAway = false;
  let stopIn: (error: undefined) => void = () => {};

  const publish = () => {
    const send = source?.deadLetter;
    if (send === undefined) return;
    publishing = publishing
      .then(() => publishLetters(database, send))
      .catch((err: unknown) =>
        logger.warn({ err }, 'what could not be read is not in the dead-letter topic yet'),
      );
  };
  const onBatch = async (batch: KafkaBatch) => {
    const letters = await storeBatch(database, parts, batch);
    if (isAway) logger.info('kafka is read again');
    isAway = false;
    if (letters === 0) return;
    logger.error({ letters, topic: batch.topic }, 'messages have no place in a log and are kept apart');
    publish();
  };
  /** Resolves at the end, rejects when it reads no more before. */
  const read = async () => {
    const stopped = Promise.withResolvers<Error | undefined>();
    stopIn = stopped.resolve;
    source = await openKafkaSource({
      ...kafka,
      group,
      offsetOf: (topic, partition) => storedOffset(database, topic, partition),
      onBatch,
      onStopped: stopped.resolve,
    });
    const { close } = source;
    publish();
    if (closing.signal.aborted) stopped.resolve(undefined);
    const error = await stopped.promise;
    source = undefined;
    await publishing;
    await close();
    if (error !== undefined) throw error;
  };
  const readAgain = async () => {
    while (!closing.signal.aborted) {
      try {
        await read();
      } catch (err) {
        if (!isAway) logger.warn({ err }, 'kafka is not read at the moment; it is tried again');
        isAway = true;
        await delay(AGAIN_AFTER_MS, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      }
    }
  };
  const reading = readAgain();
  const timer = setInterval(publish, PUBLISH_EVERY_MS).unref();
  return {
    lag: () => [...(source?.lag.values() ?? [])].reduce((sum, each) => sum + each, 0),
    close: async () => {
      closing.abort();
      stopIn(undefined);
      clearInterval(timer);
      await reading;
    },
  };
}
