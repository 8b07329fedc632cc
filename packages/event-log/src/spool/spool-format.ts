// The bytes of a segment: records one after another, each `length | crc32 | sequence | chain | text`. What is torn or spoiled is
// passed over to the next record that is whole, so that a flipped byte costs the records it is in and no other. Pure.

import { crc32 } from 'node:zlib';
import type { SequencedRecord } from '../event-log.ts';

const LENGTH_AT = 0;
const CRC_AT = 4;
const SEQUENCE_AT = 8;
const CHAIN_AT = 16;
const CHAIN_BYTES = 32;
const TEXT_AT = CHAIN_AT + CHAIN_BYTES;

/** A record with its head. As a message of Kafka it is some hundred bytes longer, and must stay below a mebibyte. */
export const RECORD_BYTES_MAX = 1_000_000;

/** @throws RangeError for more than a record may have */
export function encode({ sequence, type, tenant, atMs, data, chain }: SequencedRecord): Buffer {
  const text = `${type}\n${tenant}\n${atMs}\n${data}`;
  const length = TEXT_AT + Buffer.byteLength(text);
  if (length > RECORD_BYTES_MAX) throw new RangeError('a record of the event log is too long');
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32LE(bytes.length, LENGTH_AT);
  bytes.writeBigUInt64LE(BigInt(sequence), SEQUENCE_AT);
  bytes.set(chain, CHAIN_AT);
  bytes.write(text, TEXT_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(SEQUENCE_AT)), CRC_AT);
  return bytes;
}

export interface Scanned {
  readonly records: readonly SequencedRecord[];
  /** How much of the buffer is done with: all of it, up to a record that goes on beyond it, or up to the last one that was asked for. */
  readonly end: number;
  readonly bytesSpoiled: number;
}

/** @param isWhole false: the buffer is a window, and its last record may go on behind it */
export function scan(buffer: Buffer, isWhole: boolean, recordsMax = Number.POSITIVE_INFINITY): Scanned {
  const records: SequencedRecord[] = [];
  let bytesSpoiled = 0;
  let offset = 0;
  while (offset < buffer.length && records.length < recordsMax) {
    const length = lengthAt(buffer, offset);
    if (!isWhole && isCutOff(buffer, offset, length)) break;
    if (length !== undefined && isRecord(buffer, offset, length)) {
      records.push(decode(buffer.subarray(offset, offset + length)));
      offset += length;
    } else {
      const next = nextRecord(buffer, offset + 1, isWhole);
      bytesSpoiled += next - offset;
      offset = next;
    }
  }
  return { records, end: offset, bytesSpoiled };
}

function isCutOff(buffer: Buffer, offset: number, length: number | undefined): boolean {
  return offset + TEXT_AT > buffer.length || (length !== undefined && offset + length > buffer.length);
}

/** Undefined for what no record has. */
function lengthAt(buffer: Buffer, offset: number): number | undefined {
  if (offset + TEXT_AT > buffer.length) return undefined;
  const length = buffer.readUInt32LE(offset + LENGTH_AT);
  return length > TEXT_AT && length <= RECORD_BYTES_MAX ? length : undefined;
}

function isRecord(buffer: Buffer, offset: number, length: number): boolean {
  const end = offset + length;
  if (end > buffer.length) return false;
  return crc32(buffer.subarray(offset + SEQUENCE_AT, end)) === buffer.readUInt32LE(offset + CRC_AT);
}

/** The start of the next whole record, or the end of the buffer; in a window the last bytes are left to the next one. */
function nextRecord(buffer: Buffer, from: number, isWhole: boolean): number {
  for (let offset = from; offset < buffer.length; offset += 1) {
    const length = lengthAt(buffer, offset);
    if (length !== undefined && isRecord(buffer, offset, length)) return offset;
  }
  return isWhole ? buffer.length : Math.max(from, buffer.length - RECORD_BYTES_MAX);
}

function decode(bytes: Buffer): SequencedRecord {
  const text = bytes.toString('utf8', TEXT_AT);
  const typeEnd = text.indexOf('\n');
  const tenantEnd = text.indexOf('\n', typeEnd + 1);
  const timeEnd = text.indexOf('\n', tenantEnd + 1);
  return {
    sequence: Number(bytes.readBigUInt64LE(SEQUENCE_AT)),
    type: text.slice(0, typeEnd),
    tenant: text.slice(typeEnd + 1, tenantEnd),
    atMs: Number(text.slice(tenantEnd + 1, timeEnd)),
    data: text.slice(timeEnd + 1),
    // A copy, which does not keep the buffer of all of them.
    chain: Uint8Array.from(bytes.subarray(CHAIN_AT, TEXT_AT)),
  };
}
