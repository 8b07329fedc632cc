// Changes of a service's slow state, numbered in the transactions that make them: who watches learns of each within a moment,
// whichever process made it. The number is drawn under a lock that is held to the commit, so that the order of numbers is the
// order of commits, and who has read up to a number has missed none below it.
//
// When the database is down nobody learns of anything: what watchers remember then has to end by its age.

import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@ai-switch/kernel';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Migration } from './engine.ts';

/** Changes that are kept one by one. Who is further behind is told that everything may have changed. */
const CHANGES_KEPT = 1_000;
/** How often another process's changes are looked for. */
const POLL_MS = 250;
const WAIT_MS_MAX = 30_000;
const BLIND_MS = 4 * POLL_MS;

interface ChangeSchema {
  readonly change_revision: { readonly id: bigint; readonly revision: bigint };
  readonly changes: { readonly revision: bigint; readonly tenant: string };
}

/** The tables of the feed, as a migration of the service that has one. */
export function changeFeedMigration(name: string): Migration {
  return {
    name,
    up: async (kysely: Kysely<never>) => {
      const changes = kysely as unknown as Kysely<ChangeSchema>;
      await changes.schema
        .createTable('change_revision')
        .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
        .addColumn('revision', 'bigint', (column) => column.notNull())
        .execute();
      await changes.insertInto('change_revision').values({ id: 1n, revision: 1n }).execute();
      await changes.schema
        .createTable('changes')
        .addColumn('revision', 'bigint', (column) => column.primaryKey().notNull())
        .addColumn('tenant', 'text', (column) => column.notNull())
        .execute();
    },
  };
}

/** Numbers a change. The last thing that its transaction does: what it locks is locked for every other change. */
export async function numberChange<Schema>(trx: Transaction<Schema>, tenant: string): Promise<void> {
  const kysely = trx as unknown as Kysely<ChangeSchema>;
  const { revision } = await kysely
    .updateTable('change_revision')
    .set({ revision: sql<bigint>`revision + 1` })
    .where('id', '=', 1n)
    .returning('revision')
    .executeTakeFirstOrThrow();
  await kysely.insertInto('changes').values({ revision, tenant }).execute();
  await kysely
    .deleteFrom('changes')
    .where('revision', '<=', revision - BigInt(CHANGES_KEPT))
    .execute();
}

export interface FeedChanges {
  readonly revision: bigint;
  readonly tenants: string[];
  readonly isEverything: boolean;
}

export interface ChangeFeedOptions<Schema> {
  readonly kysely: Kysely<Schema>;
  /** Hears of what changed, here or elsewhere, before any watcher does. */
  readonly onChanges: (changes: FeedChanges) => void;
  /** Hears that changes could not be read. */
  readonly onError: (error: unknown) => void;
}

export class ChangeFeed<Schema> {
  readonly #kysely: Kysely<ChangeSchema>;
  readonly #options: ChangeFeedOptions<Schema>;
  readonly #waiting = new Set<() => void>();
  #revision = 0n;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #poking = Promise.withResolvers<void>();
  #following: Promise<void>;

  constructor(options: ChangeFeedOptions<Schema>) {
    this.#options = options;
    this.#kysely = options.kysely as unknown as Kysely<ChangeSchema>;
    this.#following = this.#follow();
  }

  /** A change was committed here: nobody needs to wait for the next look. */
  poke(): void {
    this.#poking.resolve();
  }

  /** Answers as soon as there is a change after the revision, and at the latest after `waitMs`. */
  async watch(request: { readonly afterRevision: bigint; readonly waitMs: number }): Promise<FeedChanges> {
    const { afterRevision, waitMs } = request;
    const untilMs = performance.now() + Math.min(waitMs, WAIT_MS_MAX);
    while (!this.#isClosed) {
      // Who watches may come from a process that has seen more than this one.
      if (this.#revision !== afterRevision) {
        const changes = await this.#since(afterRevision);
        if (changes.revision !== afterRevision) return changes;
      }
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) {
        this.#assertLooking();
        return { revision: afterRevision, tenants: [], isEverything: false };
      }
      await this.#change(leftMs);
    }
    throw unreadable();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.poke();
    await this.#following;
    for (const wake of this.#waiting) wake();
  }

  /** Who sees nothing cannot say that nothing changed. */
  #assertLooking(): void {
    if (performance.now() - this.#lookedAtMs < BLIND_MS) return;
    throw unreadable();
  }

  /** Resolves with the next change, or after `ms`. */
  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      timer.unref();
      this.#waiting.add(end);
    });
  }

  async #follow(): Promise<void> {
    let hasFailed = false;
    while (!this.#isClosed) {
      try {
        await this.#look();
        hasFailed = false;
      } catch (error) {
        if (!hasFailed && !this.#isClosed) this.#options.onError(error);
        hasFailed = true;
      }
      await Promise.race([this.#poking.promise, sleep(POLL_MS, undefined, { ref: false })]);
      this.#poking = Promise.withResolvers<void>();
    }
  }

  async #look(): Promise<void> {
    const revision = await this.#current();
    this.#lookedAtMs = performance.now();
    if (revision === this.#revision) return;
    if (this.#revision !== 0n) this.#options.onChanges(await this.#since(this.#revision));
    this.#revision = revision;
    for (const wake of this.#waiting) wake();
  }

  async #current(): Promise<bigint> {
    const { revision } = await this.#kysely
      .selectFrom('change_revision')
      .select('revision')
      .executeTakeFirstOrThrow();
    return revision;
  }

  async #since(afterRevision: bigint): Promise<FeedChanges> {
    const revision = await this.#current();
    const behind = revision - afterRevision;
    // Of a database that was put back, or of changes that are not kept any more, nothing is known.
    const everything = { revision, tenants: [], isEverything: true };
    if (behind < 0n || behind > CHANGES_KEPT || afterRevision === 0n) return everything;
    const rows = await this.#kysely
      .selectFrom('changes')
      .select('tenant')
      .where('revision', '>', afterRevision)
      .where('revision', '<=', revision)
      .execute();
    if (BigInt(rows.length) !== behind) return everything;
    return { revision, tenants: [...new Set(rows.map(({ tenant }) => tenant))], isEverything: false };
  }
}

function unreadable(): Fault {
  return new Fault('unavailable', 'Changes cannot be read at the moment.', { retryAfterMs: POLL_MS });
}
