// What this edge is about to do with its holds, on disk before it does it, so that the next process can end what this one
// began. When the disk takes nothing, new holds are refused, and so are those for which nobody was asked yet; those under way
// go on from memory: if the process is killed as well, they are settled with the last that the disk took.

import type { Amounts } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { SpoolFile } from './spool-file.ts';
import {
  apply,
  type Intent,
  lineOf,
  readLines,
  recordsOf,
  type Settlement,
  type SpooledHold,
  type SpoolRecord,
} from './spool-records.ts';

/** A spool that has grown by so much is written anew with what is still open. */
const GROWN_CHARACTERS_MAX = 16 * 1024 * 1024;
/** Holds that have not ended; in an outage of the ledger they wait, refused ones included, and take about 3 KiB each. */
const HOLDS_MAX = 20_000;
/** Lines that wait for a disk which takes nothing. */
const WAITING_CHARACTERS_MAX = 1024 * 1024;
/** What was appended reaches the disk itself after this. */
const SYNC_DELAY_MS = 100;

export interface SpoolOptions {
  readonly file: SpoolFile;
  readonly logger: Logger;
}

export class Spool {
  /** What earlier processes left open. */
  readonly left: readonly SpooledHold[];
  readonly #file: SpoolFile;
  readonly #logger: Logger;
  readonly #holds: Map<number, SpooledHold>;
  readonly #progress = new Map<number, Amounts>();
  #lastPlace: number;
  /** Lines that wait for the end of the turn, or for the next one that does not. */
  #later = '';
  #charactersGrown = 0;
  #isFailing = false;
  #isTurnWaited = false;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> = Promise.resolve();

  constructor({ file, logger }: SpoolOptions) {
    this.#file = file;
    this.#logger = logger;
    const { holds, linesSpoiled } = readLines(file.read());
    if (linesSpoiled > 0) logger.warn({ lines: linesSpoiled }, 'the spool has lines that cannot be read');
    this.#holds = holds;
    this.left = [...holds.values()];
    this.#lastPlace = Math.max(0, ...holds.keys());
    this.#rewrite();
  }

  /** @throws Fault `unavailable` when the disk takes nothing, or too many holds wait for the ledger */
  begin(intent: Intent): SpooledHold {
    if (this.#holds.size >= HOLDS_MAX) {
      throw new Fault('unavailable', 'The gateway has too much to settle first. Please try again later.', {
        retryAfterMs: 5_000,
      });
    }
    this.#lastPlace += 1;
    const place = this.#lastPlace;
    this.#demand(['intent', place, intent]);
    return this.#hold(place);
  }

  /**
   * @param request what the event log would say of the request by now
   * @throws Fault `unavailable` when the disk takes nothing: then nobody may be asked
   */
  dispatched(hold: SpooledHold, request: () => string): void {
    if (!hold.isDispatched) this.#demand(['dispatched', hold.place, request()]);
  }

  /** Written together with what else is told in this turn of the event loop. */
  progress(hold: SpooledHold, used: Amounts): void {
    hold.progress = used;
    this.#progress.set(hold.place, used);
    this.#writeAtEndOfTurn();
  }

  /** The same, with the operating system when it returns. */
  progressNow(hold: SpooledHold, used: Amounts): void {
    this.progress(hold, used);
    this.#writeLater();
  }

  settle(hold: SpooledHold, settlement: Settlement): void {
    this.#progress.delete(hold.place);
    this.#note(['settle', hold.place, settlement]);
  }

  release(hold: SpooledHold): void {
    this.#note(['release', hold.place]);
  }

  /** Call it in the turn in which the record went into the event log: a process that is killed has written both, or that record last. */
  recorded(hold: SpooledHold): void {
    if (hold.request === '') return;
    if (this.#holds.has(hold.place)) this.#note(['recorded', hold.place]);
    else this.#writeLater();
  }

  /** Written a little later: a hold that seems open ends a second time, which changes nothing. */
  end(hold: SpooledHold): void {
    this.#progress.delete(hold.place);
    const record: SpoolRecord = ['end', hold.place];
    apply(this.#holds, record);
    this.#later += lineOf(record);
    this.#writeAtEndOfTurn();
    if (this.#charactersGrown > GROWN_CHARACTERS_MAX) this.#rewrite();
  }

  /** Holds that have not ended. */
  get size(): number {
    return this.#holds.size;
  }

  async close(): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#writeLater();
    await this.#sync();
    this.#file.close();
  }

  #hold(place: number): SpooledHold {
    const hold = this.#holds.get(place);
    if (hold === undefined) throw new Error('a hold that was begun is known');
    return hold;
  }

  #writeAtEndOfTurn(): void {
    if (this.#isTurnWaited) return;
    this.#isTurnWaited = true;
    setImmediate(() => {
      this.#isTurnWaited = false;
      this.#writeLater();
    });
  }

  /** What may wait for the end of the turn. */
  #writeLater(): void {
    if (this.#progress.size > 0) {
      this.#later += lineOf(['progress', ...this.#progress]);
      this.#progress.clear();
    }
    if (this.#later === '') return;
    try {
      this.#write('');
    } catch (error) {
      this.#noteFailure(error);
      if (this.#later.length < WAITING_CHARACTERS_MAX) return;
      // All of it is in memory: the file is written anew once the disk takes something.
      this.#later = '';
      this.#charactersGrown = GROWN_CHARACTERS_MAX + 1;
    }
  }

  #demand(record: SpoolRecord): void {
    try {
      this.#append(record);
    } catch (cause) {
      this.#noteFailure(cause);
      throw new Fault('unavailable', 'The gateway cannot write its spool. Please try again later.', {
        retryAfterMs: 5_000,
        cause,
      });
    }
  }

  /** What is under way goes on without the disk. */
  #note(record: SpoolRecord): void {
    try {
      this.#append(record);
    } catch (error) {
      apply(this.#holds, record);
      this.#noteFailure(error);
    }
  }

  #append(record: SpoolRecord): void {
    this.#write(lineOf(record));
    apply(this.#holds, record);
  }

  /** Writes what has waited, and the line. @throws when the disk takes nothing: then what has waited goes on waiting */
  #write(line: string): void {
    const text = this.#later + line;
    this.#file.append(text);
    this.#later = '';
    this.#isFailing = false;
    this.#charactersGrown += text.length;
    this.#syncTimer ??= setTimeout(() => this.#sync(), SYNC_DELAY_MS).unref();
  }

  #rewrite(): void {
    try {
      this.#file.replace([...this.#holds.values()].flatMap(recordsOf).map(lineOf).join(''));
      this.#charactersGrown = 0;
      this.#later = '';
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  #sync(): Promise<void> {
    this.#syncTimer = undefined;
    this.#syncing = this.#syncing.then(() => this.#file.sync()).catch((error) => this.#noteFailure(error));
    return this.#syncing;
  }

  #noteFailure(err: unknown): void {
    if (!this.#isFailing) this.#logger.error({ err }, 'the spool cannot be written');
    this.#isFailing = true;
  }
}
