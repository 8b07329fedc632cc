// The segments of an epoch, read piece by piece: no more is in memory than one piece, and the event loop is held no longer than
// it takes to read that.

import { type FileHandle, open } from 'node:fs/promises';
import type { SequencedRecord } from '../event-log.ts';
import { RECORD_BYTES_MAX, type Scanned, scan } from './spool-format.ts';

export interface Segment {
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

const PIECE_BYTES = 256 * 1024;
/** Any record is whole in it, wherever it begins in its first half. */
const PIECE_BYTES_MAX = 2 * RECORD_BYTES_MAX;

/** The next records behind `acknowledged`, in their order; moves the position behind them. Nothing when there is no more. */
export async function readOn(
  segments: readonly Segment[],
  position: ReadPosition,
  acknowledged: () => number,
  recordsMax: number,
): Promise<readonly SequencedRecord[]> {
  for (;;) {
    const segment = segments[position.segment];
    if (segment === undefined) return [];
    const left = segment.bytes - position.offset;
    if (left <= 0) {
      // The last one may still grow.
      if (position.segment === segments.length - 1) return [];
      position.segment += 1;
      position.offset = 0;
      continue;
    }
    const { records, end } = await scanFrom(segment.path, position.offset, left, recordsMax);
    // Somebody took away what is left of it: what was there is missing, and the announcements say so.
    position.offset += end === 0 ? left : end;
    const fresh = records.filter(({ sequence }) => sequence > acknowledged());
    if (fresh.length > 0) return fresh;
  }
}

/** @returns with `end` 0 only when there is nothing at that place of the file */
async function scanFrom(path: string, offset: number, left: number, recordsMax: number): Promise<Scanned> {
  const small = await scanPiece(path, offset, Math.min(left, PIECE_BYTES), left, recordsMax);
  // A record that is longer, or one that is spoiled: where the next one begins takes a wider look.
  if (small.isWhole || (small.end > 0 && small.bytesSpoiled === 0)) return small;
  return scanPiece(path, offset, Math.min(left, PIECE_BYTES_MAX), left, recordsMax);
}

async function scanPiece(
  path: string,
  offset: number,
  length: number,
  left: number,
  recordsMax: number,
): Promise<Scanned & { readonly isWhole: boolean }> {
  const piece = await readPiece(path, offset, length);
  // One that is shorter than what was written of it was cut by somebody: nothing follows.
  const isWhole = length === left || piece.length < length;
  return { ...scan(piece, isWhole, recordsMax), isWhole };
}

async function readPiece(path: string, offset: number, length: number): Promise<Buffer> {
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
