// A batch of messages as what is to be stored of it: records and announcements by their logs, and letters, which are what has no
// place in a log. Pure.

import type { LogRecord } from '@ai-switch/contracts';
import {
  type KafkaBatch,
  type LogAnnouncement,
  readMessage,
  type SequencedRecord,
} from '@ai-switch/event-log';
import type { Announcement } from '../ingest/ingest.ts';
import { checkIdentity, checkRecord, hexOf, type Identity } from '../ingest/read-record.ts';

type Message = KafkaBatch['messages'][number];

/** A message that has no place in a log. */
export interface Letter {
  readonly message: Message;
  readonly reason: string;
}

/** What a batch has of one log. */
export interface LogPart {
  readonly identity: Identity;
  /** By ascending sequence, each once. */
  readonly records: readonly LogRecord[];
  /** The message that each record came by. */
  readonly messages: ReadonlyMap<bigint, Message>;
  readonly announcements: readonly { readonly announcement: Announcement; readonly message: Message }[];
}

export interface ReadBatch {
  readonly parts: readonly LogPart[];
  readonly letters: readonly Letter[];
}

interface OpenPart {
  readonly identity: Identity;
  readonly records: Map<bigint, LogRecord>;
  readonly messages: Map<bigint, Message>;
  readonly announcements: { readonly announcement: Announcement; readonly message: Message }[];
}

export function readBatch(messages: readonly Message[]): ReadBatch {
  const parts = new Map<string, OpenPart>();
  const letters: Letter[] = [];
  for (const message of messages) {
    try {
      take(parts, message);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'it cannot be read';
      letters.push({ message, reason: reason.slice(0, REASON_CHARACTERS_MAX) });
    }
  }
  return { parts: [...parts.values()].sort(byIdentity).map(closed), letters };
}

const REASON_CHARACTERS_MAX = 256;

/** @throws Error with the reason when the message has no place in a log */
function take(parts: Map<string, OpenPart>, message: Message): void {
  const read = readMessage(message.value.toString());
  const identity = { producer: read.identity.producer, epoch: BigInt(read.identity.epoch) };
  checkIdentity(identity);
  const key = `${identity.epoch}@${identity.producer}`;
  const part: OpenPart = parts.get(key) ?? {
    ...{ identity, records: new Map(), messages: new Map(), announcements: [] },
  };
  if ('announcement' in read) {
    part.announcements.push({ announcement: announcementOf(read.announcement), message });
  } else {
    const record = recordOf(read.record);
    checkRecord(record);
    const known = part.records.get(record.sequence);
    if (known !== undefined && hexOf(known.chain) !== hexOf(record.chain)) throw new Error(OTHER_RECORD);
    part.records.set(record.sequence, record);
    part.messages.set(record.sequence, message);
  }
  parts.set(key, part);
}

export const OTHER_RECORD = 'the log has another record of this sequence';

function recordOf({ sequence, type, data, chain }: SequencedRecord): LogRecord {
  return { sequence: BigInt(sequence), type, data, chain };
}

function announcementOf({ lastSequence, chain, atMs, isFinal, dropped }: LogAnnouncement): Announcement {
  return {
    lastSequence: BigInt(lastSequence),
    chain: hexOf(chain),
    atMs: BigInt(atMs),
    isFinal,
    dropped: BigInt(dropped),
  };
}

function closed({ identity, records, messages, announcements }: OpenPart): LogPart {
  const ascending = [...records.values()].sort((one, other) => (one.sequence < other.sequence ? -1 : 1));
  return { identity, records: ascending, messages, announcements };
}

/** In one order, so that two readers never wait for each other crosswise. */
function byIdentity({ identity: one }: OpenPart, { identity: other }: OpenPart): number {
  if (one.producer !== other.producer) return one.producer < other.producer ? -1 : 1;
  return one.epoch < other.epoch ? -1 : 1;
}
