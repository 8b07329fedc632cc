export { chainOf, type LogIdentity, NO_CHAIN } from './chain.ts';
export { type Change, type Changer, changeEvent } from './change-event.ts';
export { dataOf, type Entry, entryOf, isRecordType, type RecordType } from './data.ts';
export { type DirectLog, directLog } from './direct-log.ts';
export { ANNOUNCEMENT_TYPE, type LogMessage, readMessage } from './envelope.ts';
export type { EventLog, LogAnnouncement, LogSink, SequencedRecord } from './event-log.ts';
export type { KafkaOptions } from './kafka/kafka-client.ts';
export { kafkaSink } from './kafka/kafka-sink.ts';
export { type KafkaBatch, type KafkaSource, openKafkaSource } from './kafka/kafka-source.ts';
export { type MemoryLog, memoryLog } from './memory-log.ts';
export { type Outbox, type OutboxOptions, openOutbox } from './outbox/outbox.ts';
export { outboxMigration, recordChange } from './outbox/outbox-rows.ts';
export { sendEvents, sendEventsBySettings } from './send-events.ts';
export { kafkaOptions, kafkaSettings, openSink } from './settings.ts';
export { inboxSink, inOrder } from './sinks.ts';
export {
  FULL_DISK_POLICIES,
  type FullDiskPolicy,
  openSpooledLog,
  type SpooledLog,
  type SpooledLogOptions,
} from './spool/spooled-log.ts';
export { islandDigest } from './trail/island-digest.ts';
export { merkleRoot } from './trail/merkle.ts';
export { readTrailLines, type TrailSource } from './trail/read-trail.ts';
export { type Signer, signerOf, type Verifier, verifierOf } from './trail/signing.ts';
export {
  headStatement,
  type Island,
  type LogState,
  leafText,
  logStatement,
  type Point,
  type Root,
  type RootLeaf,
  rootStatement,
  type TrailHead,
} from './trail/statements.ts';
export type { RootLine, Signed, TrailFault, TrailLine } from './trail/trail-line.ts';
export { type TrailReport, type VerifyOptions, verifyTrail } from './trail/verify.ts';
