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
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '@ai-switch/kernel';
import { type LogIdentity, NO_CHAIN } from '../chain.ts';
import type { SequencedRecord } from '../event-log.ts';
import { encode, RECORD_BYTES_MAX, scan } from './spool-format.ts';

const SEGMENT_BYTES_MAX = 8 * 1024 * 1024;
const WINDOW_BYTES = 2 * RECORD_BYTES_MAX;
const MODE = 0o600;

const fdatasyncOf = promisify(fdatasync);

interface Segment {
  readonly path: string;
  /** Of its first record. */
  readonly sequence: number;
  bytes: number;
}

/** Where somebody who reads on is. */
export interface ReadPosition {
  segment: number;
  offset: number;
}

export class EpochFolder {
  readonly identity: LogIdentity;
  readonly #path: string;
  readonly #segments: Segment[] = [];
  #descriptor: number | undefined;
  /** Files with what is not synced yet, and those that are full, which are closed after that. */
  #unsynced = new Set<number>();
  #isFolderChanged = true;
  #lastSequence = 0;
  #lastChain: Uint8Array = NO_CHAIN;
  #acknowledged = 0;
  dropped = 0;

  /** @param path of its folder, which is made when missing */
  constructor(path: string, identity: LogIdentity) {
    this.identity = identity;
    this.#path = path;
    makeFolder(path, 0o700);
    this.#readMark();
    for (const name of readdirSync(path)
      .filter((each) => each.endsWith('.segment'))
      .sort()) {
      this.#segments.push({ path: join(path, name), sequence: Number.parseInt(name, 10), bytes: 0 });
    }
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  get lastChain(): Uint8Array {
    return this.#lastChain;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Reads what a process before left, and cuts nothing off: what is torn is passed over when it is read. */
  measure(): void {
    for (const segment of this.#segments) {
      const { records, end } = scan(readFileSync(segment.path), true);
      segment.bytes = end;
      const last = records.at(-1);
      if (last === undefined || last.sequence <= this.#lastSequence) continue;
      this.#lastSequence = last.sequence;
      this.#lastChain = last.chain;
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
      throw error;
    }
    for (const descriptor of taken) {
      if (descriptor !== this.#descriptor) closeSync(descriptor);
    }
  }

  /** The next records that are not acknowledged, in their order, and moves the position behind them. */
  async read(position: ReadPosition, rowsMax: number): Promise<readonly SequencedRecord[]> {
    while (position.segment < this.#segments.length) {
      const segment = this.#segments[position.segment] as Segment;
      const left = segment.bytes - position.offset;
      if (left <= 0) {
        // The last one may still grow.
        if (position.segment === this.#segments.length - 1) return [];
        position.segment += 1;
        position.offset = 0;
        continue;
      }
      const window = await readWindow(segment.path, position.offset, Math.min(left, WINDOW_BYTES));
      const { records, ends, end } = scan(window, left <= WINDOW_BYTES);
      const isPart = records.length > rowsMax;
      position.offset += isPart ? (ends[rowsMax - 1] ?? end) : end;
      const fresh = (isPart ? records.slice(0, rowsMax) : records).filter(
        ({ sequence }) => sequence > this.#acknowledged,
      );
      if (fresh.length > 0) return fresh;
      // Somebody removed it: what was in it is missing, and the announcements say so.
      if (window.length === 0) position.offset += left;
    }
    return [];
  }

  /** Notes how far the sink has it, and lets go of the segments before. Returns how many segments went. */
  acknowledge(sequence: number): number {
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
    this.writeMark();
    let gone = 0;
    while (this.#segments.length > 1 && (this.#segments[1]?.sequence ?? 0) <= this.#acknowledged + 1) {
      const segment = this.#segments.shift();
      if (segment !== undefined) rmSync(segment.path, { force: true });
      gone += 1;
    }
    return gone;
  }

  /** The mark is a word to the next process; an old one has it send again what is there already. */
  writeMark(): void {
    const mark = {
      acknowledged: this.#acknowledged,
      lastSequence: this.#lastSequence,
      lastChain: Buffer.from(this.#lastChain).toString('hex'),
      dropped: this.dropped,
    };
    const path = join(this.#path, 'mark.json');
    writeFileSync(`${path}.next`, JSON.stringify(mark), { mode: MODE });
    renameSync(`${path}.next`, path);
  }

  close(): void {
    if (this.#descriptor !== undefined) this.#unsynced.add(this.#descriptor);
    for (const descriptor of this.#unsynced) closeSync(descriptor);
    this.#unsynced.clear();
    this.#descriptor = undefined;
  }

  remove(): void {
    this.close();
    rmSync(this.#path, { recursive: true, force: true });
  }

  #readMark(): void {
    try {
      const mark = JSON.parse(readFileSync(join(this.#path, 'mark.json'), 'utf8'));
      this.#acknowledged = Number(mark.acknowledged) || 0;
      this.#lastSequence = Number(mark.lastSequence) || 0;
      this.#lastChain = Buffer.from(String(mark.lastChain), 'hex');
      this.dropped = Number(mark.dropped) || 0;
    } catch {
      // None yet, or none that can be read: everything is sent again.
    }
  }

  #open(sequence: number, bytes: number): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && this.#descriptor !== undefined && last.bytes + bytes <= SEGMENT_BYTES_MAX) {
      return last;
    }
    const path = join(this.#path, `${String(sequence).padStart(16, '0')}.segment`);
    const next = openSync(path, 'w', MODE);
    if (this.#descriptor !== undefined) this.#unsynced.add(this.#descriptor);
    this.#descriptor = next;
    this.#isFolderChanged = true;
    const segment = { path, sequence, bytes: 0 };
    this.#segments.push(segment);
    return segment;
  }
}

async function readWindow(path: string, offset: number, length: number): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  } finally {
    await file?.close();
  }
}

/** A new name in a folder survives a power cut only once the folder is synced, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
