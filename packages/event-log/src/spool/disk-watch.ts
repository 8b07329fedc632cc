// How full the disk is, and the log's own bound: looked at now and then, so that what is appended asks nothing.

import { statfs } from 'node:fs/promises';
import type { Logger } from '@ai-switch/telemetry';

/** At this share it is told, and at the other no more requests are admitted, or records are given up: by policy. */
const ALERT_SHARE = 0.7;
const FULL_SHARE = 0.95;
const LOOK_MS = 2_000;

export interface DiskWatchOptions {
  readonly folder: string;
  /** Of the log at most, whatever the disk has. */
  readonly bytesMax: number;
  /** Of the log now. */
  readonly bytes: () => number;
  readonly logger: Logger;
  /** How full the disk is, from 0 to 1; for tests. */
  readonly diskShare?: (folder: string) => Promise<number>;
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #isAlerted = false;
  isFull = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Never rejects: a disk that cannot be asked is as full as it was. */
  async look(): Promise<void> {
    const { folder, bytesMax, bytes, logger, diskShare = usedShare } = this.#options;
    const share = Math.max(await diskShare(folder).catch(() => 0), bytes() / bytesMax);
    const isFull = share >= FULL_SHARE;
    if (isFull !== this.isFull) {
      this.isFull = isFull;
      logger.error(
        { folder, percent: Math.round(share * 100) },
        isFull ? 'the disk of the event log is full' : 'the disk of the event log has room again',
      );
    } else if (share >= ALERT_SHARE && !this.#isAlerted) {
      logger.warn({ folder, percent: Math.round(share * 100) }, 'the disk of the event log is filling up');
    }
    this.#isAlerted = share >= ALERT_SHARE;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

async function usedShare(folder: string): Promise<number> {
  const { blocks, bavail } = await statfs(folder);
  return blocks === 0 ? 0 : 1 - bavail / blocks;
}
