// Three ledger processes on one PostgreSQL, while holds grow and end, limits are lowered and grants are closed.

import { setTimeout as sleep } from 'node:timers/promises';
import { ReservationState as State, Tier } from '@ai-switch/contracts';
import { asFault } from '@ai-switch/kernel';
import { databases } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amounts, TurnableClock } from './harness.ts';
import { expectInvariants } from './invariants.ts';
import { type LedgerProcess, startLedger } from './ledger-process.ts';
import { openWorld, type World } from './world.ts';

/** The least that a ledger allows, of a hold and between two sweeps. */
const TTL_MS = 1_000;
const SWEEP = { sweepIntervalMs: 100 };
const HOLDS = 90;
const CALLERS = 24;
/** So many are admitted before something changes. */
const ADMITTED_BEFORE = 50;
const CALLS_AFTER = 3;

const postgres = databases.filter((kind) => kind.name === 'postgres');

describe.each(postgres)('three ledger processes on one $name', ({ create }) => {
  let processes: readonly LedgerProcess[];
  let fresh: Awaited<ReturnType<typeof create>>;
  beforeAll(async () => {
    fresh = await create();
    // One after the other: the first makes the tables.
    const first = await startLedger(fresh.url, SWEEP);
    const others = await Promise.all([startLedger(fresh.url, SWEEP), startLedger(fresh.url, SWEEP)]);
    processes = [first, ...others];
  });
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.close()));
    await expectInvariants(fresh.url);
    await fresh.drop();
  });

  /** The same company at each of the ledgers. */
  const worldsOf = (tenant: string): ((place: number) => World) => {
    const worlds = processes.map(({ ledger }) => openWorld({ ...REST, tenant, ledger }));
    return (place) => {
      const world = worlds[place % worlds.length];
      if (world === undefined) throw new Error('there are three ledgers');
      return world;
    };
  };

  test('extend holds that want more than there is up to the limit, and no further', async () => {
    const at = worldsOf('extensions');
    await at(0).putPersonal({ input: 10_000n });
    const ids = Array.from({ length: 60 }, (_, place) => `hold_${place}`);
    await Promise.all(ids.map((id, place) => at(place).reserve(id)));
    const answers = await Promise.all(
      ids.map((id, place) => at(place + 1).extend(id, { amounts: amounts(100) })),
    );
    expect(answers.filter(({ granted }) => granted)).toHaveLength(40);
    expect((await at(0).balance()).held).toEqual(amounts(10_000));
  });

  test('charge what was used, once, whether the settle or the sweeper comes first', async () => {
    const at = worldsOf('deadlines');
    const ends = await Promise.all(
      Array.from({ length: HOLDS }, async (_, place) => {
        const id = `hold_${place}`;
        await at(place).reserve(id, { ttlMs: BigInt(TTL_MS) });
        // From at once to long after the deadline; most of them near it.
        await sleep((2 * TTL_MS * place) / HOLDS);
        return await at(place + 1).settle(id, { actual: amounts(70) });
      }),
    );
    const states = new Set(ends.map(({ state }) => state));
    expect(states).toEqual(new Set([State.SETTLED, State.RECONCILED]));
    expect(await at(0).balance()).toMatchObject({ held: amounts(0), used: amounts(70 * HOLDS) });
  });

  test('admit nothing more above a limit from the moment that it is lowered', async () => {
    const at = worldsOf('lowered');
    await at(0).putCap('company', { input: 1_000_000n });
    const { before, after } = await askWhile(at, () => at(1).putCap('company', { input: 5_000n }));
    expect(after.every((isAdmitted) => !isAdmitted)).toBe(true);
    const admitted = before.filter((isAdmitted) => isAdmitted).length;
    expect((await at(2).balance('company')).held).toEqual(amounts(100 * admitted));
    await at(0).putCap('company', {});
  });

  test('take nothing more from a grant from the moment that it is closed, and charge what it held', async () => {
    const at = worldsOf('closed');
    await at(0).putOrder('company', [Tier.SUPPLEMENTARY]);
    await at(0).putGrant('g', { input: 1_000_000n }, { scope: 'company' });
    const { before, after, heldIds } = await askWhile(at, () => at(1).closeBucket('grant:g'));
    expect(after.every((isAdmitted) => !isAdmitted)).toBe(true);
    expect(heldIds).toHaveLength(before.filter((isAdmitted) => isAdmitted).length);
    await Promise.all(heldIds.map((id, place) => at(place).settle(id, { actual: amounts(60) })));
    expect(await at(2).balance('grant:g')).toMatchObject({
      held: amounts(0),
      used: amounts(60 * heldIds.length),
      overrun: amounts(0),
    });
  });
});

/** Reserves from all sides. When some are admitted `change` is called; calls that begin once it is answered are told apart. */
async function askWhile(at: (place: number) => World, change: () => Promise<unknown>) {
  const before: boolean[] = [];
  const after: boolean[] = [];
  const heldIds: string[] = [];
  let changing: Promise<unknown> | undefined;
  let isChanged = false;
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      let callsAfter = 0;
      for (let call = 0; callsAfter < CALLS_AFTER; call += 1) {
        const isAfter = isChanged;
        if (isAfter) callsAfter += 1;
        const id = `r_${caller}_${call}`;
        const isAdmitted = await at(caller + call)
          .reserve(id, { ttlMs: 600_000n })
          .then(
            ({ state }) => state === State.HELD,
            (error: unknown) => {
              if (asFault(error).code !== 'quotaExhausted') throw error;
              return false;
            },
          );
        (isAfter ? after : before).push(isAdmitted);
        if (isAdmitted) heldIds.push(id);
        if (heldIds.length >= ADMITTED_BEFORE) {
          changing ??= change().then(() => {
            isChanged = true;
          });
        }
      }
    }),
  );
  await changing;
  return { before, after, heldIds };
}

const REST = {
  clock: new TurnableClock(),
  sweep: () => Promise.reject(new Error('the processes sweep by themselves')),
  dump: () => Promise.reject(new Error('the rows are another process’s')),
  breakNext: () => {
    throw new Error('the database is another process’s');
  },
};
