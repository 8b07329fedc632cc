// Watches a service's slow state, so that what is remembered of it may live long. While the watch is alive, what changed is
// forgotten within a moment; while it is not, everything is only believed for as short as without one.
//
// A replica that is asked right after a change may not have seen it yet. So what is learned within SETTLING_MS of a company's
// change is believed briefly, too. Together no change is seen later than BRIEF_MS and a replica's own memory allow.
//
// Ages are counted on the process's own steady clock, so that no turn of the time of day makes anything older or younger.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Changes } from '@ai-switch/contracts';
import type { Logger } from '@ai-switch/telemetry';

/** How long something is believed that no watch vouches for. */
const BRIEF_MS = 2_500;
/** How long something is believed that a watch vouches for. */
const LONG_MS = 60_000;
const SETTLING_MS = 5_000;
const WAIT_MS = 1_000;
/** A watch that has not answered for so long is dead. */
const SILENCE_MS = 2_000;
const RETRY_MS = 500;
const COMPANIES_MAX = 10_000;

export interface ChangeWatchOptions {
  /** What is watched, for the log. */
  readonly what: string;
  readonly watch: (request: {
    readonly afterRevision: bigint;
    readonly waitMs: number;
  }) => Promise<{ readonly changes?: Changes | undefined }>;
  readonly logger: Logger;
  /** Milliseconds of a clock that only goes forward; the process's own unless given. */
  readonly steadyMs?: () => number;
}

export class ChangeWatch {
  readonly #options: ChangeWatchOptions;
  /** When each company changed last, oldest first. */
  readonly #changedAtMs = new Map<string, number>();
  #everythingChangedAtMs = Number.NEGATIVE_INFINITY;
  #aliveAtMs = Number.NEGATIVE_INFINITY;
  readonly #steadyMs: () => number;
  #revision = 0n;
  readonly #closing = new AbortController();
  #hasFailed = false;

  constructor(options: ChangeWatchOptions) {
    this.#options = options;
    this.#steadyMs = options.steadyMs ?? (() => performance.now());
  }

  /** Begins to watch. */
  start(): this {
    void this.#run();
    return this;
  }

  /** The time that memories of what is watched are counted in. */
  nowMs(): number {
    return this.#steadyMs();
  }

  /** How old what was learned at `sinceMs` of a company may get; 0 when it has changed since. */
  lifeMs(tenant: string, sinceMs: number): number {
    if (this.#steadyMs() - this.#aliveAtMs > SILENCE_MS) return BRIEF_MS;
    const changedAtMs = Math.max(
      this.#everythingChangedAtMs,
      this.#changedAtMs.get(tenant) ?? Number.NEGATIVE_INFINITY,
    );
    if (sinceMs <= changedAtMs) return 0;
    return sinceMs - changedAtMs > SETTLING_MS ? LONG_MS : BRIEF_MS;
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { watch, logger, what } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const askedAtMs = this.#steadyMs();
        const { changes } = await watch({ afterRevision: this.#revision, waitMs: WAIT_MS });
        if (changes !== undefined) this.#take(changes);
        // That nothing changed was true when it was said: what took too long on its way says nothing of now.
        const answeredAtMs = this.#steadyMs();
        if (answeredAtMs - askedAtMs <= SILENCE_MS) this.#aliveAtMs = answeredAtMs;
        if (this.#hasFailed) logger.info({ what }, 'changes are watched again');
        this.#hasFailed = false;
      } catch (error) {
        if (!this.#hasFailed && !signal.aborted)
          logger.warn({ err: error, what }, 'changes cannot be watched');
        this.#hasFailed = true;
        await sleep(RETRY_MS, undefined, { ref: false, signal }).catch(() => {});
      }
    }
  }

  #take({ revision, tenants, isEverything }: Changes): void {
    const nowMs = this.#steadyMs();
    if (revision === this.#revision) return;
    // At first nothing is remembered, and a watch that begins anew has missed what it did not see.
    if (isEverything || this.#revision === 0n) {
      this.#everythingChangedAtMs = nowMs;
      this.#changedAtMs.clear();
    }
    this.#revision = revision;
    for (const tenant of tenants) {
      this.#changedAtMs.delete(tenant);
      this.#changedAtMs.set(tenant, nowMs);
    }
    // What is not known of single companies any more counts for all.
    if (this.#changedAtMs.size > COMPANIES_MAX) {
      this.#everythingChangedAtMs = nowMs;
      this.#changedAtMs.clear();
    }
  }
}
