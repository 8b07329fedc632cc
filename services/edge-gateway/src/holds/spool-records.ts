// What the spool says about a hold, a line each: a checksum, a space and a JSON list. A line that was cut short by the end
// of a process, or that the disk spoiled, is left out; the lines around it stand.

import { crc32 } from 'node:zlib';
import type { Amounts, Subject } from '@ai-switch/contracts';

/** What an edge meant to do, written before it does. */
export interface Intent {
  readonly tenant: string;
  readonly reservationId: string;
  readonly ownerToken: string;
  readonly subject: Subject;
  /** What is charged if it turns out that the request was sent and nothing more is known. */
  readonly promptEstimate: Amounts;
  readonly priceVersion: string;
}

export interface Settlement {
  readonly actual: Amounts;
  readonly outcome: string;
  readonly isEstimated: boolean;
  /** What failed attempts cost besides. */
  readonly platform: Amounts;
  readonly priceVersion: string;
}

/** One hold as the spool knows it. */
export interface SpooledHold {
  /** Its number in this spool. */
  readonly place: number;
  readonly intent: Intent;
  /** A provider may have been asked. */
  isDispatched: boolean;
  /** What the event log would say of the request when somebody was about to be asked; '' before. */
  request: string;
  /** The event log has the record of the request. */
  isRecorded: boolean;
  /** The latest that was told of what it has used. */
  progress: Amounts | undefined;
  settlement: Settlement | undefined;
  /** It turned out that nobody was asked. */
  isReleased: boolean;
}

export type SpoolRecord =
  | readonly ['intent', place: number, Intent]
  | readonly ['dispatched', place: number, request: string]
  | readonly ['progress', ...(readonly (readonly [place: number, Amounts])[])]
  | readonly ['settle', place: number, Settlement]
  | readonly ['release', place: number]
  | readonly ['recorded', place: number]
  /** The ledger has acknowledged how it ended. */
  | readonly ['end', place: number];

export function lineOf(record: SpoolRecord): string {
  const text = JSON.stringify(record, (_name, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return `${checksumOf(text)} ${text}\n`;
}

export interface SpoolContents {
  /** Those that did not end, in the order in which they began. */
  readonly holds: Map<number, SpooledHold>;
  readonly linesSpoiled: number;
}

export function readLines(text: string): SpoolContents {
  const holds = new Map<number, SpooledHold>();
  let linesSpoiled = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const record = recordOf(line);
    if (record === undefined) linesSpoiled += 1;
    else apply(holds, record);
  }
  return { holds, linesSpoiled };
}

/** Every record that makes a hold what it is. */
export function recordsOf({
  place,
  intent,
  isDispatched,
  request,
  isRecorded,
  progress,
  settlement,
  isReleased,
}: SpooledHold): SpoolRecord[] {
  return [
    ['intent', place, intent],
    ...(isDispatched ? [['dispatched', place, request] as const] : []),
    ...(progress === undefined ? [] : [['progress', [place, progress]] as const]),
    ...(settlement === undefined ? [] : [['settle', place, settlement] as const]),
    ...(isReleased ? [['release', place] as const] : []),
    ...(isRecorded ? [['recorded', place] as const] : []),
  ];
}

/** Records of a hold whose beginning was lost say nothing. */
export function apply(holds: Map<number, SpooledHold>, record: SpoolRecord): void {
  if (record[0] === 'progress') {
    for (const [place, used] of record.slice(1) as [number, Amounts][]) {
      const hold = holds.get(place);
      if (hold !== undefined) hold.progress = used;
    }
    return;
  }
  const place = record[1];
  const hold = holds.get(place);
  switch (record[0]) {
    case 'intent':
      holds.set(place, {
        place,
        intent: record[2],
        isDispatched: false,
        request: '',
        isRecorded: false,
        progress: undefined,
        settlement: undefined,
        isReleased: false,
      });
      return;
    case 'dispatched':
      if (hold !== undefined) {
        hold.isDispatched = true;
        hold.request = record[2];
      }
      return;
    case 'settle':
      if (hold !== undefined) hold.settlement = record[2];
      return;
    case 'release':
      if (hold !== undefined) hold.isReleased = true;
      return;
    case 'recorded':
      if (hold !== undefined) hold.isRecorded = true;
      return;
    case 'end':
      holds.delete(place);
  }
}

function recordOf(line: string): SpoolRecord | undefined {
  const text = line.slice(CHECKSUM_CHARACTERS + 1);
  if (line.slice(0, CHECKSUM_CHARACTERS) !== checksumOf(text)) return undefined;
  try {
    return JSON.parse(text, (name, value: unknown) =>
      // Only under these names: a user, a project or a model may be called `42n`.
      AMOUNTS.has(name) && typeof value === 'string' ? BigInt(value.slice(0, -1)) : value,
    ) as SpoolRecord;
  } catch {
    return undefined;
  }
}

const AMOUNTS: ReadonlySet<string> = new Set(['input', 'output', 'cacheRead', 'cacheWrite', 'cost']);

const CHECKSUM_CHARACTERS = 8;

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_CHARACTERS, '0');
}
