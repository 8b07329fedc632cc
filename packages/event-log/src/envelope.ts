// A record of the log as a message for others: CloudEvents in JSON (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md),
// with the log's own attributes as extensions. docs/audit-record.schema.json is its schema. Pure.

import type { LogIdentity } from './chain.ts';
import type { LogAnnouncement, SequencedRecord } from './event-log.ts';

export const ANNOUNCEMENT_TYPE = 'aiswitch.announcement.v1';

export function recordMessage(identity: LogIdentity, record: SequencedRecord): string {
  const { sequence, type, data, chain, tenant, atMs } = record;
  const head = {
    ...attributes(identity, `${sequence}`, type, atMs),
    tenant,
    sequence,
    chain: hexOf(chain),
  };
  // The text as it was hashed, not written anew.
  return `${JSON.stringify(head).slice(0, -1)},"data":${data}}`;
}

export function announcementMessage(identity: LogIdentity, announcement: LogAnnouncement): string {
  const { lastSequence, chain, atMs, isFinal, dropped } = announcement;
  return JSON.stringify({
    ...attributes(identity, `announcement-${atMs}`, ANNOUNCEMENT_TYPE, atMs),
    data: { lastSequence, chain: hexOf(chain), isFinal, dropped },
  });
}

function attributes({ producer, epoch }: LogIdentity, last: string, type: string, atMs: number): object {
  return {
    specversion: '1.0',
    id: `${producer}/${epoch}/${last}`,
    source: `/ai-switch/${producer}`,
    type,
    time: new Date(atMs).toISOString(),
    datacontenttype: 'application/json',
    producer,
    epoch,
  };
}

export type LogMessage = { readonly identity: LogIdentity } & (
  | { readonly record: SequencedRecord }
  | { readonly announcement: LogAnnouncement }
);

/** @throws Error for what is no message of this log */
export function readMessage(text: string): LogMessage {
  const message: unknown = JSON.parse(text);
  if (typeof message !== 'object' || message === null) throw new Error('the message is no object');
  const { producer, epoch, type, time, data, tenant, sequence, chain } = message as Record<string, unknown>;
  if (typeof producer !== 'string' || producer === '') throw new Error('the message names no producer');
  if (typeof data !== 'object' || data === null) throw new Error('the message has no data');
  const identity = { producer, epoch: wholeNumber(epoch, 'epoch', 1) };
  const atMs = Date.parse(String(time));
  if (!Number.isFinite(atMs)) throw new Error('the time of the message is none');
  if (type === ANNOUNCEMENT_TYPE) return { identity, announcement: { ...announcementIn(data), atMs } };
  return {
    identity,
    record: {
      sequence: wholeNumber(sequence, 'sequence', 1),
      type: String(type),
      tenant: String(tenant),
      atMs,
      chain: bytesOf(chain),
      data: JSON.stringify(data),
    },
  };
}

function announcementIn(data: object): Omit<LogAnnouncement, 'atMs'> {
  const { lastSequence, chain, isFinal, dropped } = data as Record<string, unknown>;
  return {
    lastSequence: wholeNumber(lastSequence, 'lastSequence', 0),
    chain: chain === '' ? new Uint8Array() : bytesOf(chain),
    isFinal: isFinal === true,
    dropped: wholeNumber(dropped, 'dropped', 0),
  };
}

function wholeNumber(value: unknown, name: string, min: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= min) return value as number;
  throw new Error(`the ${name} of the message is none`);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytesOf(hex: unknown): Uint8Array {
  if (typeof hex !== 'string' || !/^[0-9a-f]{64}$/.test(hex))
    throw new Error('the chain of the message is none');
  return Buffer.from(hex, 'hex');
}
