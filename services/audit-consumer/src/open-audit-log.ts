import type { AuditLog } from '@ai-switch/contracts';
import { openScopedDatabase } from '@ai-switch/db';
import type { Signer } from '@ai-switch/event-log';
import { type Clock, systemClock } from '@ai-switch/kernel';
import { createLogger, type Logger } from '@ai-switch/telemetry';
import { AuditLogService } from './audit-log.ts';
import { watchTrail } from './audit-metrics.ts';
import { countMissing } from './completeness.ts';
import { deleteOldRecords, deleteOldUsage } from './delete-old.ts';
import { adoptTrail } from './head.ts';
import { type KafkaReaderOptions, startKafkaReader } from './kafka/start-reader.ts';
import { migrations } from './migrations/index.ts';
import { startRetention } from './retention.ts';
import { startRoots } from './root-times.ts';
import { type AuditSchema, scopedTables } from './schema.ts';
import { auditStore } from './store.ts';

export const RETENTION_DAYS = 90;
const USAGE_RETENTION_DAYS = 400;

export interface AuditLogOptions {
  readonly databaseUrl: string;
  readonly clock?: Clock;
  /** Records and events older than this are deleted; 90 unless told otherwise. */
  readonly retentionDays?: number;
  /** Sums of usage older than this are deleted; 400 unless told otherwise. */
  readonly usageRetentionDays?: number;
  /** Who vouches for the trail; nobody unless told otherwise, and then there are no roots. */
  readonly signer?: Signer;
  /** A folder that gets each root as a file. */
  readonly rootsPath?: string;
  /** Where records come from besides the port; nowhere unless told otherwise. */
  readonly kafka?: KafkaReaderOptions;
  readonly logger?: Logger;
}

export interface OpenAuditLog {
  readonly auditLog: AuditLog;
  /** Deletes what is too old now, as happens every ten minutes; resolves with how many rows went. */
  sweep(): Promise<number>;
  /** Signs a root now, as happens every hour. */
  signRoot(): Promise<void>;
  /** Records of all logs that have been missing for a minute. */
  countMissing(): Promise<bigint>;
  /** Messages of Kafka's that are not read yet, as far as is known. */
  kafkaLag(): number;
  close(): Promise<void>;
}

/** @throws DatabaseError for a database that cannot be used, ConfigError without the key of a trail that is signed */
export async function openAuditLog(options: AuditLogOptions): Promise<OpenAuditLog> {
  const database = await openScopedDatabase<AuditSchema, typeof scopedTables>({
    url: options.databaseUrl,
    schema: 'audit',
    migrations,
    tables: scopedTables,
  });
  const { signer, clock = systemClock } = options;
  const logger = options.logger ?? createLogger({ service: 'audit-consumer', level: 'info' });
  try {
    if (await adoptTrail(database, signer))
      logger.warn('the audit trail up to here is signed for the first time');
  } catch (error) {
    await database.close();
    throw error;
  }
  const store = auditStore(database);
  const retention = startRetention({
    steps: [
      {
        days: options.retentionDays ?? RETENTION_DAYS,
        deleteSome: (beforeMs, rowsMax) => deleteOldRecords(database, signer, beforeMs, rowsMax),
      },
      {
        days: options.usageRetentionDays ?? USAGE_RETENTION_DAYS,
        deleteSome: (beforeMs, rowsMax) => deleteOldUsage(database.asSystem('upkeep'), beforeMs, rowsMax),
      },
    ],
    clock,
    logger,
  });
  const roots = startRoots({ database, store, signer, clock, logger, folder: options.rootsPath });
  const nowMs = () => BigInt(clock.nowMs());
  const reader = options.kafka && startKafkaReader(options.kafka, { database, store, signer, nowMs, logger });
  const watched = {
    countMissing: () => countMissing(database.asSystem('upkeep'), nowMs()),
    kafkaLag: () => reader?.lag() ?? 0,
  };
  const letGo = watchTrail(watched);
  return {
    ...watched,
    auditLog: new AuditLogService({ database, store, signer, clock }),
    sweep: retention.sweep,
    signRoot: roots.signNow,
    close: async () => {
      letGo();
      await reader?.close();
      await roots.close();
      await retention.close();
      await database.close();
    },
  };
}
