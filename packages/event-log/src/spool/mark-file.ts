// How far an epoch has come, as a word to the next process: two places of one file, written in turn, so that one that was cut off
// leaves the other. It takes no new room, so that it can be written when the disk is full. It is not synced: after a power cut an
// older one has the next process send again what is there already.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

export interface Mark {
  readonly acknowledged: number;
  readonly lastSequence: number;
  /** 32 bytes. */
  readonly lastChain: Uint8Array;
  readonly dropped: number;
}

/** Each place is one sector, which a disk writes whole. */
const PLACE_BYTES = 512;
const MODE = 0o600;
const CRC_AT = 0;
const TURN_AT = 4;
const ACKNOWLEDGED_AT = 12;
const LAST_AT = 20;
const DROPPED_AT = 28;
const CHAIN_AT = 36;
const CHAIN_END = CHAIN_AT + 32;

export class MarkFile {
  readonly #path: string;
  #descriptor: number | undefined;
  #turn = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The newest that can be read; undefined when there is none. */
  read(): Mark | undefined {
    let newest: { readonly turn: number; readonly mark: Mark } | undefined;
    for (const place of placesIn(this.#path)) {
      const turn = Number(place.readBigUInt64LE(TURN_AT));
      if (newest !== undefined && turn <= newest.turn) continue;
      newest = { turn, mark: markIn(place) };
    }
    this.#turn = newest?.turn ?? 0;
    return newest?.mark;
  }

  /** @throws when the disk does not take it: the one before stands */
  write({ acknowledged, lastSequence, lastChain, dropped }: Mark): void {
    this.#descriptor ??= openForChanges(this.#path);
    this.#turn += 1;
    const place = Buffer.alloc(PLACE_BYTES);
    place.writeBigUInt64LE(BigInt(this.#turn), TURN_AT);
    place.writeBigUInt64LE(BigInt(acknowledged), ACKNOWLEDGED_AT);
    place.writeBigUInt64LE(BigInt(lastSequence), LAST_AT);
    place.writeBigUInt64LE(BigInt(dropped), DROPPED_AT);
    place.set(lastChain, CHAIN_AT);
    place.writeUInt32LE(crc32(place.subarray(TURN_AT)), CRC_AT);
    writeSync(this.#descriptor, place, 0, PLACE_BYTES, (this.#turn % 2) * PLACE_BYTES);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Those that are whole. */
function placesIn(path: string): Buffer[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return [];
  }
  return [0, 1]
    .map((place) => bytes.subarray(place * PLACE_BYTES, (place + 1) * PLACE_BYTES))
    .filter(
      (place) =>
        place.length === PLACE_BYTES && crc32(place.subarray(TURN_AT)) === place.readUInt32LE(CRC_AT),
    );
}

function markIn(place: Buffer): Mark {
  return {
    acknowledged: Number(place.readBigUInt64LE(ACKNOWLEDGED_AT)),
    lastSequence: Number(place.readBigUInt64LE(LAST_AT)),
    dropped: Number(place.readBigUInt64LE(DROPPED_AT)),
    lastChain: Uint8Array.from(place.subarray(CHAIN_AT, CHAIN_END)),
  };
}

/** With room for both places, taken once. */
function openForChanges(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch {
    const descriptor = openSync(path, 'w+', MODE);
    writeSync(descriptor, Buffer.alloc(2 * PLACE_BYTES), 0, 2 * PLACE_BYTES, 0);
    return descriptor;
  }
}
