// How full the disk is, and the log's own bound: looked at now and then, so that what is appended asks nothing. A disk that did not
// take a record counts as full until it takes one of the watch's own: a quota, or a disk that became read-only, shows no other way.

import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@ai-switch/telemetry';

/** At the first it is told, and at the other no more requests are admitted, or records are given up: by policy. */
const FILLING: Room = { share: 0.7, freeBytes: 20 * 2 ** 30 };
const FULL: Room = { share: 0.95, freeBytes: 2 * 2 ** 30 };
const LOOK_MS = 2_000;
const TRIAL = Buffer.alloc(4_096);

/** How much of a disk is used, from 0 to 1, and how much is free. */
export interface Room {
  readonly share: number;
  readonly freeBytes: number;
}

export interface DiskWatchOptions {
  readonly folder: string;
  /** Of the log at most, whatever the disk has. */
  readonly bytesMax: number;
  /** Of the log now. */
  readonly bytes: () => number;
  readonly logger: Logger;
  /** How full the disk is; for tests. */
  readonly roomOf?: (folder: string) => Promise<Room>;
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #isAlerted = false;
  #isLooking = false;
  #isFailing = false;
  #disk: Room = { share: 0, freeBytes: Number.POSITIVE_INFINITY };
  isFull = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** The disk did not take a record. */
  fail(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.isFull = true;
    const { folder, logger } = this.#options;
    logger.error({ err: error, folder }, 'the disk of the event log takes nothing');
  }

  /** Never rejects: a disk that cannot be asked is as full as it was. One at a time. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#look();
    } finally {
      this.#isLooking = false;
    }
  }

  async #look(): Promise<void> {
    const { folder, logger, roomOf = diskRoom } = this.#options;
    const disk = await roomOf(folder).catch(() => this.#disk);
    this.#disk = disk;
    if (this.#isFailing) this.#isFailing = !(await takesTrial(folder));
    const isFull = this.#isFailing || this.#isPast(FULL);
    const percent = Math.round(Math.max(disk.share, this.#logShare()) * 100);
    if (isFull !== this.isFull) {
      this.isFull = isFull;
      logger.error(
        { folder, percent, freeBytes: disk.freeBytes },
        isFull ? 'the disk of the event log is full' : 'the disk of the event log has room again',
      );
    } else if (this.#isPast(FILLING) && !this.#isAlerted) {
      logger.warn({ folder, percent, freeBytes: disk.freeBytes }, 'the disk of the event log is filling up');
    }
    this.#isAlerted = this.#isPast(FILLING);
  }

  /** A large disk that is 95 % full has room for hours of records: what is left counts, too. */
  #isPast({ share, freeBytes }: Room): boolean {
    const isDiskPast = this.#disk.share >= share && this.#disk.freeBytes <= freeBytes;
    return isDiskPast || this.#logShare() >= share;
  }

  #logShare(): number {
    return this.#options.bytes() / this.#options.bytesMax;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

async function takesTrial(folder: string): Promise<boolean> {
  const path = join(folder, 'trial');
  try {
    await writeFile(path, TRIAL, { flush: true, mode: 0o600 });
    await rm(path);
    return true;
  } catch {
    return false;
  }
}

/** As `df` counts it: what is kept for root alone is neither used nor free. */
async function diskRoom(folder: string): Promise<Room> {
  const { blocks, bfree, bavail, bsize } = await statfs(folder);
  const used = blocks - bfree;
  return { share: used === 0 ? 0 : used / (used + bavail), freeBytes: bavail * bsize };
}
