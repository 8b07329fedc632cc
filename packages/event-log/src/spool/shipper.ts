// Takes what the log holds to the sink, epoch after epoch, and says how far each goes. What the sink did not acknowledge stays
// and is sent again: a time-out means "keep".

import { type Clock, Fault } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { LogSink } from '../event-log.ts';
import type { EpochFolder } from './epoch-folder.ts';
import type { ReadPosition } from './segments.ts';
import { within } from './within.ts';

const BATCH_RECORDS = 500;
const ANNOUNCE_MS = 10_000;
const RETRY_MS = 100;
const RETRY_MS_MAX = 5_000;
/** How long it lets records gather before it looks again. */
const GATHER_MS = 25;
/** How often it looks without being told: it may be time to announce. */
const LOOK_MS = 1_000;
/** A sink that refuses every name of the log would have it begin anew for ever. */
const CONFLICTS_MAX = 3;

export interface ShipperOptions {
  readonly sink: LogSink;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Oldest first; the last one is being written. */
  readonly epochs: EpochFolder[];
  /** The sink has another record of a sequence: what is not acknowledged has to go under another identity. */
  readonly onConflict: (epoch: EpochFolder) => Promise<void>;
}

type Outcome = 'sent' | 'idle' | 'failed';

export class Shipper {
  readonly #options: ShipperOptions;
  #position: ReadPosition = { segment: 0, offset: 0 };
  /** Whose records or announcement the sink was given last. */
  #addressed: EpochFolder | undefined;
  #announcedAtMs = 0;
  #isEnding = false;
  /** From then on the folder may be another process's. */
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();
  #isNotified = false;
  #wake: (() => void) | undefined;
  #wakeOnNotice: (() => void) | undefined;
  #failures = 0;

  constructor(options: ShipperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Something was appended. */
  notify(): void {
    this.#isNotified = true;
    this.#wakeOnNotice?.();
  }

  /** Sends what is left within `boundMs`, and says whether everything went. */
  async close(boundMs: number): Promise<boolean> {
    const endMs = performance.now() + boundMs;
    this.#isEnding = true;
    this.#wake?.();
    await within(this.#running, boundMs);
    const isEmpty = this.#options.epochs.every(isSent);
    const [current, another] = this.#options.epochs;
    if (isEmpty && current !== undefined && another === undefined) {
      await within(
        this.#announce(current, true).catch(() => {}),
        endMs - performance.now(),
      );
    }
    this.#isStopped = true;
    return isEmpty;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const outcome = await this.#step();
      if (this.#isEnding && outcome !== 'sent') return;
      if (outcome === 'idle') {
        if (!this.#isNotified) await this.#pause(LOOK_MS, true);
        this.#isNotified = false;
        await this.#pause(GATHER_MS, false);
      } else if (outcome === 'failed') {
        await this.#pause(Math.min(RETRY_MS * 2 ** Math.min(this.#failures - 1, 10), RETRY_MS_MAX), false);
      }
    }
  }

  async #step(): Promise<Outcome> {
    const { segment, offset } = this.#position;
    try {
      return await this.#sendSome();
    } catch (error) {
      this.#position = { segment, offset };
      return this.#fail(error);
    }
  }

  async #sendSome(): Promise<Outcome> {
    const { epochs, sink } = this.#options;
    const [epoch] = epochs;
    if (epoch === undefined) return 'idle';
    const records = await epoch.read(this.#position, BATCH_RECORDS);
    if (this.#isStopped) return 'idle';
    if (records.length > 0) {
      this.#addressed = epoch;
      await sink.write(epoch.identity, records);
      if (this.#isStopped) return 'idle';
      await epoch.acknowledge(records.at(-1)?.sequence ?? 0, this.#position);
      this.#failures = 0;
      await this.#announceIfDue();
      return 'sent';
    }
    if (epochs.length > 1) {
      // It has ended, and everything that was left of it is there.
      await this.#announce(epoch, true);
      if (this.#isStopped) return 'idle';
      epochs.shift();
      this.#position = { segment: 0, offset: 0 };
      await epoch.remove();
      return 'sent';
    }
    await this.#announceIfDue();
    return 'idle';
  }

  async #announceIfDue(): Promise<void> {
    const { clock, epochs } = this.#options;
    const current = epochs.at(-1);
    if (current === undefined || Math.abs(clock.nowMs() - this.#announcedAtMs) < ANNOUNCE_MS) return;
    this.#announcedAtMs = clock.nowMs();
    current.writeMark();
    await this.#announce(current, false);
  }

  async #announce(epoch: EpochFolder, isFinal: boolean): Promise<void> {
    const { sink, clock } = this.#options;
    const { identity, lastSequence, lastChain, dropped } = epoch;
    const chain = lastSequence === 0 ? new Uint8Array() : lastChain;
    this.#addressed = epoch;
    await sink.announce(identity, { lastSequence, chain, atMs: clock.nowMs(), isFinal, dropped });
  }

  async #fail(error: unknown): Promise<Outcome> {
    const { logger, onConflict, sink } = this.#options;
    this.#failures += 1;
    const epoch = this.#addressed;
    const isConflict = error instanceof Fault && error.code === 'conflict';
    if (isConflict && epoch !== undefined && this.#failures <= CONFLICTS_MAX && !this.#isStopped) {
      logger.error(
        { ...epoch.identity },
        'the sink has other records of this log: it goes on under another name',
      );
      try {
        await onConflict(epoch);
        this.#position = { segment: 0, offset: 0 };
        return 'sent';
      } catch (cause) {
        logger.error({ err: cause }, 'the event log cannot go on under another name yet');
        return 'failed';
      }
    }
    // One line for each doubling says enough.
    if (Number.isInteger(Math.log2(this.#failures))) {
      logger.warn(
        { err: error, sink: sink.name, failures: this.#failures },
        'the event log cannot be sent; it is kept',
      );
    }
    return 'failed';
  }

  /** Ends early when the log is closed, and, if `isNoticing`, when something was appended. */
  async #pause(pauseMs: number, isNoticing: boolean): Promise<void> {
    if (this.#isEnding) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, pauseMs);
      timer.unref();
      this.#wake = resolve;
      if (isNoticing) this.#wakeOnNotice = resolve;
    });
    clearTimeout(timer);
    this.#wakeOnNotice = undefined;
  }
}

function isSent({ acknowledged, lastSequence }: EpochFolder): boolean {
  return acknowledged >= lastSequence;
}
