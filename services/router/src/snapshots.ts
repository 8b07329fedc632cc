// The tenants' snapshots in memory, so that a route asks no database. A snapshot is compared with the database while it
// is used and is at most SNAPSHOT_AGE_MAX_MS old: that long another replica's change may take to arrive.
//
// When the database is down or slow: the last snapshot goes on answering for SNAPSHOT_STALE_MAX_MS, after which routes
// are refused as unavailable. A tenant that has no snapshot yet is refused at once.

import { type Clock, Fault } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { Snapshot } from './snapshot.ts';

const SNAPSHOT_AGE_MAX_MS = 5_000;
/** From this age on it is compared in the background, so that no request of a busy tenant waits for it. */
const SNAPSHOT_REFRESH_MS = 2_500;
const SNAPSHOT_STALE_MAX_MS = 600_000;
/** How long a request that has an old snapshot waits for a new one. */
const REFRESH_WAIT_MAX_MS = 1_000;
/** How long nobody waits for the database again after it failed. */
const REFRESH_PAUSE_MS = 1_000;
/** One more tenant forgets the one that came first. */
const TENANTS_MAX = 1_000;

export interface SnapshotsOptions {
  /** Reads a tenant's snapshot, or returns `previous` when nothing changed. */
  readonly load: (tenant: string, previous: Snapshot | undefined) => Promise<Snapshot>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Entry {
  snapshot: Snapshot | undefined;
  /** When the snapshot was last known to be true. */
  checkedAtMs: number;
  failedAtMs: number;
  /** Nobody gets the snapshot before it was compared, as long as the database answers. */
  isDoubtful: boolean;
  loading: Promise<Snapshot> | undefined;
}

export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** @throws Fault `unavailable` when there is none and none can be read */
  get(tenant: string): Snapshot | Promise<Snapshot> {
    const nowMs = this.#options.clock.nowMs();
    const entry = this.#entries.get(tenant) ?? this.#add(tenant);
    const { snapshot } = entry;
    if (snapshot === undefined) return this.#refresh(tenant, entry);
    const ageMs = Math.abs(nowMs - entry.checkedAtMs);
    if (ageMs < SNAPSHOT_REFRESH_MS && !entry.isDoubtful) return snapshot;
    const isPausing = Math.abs(nowMs - entry.failedAtMs) < REFRESH_PAUSE_MS;
    if (isPausing && ageMs < SNAPSHOT_STALE_MAX_MS) return snapshot;
    const refreshed = this.#refresh(tenant, entry);
    if (ageMs >= SNAPSHOT_AGE_MAX_MS || entry.isDoubtful)
      return this.#refreshedOrStale(entry, snapshot, ageMs, refreshed);
    refreshed.catch(() => {});
    return snapshot;
  }

  /** Forgets a tenant's snapshot after a change: the next route reads what was written. */
  drop(tenant: string): void {
    this.#entries.delete(tenant);
  }

  /** After a change that failed, of which nobody knows whether it was committed: the next route compares. */
  doubt(tenant: string): void {
    const entry = this.#entries.get(tenant);
    if (entry === undefined) return;
    entry.isDoubtful = true;
    // A read under way may have begun before the change: nobody who comes now waits for it.
    entry.loading = undefined;
  }

  doubtAll(): void {
    for (const tenant of [...this.#entries.keys()]) this.doubt(tenant);
  }

  #add(tenant: string): Entry {
    const entry: Entry = {
      snapshot: undefined,
      checkedAtMs: 0,
      failedAtMs: Number.NEGATIVE_INFINITY,
      isDoubtful: false,
      loading: undefined,
    };
    this.#entries.set(tenant, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > TENANTS_MAX && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }

  /** One read at a time. It fills the entry that it began with: one that was dropped meanwhile is used by nobody. */
  #refresh(tenant: string, entry: Entry): Promise<Snapshot> {
    if (entry.loading !== undefined) return entry.loading;
    const startedAtMs = this.#options.clock.nowMs();
    const loading: Promise<Snapshot> = this.#load(tenant, entry).then(
      (snapshot) => {
        const isDoubted = entry.loading !== loading;
        // What is doubted is still better than nothing, should the database be gone.
        if (isDoubted && entry.snapshot !== undefined) return snapshot;
        entry.snapshot = snapshot;
        entry.checkedAtMs = startedAtMs;
        if (!isDoubted) {
          entry.isDoubtful = false;
          entry.loading = undefined;
        }
        return snapshot;
      },
      (error: unknown) => {
        if (entry.loading === loading) entry.loading = undefined;
        throw error;
      },
    );
    entry.loading = loading;
    return loading;
  }

  async #load(tenant: string, entry: Entry): Promise<Snapshot> {
    const { load, clock, logger } = this.#options;
    try {
      return await load(tenant, entry.snapshot);
    } catch (cause) {
      entry.failedAtMs = clock.nowMs();
      logger.error({ tenant, error: cause }, 'the routes of a tenant cannot be read');
      throw new Fault('unavailable', 'The list of models cannot be read right now. Please try again.', {
        retryAfterMs: REFRESH_PAUSE_MS,
        cause,
      });
    }
  }

  async #refreshedOrStale(
    entry: Entry,
    stale: Snapshot,
    ageMs: number,
    refreshed: Promise<Snapshot>,
  ): Promise<Snapshot> {
    if (ageMs >= SNAPSHOT_STALE_MAX_MS) return refreshed;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<Snapshot>((resolve) => {
      timer = setTimeout(() => {
        entry.failedAtMs = this.#options.clock.nowMs();
        resolve(stale);
      }, REFRESH_WAIT_MAX_MS);
    });
    try {
      return await Promise.race([refreshed, patience]);
    } catch {
      return stale;
    } finally {
      clearTimeout(timer);
    }
  }
}
