// Three ledger processes on one PostgreSQL. Whatever they are asked at the same time, a limit admits what it says.

import { type QuotaLedger, ReservationState as State, Tier } from '@ai-switch/contracts';
import { databases } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amounts, subject, TurnableClock } from './harness.ts';
import { expectInvariants } from './invariants.ts';
import { type LedgerProcess, startLedger } from './ledger-process.ts';
import { openWorld, type World } from './world.ts';

const LIMIT = 10_000;
const REQUESTS = 1_000;
const AMOUNT = 100;
const USERS = 20;

const TYPES = ['input', 'output', 'cacheRead', 'cacheWrite', 'cost'] as const;

type Limits = Parameters<World['putPersonal']>[0];

/** A tier by the bucket that its limit is on; before the race every other bucket is out of its way. */
const TIERS: readonly {
  readonly tier: string;
  readonly bucket: string;
  /** Whether every request is of another user. */
  readonly isShared: boolean;
  readonly put: (world: World, limits: Limits) => Promise<unknown>;
}[] = [
  {
    tier: 'personal',
    bucket: 'personal:user_0',
    isShared: false,
    put: ({ putPersonal }, limits) => putPersonal(limits, { scope: 'user:user_0' }),
  },
  {
    tier: 'project',
    bucket: 'project:p',
    isShared: true,
    put: async ({ putProject, putOrder }, limits) => {
      await putOrder('project:p', [Tier.PROJECT]);
      await putProject('p', limits);
    },
  },
  {
    tier: 'supplementary',
    bucket: 'grant:g',
    isShared: true,
    put: async ({ putGrant, putOrder }, limits) => {
      await putOrder('company', [Tier.SUPPLEMENTARY]);
      await putGrant('g', limits, { scope: 'company' });
    },
  },
  ...['company', 'department:top', 'department:low', 'model:m'].map((scope) => ({
    tier: `the cap on ${scope}`,
    bucket: scope,
    isShared: true,
    put: ({ putCap }: World, limits: Limits) => putCap(scope, limits),
  })),
];

const postgres = databases.filter((kind) => kind.name === 'postgres');

describe.each(postgres)('three ledger processes on one $name', ({ create }) => {
  let processes: readonly LedgerProcess[];
  let fresh: Awaited<ReturnType<typeof create>>;
  beforeAll(async () => {
    fresh = await create();
    // One after the other: the first makes the tables.
    const first = await startLedger(fresh.url);
    processes = [first, ...(await Promise.all([startLedger(fresh.url), startLedger(fresh.url)]))];
  });
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.close()));
    await expectInvariants(fresh.url);
    await fresh.drop();
  });

  const ledgerOf = (place: number): QuotaLedger => {
    const { ledger } = processes[place % processes.length] ?? {};
    if (ledger === undefined) throw new Error('no ledger');
    return ledger;
  };
  /** The same company at each of the ledgers. */
  const worldsOf = (tenant: string): readonly [World, ...World[]] => {
    const worldAt = (place: number) => openWorld({ ...REST, tenant, ledger: ledgerOf(place) });
    return [worldAt(0), worldAt(1), worldAt(2)];
  };

  const races = TIERS.flatMap((tier) => TYPES.map((type) => ({ ...tier, type })));
  test.each(races)(
    `${REQUESTS} at once of ${AMOUNT} $type each, against ${LIMIT} of $tier: exactly 100 are admitted`,
    async ({ tier, bucket, type, isShared, put }) => {
      const worlds = worldsOf(`${tier} ${type}`);
      const [world] = worlds;
      const typed = (amount: number) => ({ ...amounts(0), [type]: BigInt(amount) });
      await put(world, { ...amounts(LIMIT, LIMIT, LIMIT, LIMIT, LIMIT) });
      const answers = await Promise.all(
        Array.from({ length: REQUESTS }, (_, place) =>
          (worlds[place % 3] ?? world).reserve(`r${place}`, {
            subject: everything(isShared ? place % USERS : 0),
            amounts: typed(AMOUNT),
            ttlMs: 600_000n,
          }),
        ),
      );
      const held = answers.filter(({ state }) => state === State.HELD);
      expect(held).toHaveLength(LIMIT / AMOUNT);
      expect(held.every(({ created }) => created)).toBe(true);
      expect(answers.filter(({ state }) => state === State.REJECTED)).toHaveLength(REQUESTS - LIMIT / AMOUNT);
      const refusals = answers.filter(({ blocked }) => blocked !== undefined);
      expect(refusals.every(({ blocked }) => blocked?.bucket === bucket)).toBe(true);
      expect(await world.balance(bucket)).toMatchObject({ held: typed(LIMIT), overrun: amounts(0) });
    },
    60_000,
  );

  test('buckets of three tiers are filled to the last token together, and not one more', async () => {
    const worlds = worldsOf('spread');
    const [world] = worlds;
    const everybody = { scope: 'user:user_0' };
    await world.putPersonal({ input: 3_333n }, everybody);
    await world.putProject('p', { input: 3_333n });
    await world.putGrant('g', { input: 3_334n }, everybody);
    await world.putCap('company', { input: 1_000_000n });
    const answers = await Promise.all(
      Array.from({ length: REQUESTS }, (_, place) =>
        (worlds[place % 3] ?? world).reserve(`r${place}`, { subject: everything(0), ttlMs: 600_000n }),
      ),
    );
    const held = answers.filter(({ state }) => state === State.HELD);
    expect(held).toHaveLength(100);
    expect((await world.balance('company')).held).toEqual(amounts(LIMIT));
    await Promise.all(
      held.map(({ reservationId }, place) =>
        (worlds[(place + 1) % 3] ?? world).settle(reservationId, { subject: everything(0) }),
      ),
    );
    expect(await world.balance('personal:user_0')).toMatchObject({ used: amounts(3_333), held: amounts(0) });
    expect(await world.balance('project:p')).toMatchObject({ used: amounts(3_333), held: amounts(0) });
    expect(await world.balance('grant:g')).toMatchObject({ used: amounts(3_334), held: amounts(0) });
    expect(await world.balance('company')).toMatchObject({ used: amounts(LIMIT), overrun: amounts(0) });
  });

  test('make one reservation of many calls with one id, whichever ledger they reach', async () => {
    const worlds = worldsOf('same ids');
    const [world] = worlds;
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, place) =>
        (worlds[place % 3] ?? world).reserve(`same_${place % 10}`, { ownerToken: `caller ${place}` }),
      ),
    );
    expect(answers.filter(({ created }) => created)).toHaveLength(10);
    expect((await world.balance()).held).toEqual(amounts(1_000));
  });

  test('charge a settle once that reaches all of them, held or not', async () => {
    const worlds = worldsOf('same settles');
    const [world] = worlds;
    const ids = Array.from({ length: 20 }, (_, place) => `settle_${place}`);
    await Promise.all(ids.slice(0, 10).map((id) => world.reserve(id)));
    await Promise.all(ids.flatMap((id) => worlds.map(({ settle }) => settle(id))));
    expect(await world.balance()).toMatchObject({ held: amounts(0), used: amounts(2_000) });
  });

  test('extend one hold once for each number, whichever ledger is asked', async () => {
    const worlds = worldsOf('same extensions');
    const [world] = worlds;
    await world.putPersonal({ input: 125n });
    await world.reserve('r1');
    for (const [opSeq, isGranted] of [
      [1, true],
      [2, true],
      [3, false],
    ] as const) {
      const answers = await Promise.all(worlds.map(({ extend }) => extend('r1', { opSeq })));
      expect(answers.map(({ granted }) => granted)).toEqual([isGranted, isGranted, isGranted]);
    }
    expect((await world.balance()).held).toEqual(amounts(120));
  });

  test('cross each other between many users and tiers without losing a call', async () => {
    const worlds = worldsOf('crossing');
    const [world] = worlds;
    await world.putCap('company', { input: 10_000_000n });
    await Promise.all(
      Array.from({ length: 600 }, async (_, place) => {
        const asked = { subject: everything((place * 7) % 10) };
        const id = `cross_${place}`;
        await (worlds[place % 3] ?? world).reserve(id, asked);
        await (worlds[(place + 1) % 3] ?? world).settle(id, { ...asked, actual: amounts(60) });
      }),
    );
    for (let user = 0; user < 10; user += 1) {
      const balance = await world.balance(`personal:user_${user}`);
      expect(balance).toMatchObject({ held: amounts(0), used: amounts(3_600) });
    }
    expect(await world.balance('company')).toMatchObject({ held: amounts(0), used: amounts(36_000) });
  });

  test('keep a limit that is changed while they are asked', async () => {
    const worlds = worldsOf('changing');
    const [world] = worlds;
    await world.putCap('company', { input: 5_000n });
    const asks = Array.from({ length: 300 }, (_, place) =>
      (worlds[place % 3] ?? world).reserve(`r${place}`, { subject: everything(place % USERS) }),
    );
    const changes = Array.from({ length: 10 }, (_, place) =>
      (worlds[place % 3] ?? world).putCap('company', { input: 5_000n + BigInt(place) * 10n }),
    );
    const answers = await Promise.all(asks);
    await Promise.all(changes);
    const held = answers.filter(({ state }) => state === State.HELD).length;
    expect(held).toBe(50);
    expect((await world.balance('company')).held).toEqual(amounts(held * AMOUNT));
    await world.putCap('company', {});
  });
});

const REST = {
  clock: new TurnableClock(),
  sweep: () => Promise.reject(new Error('the processes sweep by themselves')),
  dump: () => Promise.reject(new Error('the rows are another process’s')),
  breakNext: () => {
    throw new Error('the database is another process’s');
  },
};

function everything(user: number) {
  return subject({
    userId: `user_${user}`,
    projectId: 'p',
    departmentIds: ['top', 'low'],
    model: 'm',
  });
}
