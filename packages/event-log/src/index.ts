export { chainOf, type LogIdentity, NO_CHAIN } from './chain.ts';
export { dataOf, type Entry, entryOf, RECORD_TYPES, type RecordType } from './data.ts';
export type { EventLog, LogAnnouncement, LogSink, SequencedRecord } from './event-log.ts';
