// One epoch of a log on the disk: segments of records, and how far they are acknowledged. A folder an epoch, so that one that is
// done with goes as a whole.

import {
  closeSync,
  fdatasync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '@ai-switch/kernel';
import { type LogIdentity, NO_CHAIN } from '../chain.ts';
import type { SequencedRecord } from '../event-log.ts';
import { syncFolder } from './folder-sync.ts';
import { MarkFile } from './mark-file.ts';
import { type ReadPosition, readOn, type Segment } from './segments.ts';
import { encode, scan } from './spool-format.ts';

const SEGMENT_BYTES_MAX = 8 * 1024 * 1024;
const MODE = 0o600;
/** What the name of a folder that is being removed ends with. */
export const GONE = '.gone';

const fdatasyncOf = promisify(fdatasync);

export class EpochFolder {
  readonly identity: LogIdentity;
  readonly #path: string;
  readonly #segments: Segment[] = [];
  readonly #mark: MarkFile;
  #descriptor: number | undefined;
  /** Files with what is not synced yet, and those that are full, which are closed after that. */
  #unsynced = new Set<number>();
  #isFolderChanged = true;
  #isSegmentDone = false;
  #isClosed = false;
  #lastSequence = 0;
  #lastChain: Uint8Array = NO_CHAIN;
  #lastFound: SequencedRecord | undefined;
  #acknowledged = 0;
  #dropped = 0;

  /** @param path of its folder, which is made when missing */
  constructor(path: string, identity: LogIdentity) {
    this.identity = identity;
    this.#path = path;
    makeFolder(path, 0o700);
    this.#mark = new MarkFile(join(path, 'mark'));
    const mark = this.#mark.read();
    if (mark === undefined) return;
    this.#acknowledged = mark.acknowledged;
    this.#lastSequence = mark.lastSequence;
    this.#lastChain = mark.lastChain;
    this.#dropped = mark.dropped;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  get lastChain(): Uint8Array {
    return this.#lastChain;
  }

  /** The last record that a process before left in it; undefined when all of them are gone. */
  get lastFound(): SequencedRecord | undefined {
    return this.#lastFound;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** What was given up since it began. */
  get dropped(): number {
    return this.#dropped;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Looks at what a process before left, and cuts nothing off: what is torn is passed over when it is read. */
  measure(): void {
    const names = readdirSync(this.#path).filter((name) => name.endsWith('.segment'));
    for (const name of names.sort()) {
      const path = join(this.#path, name);
      this.#segments.push({ path, sequence: Number.parseInt(name, 10), bytes: statSync(path).size });
    }
    for (const { path } of this.#segments.toReversed()) {
      const last = scan(readFileSync(path), true).records.at(-1);
      if (last === undefined) continue;
      this.#lastFound = last;
      if (last.sequence > this.#lastSequence) {
        this.#lastSequence = last.sequence;
        this.#lastChain = last.chain;
      }
      return;
    }
  }

  /** With the operating system when it returns. @throws when the disk does not take it: nothing of it is there then */
  append(record: SequencedRecord): void {
    const bytes = encode(record);
    const segment = this.#open(record.sequence, bytes.length);
    const descriptor = this.#descriptor ?? -1;
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(descriptor, bytes, written, bytes.length - written, segment.bytes + written);
      }
    } catch (error) {
      ftruncateSync(descriptor, segment.bytes);
      throw error;
    }
    segment.bytes += bytes.length;
    this.#unsynced.add(descriptor);
    this.#lastSequence = record.sequence;
    this.#lastChain = record.chain;
  }

  /** Resolves once all that was appended before the call survives a power cut. One at a time. */
  async sync(): Promise<void> {
    if (this.#unsynced.size === 0) return;
    const taken = this.#unsynced;
    this.#unsynced = new Set();
    const isFolderChanged = this.#isFolderChanged;
    this.#isFolderChanged = false;
    try {
      await Promise.all([...taken].map((descriptor) => fdatasyncOf(descriptor)));
      if (isFolderChanged) await syncFolder(this.#path);
    } catch (error) {
      for (const descriptor of taken) this.#unsynced.add(descriptor);
      this.#isFolderChanged ||= isFolderChanged;
      // A system that failed once says of the same file that all is well, and has forgotten what it did not write.
      this.#isSegmentDone = true;
      throw error;
    }
    for (const descriptor of taken) {
      if (descriptor !== this.#descriptor) closeSync(descriptor);
    }
  }

  /** The next records that are not acknowledged, in their order, and moves the position behind them. */
  read(position: ReadPosition, recordsMax: number): Promise<readonly SequencedRecord[]> {
    return readOn(this.#segments, position, () => this.#acknowledged, recordsMax);
  }

  /** Notes how far the sink has it, and lets go of the segments before. Whoever reads on stays where they are. */
  async acknowledge(sequence: number, position: ReadPosition): Promise<void> {
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
    this.writeMark();
    const gone: Segment[] = [];
    while (this.#segments.length > 1 && (this.#segments[1]?.sequence ?? 0) <= this.#acknowledged + 1) {
      gone.push(...this.#segments.splice(0, 1));
    }
    // One that was read to its end may be gone itself.
    if (position.segment < gone.length) position.offset = 0;
    position.segment = Math.max(0, position.segment - gone.length);
    // One that stays goes with its folder.
    for (const { path } of gone) await rm(path, { force: true }).catch(() => {});
  }

  /** Counts records that were given up. */
  drop(count: number): void {
    this.#dropped += count;
    this.writeMark();
  }

  /** Never throws: without it, the next process sends again what is there already. */
  writeMark(): void {
    if (this.#isClosed) return;
    try {
      this.#mark.write(this);
    } catch {
      // The disk does not take it, of which appending tells.
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#mark.close();
    if (this.#descriptor !== undefined) this.#unsynced.add(this.#descriptor);
    for (const descriptor of this.#unsynced) closeSync(descriptor);
    this.#unsynced.clear();
    this.#descriptor = undefined;
  }

  /** At once or not at all: half of it would pass for a log that ended early. */
  async remove(): Promise<void> {
    this.close();
    renameSync(this.#path, `${this.#path}${GONE}`);
    await rm(`${this.#path}${GONE}`, { recursive: true, force: true }).catch(() => {});
  }

  #open(sequence: number, bytes: number): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && this.#descriptor !== undefined) {
      const isRoomLeft = last.bytes + bytes <= SEGMENT_BYTES_MAX;
      if (last.bytes === 0 || (isRoomLeft && !this.#isSegmentDone)) return last;
    }
    const path = join(this.#path, `${String(sequence).padStart(16, '0')}.segment`);
    const next = openSync(path, 'w', MODE);
    if (this.#descriptor !== undefined) this.#unsynced.add(this.#descriptor);
    this.#descriptor = next;
    this.#isFolderChanged = true;
    this.#isSegmentDone = false;
    const segment = { path, sequence, bytes: 0 };
    this.#segments.push(segment);
    return segment;
  }
}
