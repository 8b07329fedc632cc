import { createLogger } from '@ai-switch/telemetry';
import { describe, expect, test, vi } from 'vitest';
import type { Snapshot } from '../src/snapshot.ts';
import { Snapshots } from '../src/snapshots.ts';

function snapshot(revision: bigint): Snapshot {
  return { revision, routes: new Map(), providers: new Map(), phases: [] };
}

/** Snapshots over a database that a test can change, break and hang. */
function setUp() {
  const database = { revision: 1n, reads: 0, fails: false, hangs: false };
  const time = { nowMs: 1_000_000 };
  const lines: string[] = [];
  const logger = createLogger({
    service: 'router',
    level: 'trace',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const snapshots = new Snapshots({
    clock: { nowMs: () => time.nowMs },
    logger,
    load: async (_tenant, previous) => {
      database.reads += 1;
      if (database.hangs) return new Promise(() => {});
      if (database.fails) throw new Error('the database is down');
      return previous?.revision === database.revision ? previous : snapshot(database.revision);
    },
  });
  return { database, time, snapshots, lines };
}

describe('the snapshots of routes', () => {
  test('are read once however many ask at the same time', async () => {
    const { database, snapshots } = setUp();
    await Promise.all(Array.from({ length: 100 }, () => snapshots.get('acme')));
    expect(database.reads).toBe(1);
    expect(snapshots.get('acme')).not.toBeInstanceOf(Promise);
  });

  test('are refreshed in the background, so that a busy tenant never waits', async () => {
    const { database, time, snapshots } = setUp();
    await snapshots.get('acme');
    database.revision = 2n;
    time.nowMs += 3_000;
    expect(snapshots.get('acme')).toMatchObject({ revision: 1n });
    await vi.waitFor(() => expect(snapshots.get('acme')).toMatchObject({ revision: 2n }));
    expect(database.reads).toBe(2);
  });

  test('are never older than 5 seconds while the database answers', async () => {
    const { database, time, snapshots } = setUp();
    await snapshots.get('acme');
    database.revision = 2n;
    time.nowMs += 5_000;
    expect(await snapshots.get('acme')).toMatchObject({ revision: 2n });
  });

  test('are forgotten after a change, even while a read is under way', async () => {
    const { database, snapshots } = setUp();
    const before = snapshots.get('acme');
    database.revision = 2n;
    snapshots.drop('acme');
    expect(await snapshots.get('acme')).toMatchObject({ revision: 2n });
    await before;
    expect(await snapshots.get('acme')).toMatchObject({ revision: 2n });
  });

  test('are compared after a change that failed, which may have been committed', async () => {
    const { database, snapshots } = setUp();
    await snapshots.get('acme');
    const background = snapshots.get('acme');
    database.revision = 2n;
    snapshots.doubt('acme');
    expect(await snapshots.get('acme')).toMatchObject({ revision: 2n });
    await background;
    expect(snapshots.get('acme')).toMatchObject({ revision: 2n });
    expect(database.reads).toBe(2);
  });

  test('go on answering after a change that failed because the database is down', async () => {
    const { database, time, snapshots } = setUp();
    await snapshots.get('acme');
    database.fails = true;
    snapshots.doubt('acme');
    expect(await snapshots.get('acme')).toMatchObject({ revision: 1n });
    database.fails = false;
    database.revision = 2n;
    time.nowMs += 1_000;
    expect(await snapshots.get('acme')).toMatchObject({ revision: 2n });
  });

  test('go on answering for ten minutes when the database is down, and ask it once a second', async () => {
    const { database, time, snapshots, lines } = setUp();
    await snapshots.get('acme');
    database.fails = true;
    time.nowMs += 60_000;
    for (let index = 0; index < 100; index += 1) {
      expect(await snapshots.get('acme')).toMatchObject({ revision: 1n });
    }
    expect(database.reads).toBe(2);
    expect(lines).toHaveLength(1);
    time.nowMs += 600_000;
    await expect(snapshots.get('acme')).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 });
    database.fails = false;
    expect(await snapshots.get('acme')).toMatchObject({ revision: 1n });
  });

  test('answer within a second when the database hangs', async () => {
    const { database, time, snapshots } = setUp();
    await snapshots.get('acme');
    database.hangs = true;
    time.nowMs += 10_000;
    const startedMs = performance.now();
    expect(await snapshots.get('acme')).toMatchObject({ revision: 1n });
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    expect(snapshots.get('acme')).toMatchObject({ revision: 1n });
  });

  test('of a tenant that was never read are refused when the database is down', async () => {
    const { database, snapshots } = setUp();
    database.fails = true;
    await expect(snapshots.get('acme')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('are kept for 1,000 tenants', async () => {
    const { database, snapshots } = setUp();
    for (let index = 0; index <= 1_000; index += 1) await snapshots.get(`tenant-${index}`);
    await snapshots.get('tenant-1000');
    expect(database.reads).toBe(1_001);
    await snapshots.get('tenant-0');
    expect(database.reads).toBe(1_002);
  });
});
