// Takes what the log holds to the sink, epoch after epoch, and says how far each goes. What the sink did not acknowledge stays
// and is sent again: a time-out means "keep".

import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, Fault } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { LogSink } from '../event-log.ts';
import type { EpochFolder, ReadPosition } from './epoch-folder.ts';

const BATCH_ROWS = 500;
const ANNOUNCE_MS = 10_000;
const RETRY_MS = 100;
const RETRY_MS_MAX = 5_000;
/** How long it lets records gather before it looks again. */
const GATHER_MS = 25;

export interface ShipperOptions {
  readonly sink: LogSink;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Oldest first; the last one is being written. */
  readonly epochs: EpochFolder[];
  /** The sink has another record of a sequence: what is not acknowledged has to go under another identity. */
  readonly onConflict: (epoch: EpochFolder) => Promise<void>;
}

export class Shipper {
  readonly #options: ShipperOptions;
  #position: ReadPosition = { segment: 0, offset: 0 };
  #announcedAtMs = 0;
  #isEnding = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #failures = 0;

  constructor(options: ShipperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Something was appended. */
  notify(): void {
    this.#wake?.();
  }

  /** Sends what is left within `boundMs`, and says whether everything went. */
  async close(boundMs: number): Promise<boolean> {
    this.#isEnding = true;
    this.#wake?.();
    const bound = sleep(boundMs, undefined, { ref: false });
    await Promise.race([this.#running, bound]);
    return this.#options.epochs.every(isSent);
  }

  async #run(): Promise<void> {
    for (;;) {
      const isIdle = await this.#sendSome().catch((error: unknown) => this.#fail(error));
      if (this.#isEnding && (isIdle === true || this.#failures > 0)) return;
      if (isIdle === true) await this.#gather();
    }
  }

  /** @returns true when there is nothing left to send now */
  async #sendSome(): Promise<boolean> {
    const { epochs, sink } = this.#options;
    const [epoch] = epochs;
    if (epoch === undefined) return true;
    const records = await epoch.read(this.#position, BATCH_ROWS);
    if (records.length > 0) {
      await sink.write(epoch.identity, records);
      this.#position.segment -= epoch.acknowledge(records.at(-1)?.sequence ?? 0);
      this.#failures = 0;
      await this.#announceIfDue();
      return false;
    }
    if (epochs.length > 1) {
      // It has ended, and everything that was left of it is there.
      await this.#announce(epoch, true);
      epoch.remove();
      epochs.shift();
      this.#position = { segment: 0, offset: 0 };
      return false;
    }
    await this.#announceIfDue();
    return true;
  }

  async #announceIfDue(): Promise<void> {
    const { clock, epochs } = this.#options;
    const current = epochs.at(-1);
    if (current === undefined || Math.abs(clock.nowMs() - this.#announcedAtMs) < ANNOUNCE_MS) return;
    this.#announcedAtMs = clock.nowMs();
    current.writeMark();
    await this.#announce(current, false);
  }

  /** The end of the epoch that is being written, when nothing comes any more. */
  async announceEnd(): Promise<void> {
    const current = this.#options.epochs.at(-1);
    if (current !== undefined && this.#options.epochs.length === 1 && isSent(current))
      await this.#announce(current, true);
  }

  async #announce(
    { identity, lastSequence, lastChain, dropped }: EpochFolder,
    isFinal: boolean,
  ): Promise<void> {
    const { sink, clock } = this.#options;
    const chain = lastSequence === 0 ? new Uint8Array() : lastChain;
    await sink.announce(identity, { lastSequence, chain, atMs: clock.nowMs(), isFinal, dropped });
  }

  async #fail(error: unknown): Promise<boolean> {
    const { logger, epochs, onConflict, sink } = this.#options;
    this.#position = { segment: 0, offset: 0 };
    const [epoch] = epochs;
    if (error instanceof Fault && error.code === 'conflict' && epoch !== undefined) {
      logger.error(
        { ...epoch.identity },
        'the sink has other records of this log: it goes on under another name',
      );
      await onConflict(epoch);
      return false;
    }
    this.#failures += 1;
    // One line for each doubling says enough.
    if (Number.isInteger(Math.log2(this.#failures))) {
      logger.warn(
        { err: error, sink: sink.name, failures: this.#failures },
        'the event log cannot be sent; it is kept',
      );
    }
    if (!this.#isEnding) {
      const delayMs = Math.min(RETRY_MS * 2 ** Math.min(this.#failures - 1, 10), RETRY_MS_MAX);
      await sleep(delayMs, undefined, { ref: false });
    }
    return false;
  }

  async #gather(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    // Also without anything new: it may be time to announce.
    await Promise.race([woken, sleep(ANNOUNCE_MS / 10, undefined, { ref: false })]);
    this.#wake = undefined;
    if (!this.#isEnding) await sleep(GATHER_MS, undefined, { ref: false });
  }
}

function isSent({ acknowledged, lastSequence }: EpochFolder): boolean {
  return acknowledged >= lastSequence;
}
