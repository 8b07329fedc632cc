// What limits admit as time goes by and administrators change them; part of the spec in ledger.spec.ts.

import { PeriodKind, ReservationState as State } from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import { amounts, DAY_MS, HOUR_MS, PERSONAL } from './harness.ts';
import type { World } from './world.ts';

export function describeLimits(world: () => World): void {
  describe('limits', () => {
    test('of zero admit nothing of that type', async () => {
      const { reserve, putPersonal } = world();
      await putPersonal({ output: 0n });
      expect((await reserve('r1', { amounts: amounts(5) })).state).toBe(State.HELD);
      expect((await reserve('r2', { amounts: amounts(5, 1) })).state).toBe(State.REJECTED);
    });

    test('lowered under what is held keep the open holds and admit nobody else', async () => {
      const { reserve, extend, settle, balance, putPersonal } = world();
      await reserve('r1');
      await putPersonal({ input: 30n });
      expect(await reserve('r2', { amounts: amounts(1) })).toMatchObject({ blocked: { remaining: 0n } });
      expect(await extend('r1')).toMatchObject({ granted: false });
      await settle('r1', { actual: amounts(100) });
      expect(await balance()).toMatchObject({ used: amounts(100), overrun: amounts(0) });
      expect((await reserve('r3', { amounts: amounts(1) })).state).toBe(State.REJECTED);
      await putPersonal({});
    });

    test('raised admit at once', async () => {
      const { reserve, putPersonal } = world();
      await putPersonal({ input: 100n });
      await reserve('r1');
      await putPersonal({ input: 101n });
      expect((await reserve('r2', { amounts: amounts(2) })).state).toBe(State.REJECTED);
      expect((await reserve('r3', { amounts: amounts(1) })).state).toBe(State.HELD);
    });

    test('that were passed count the overrun once: what is raised above them is free', async () => {
      const { reserve, settle, putPersonal } = world();
      await putPersonal({ input: 100n });
      await reserve('r1');
      await settle('r1', { actual: amounts(150) });
      expect((await reserve('r2', { amounts: amounts(1) })).state).toBe(State.REJECTED);
      await putPersonal({ input: 130n });
      expect((await reserve('r3', { amounts: amounts(31) })).state).toBe(State.REJECTED);
      expect((await reserve('r4', { amounts: amounts(30) })).state).toBe(State.HELD);
    });

    const ends: readonly [PeriodKind, number][] = [
      [PeriodKind.DAY, 12 * HOUR_MS],
      [PeriodKind.WEEK, 12 * HOUR_MS],
      [PeriodKind.MONTH, 15 * DAY_MS + 12 * HOUR_MS],
      [PeriodKind.QUARTER, 46 * DAY_MS + 12 * HOUR_MS],
    ];
    test.each(ends)('begin anew with each period, and hold there: %s', async (periodKind, untilEndMs) => {
      const { reserve, settle, balance, putPersonal, clock } = world();
      await putPersonal({ input: 100n }, { periodKind });
      await reserve('r1');
      await settle('r1');
      clock.turn(untilEndMs - 1);
      expect((await reserve('r2')).state).toBe(State.REJECTED);
      clock.turn(1);
      expect(await balance()).toMatchObject({ limits: { input: 100n }, used: amounts(0) });
      expect((await reserve('r3')).state).toBe(State.HELD);
      expect((await reserve('r4')).state).toBe(State.REJECTED);
    });

    test('of a grant never begin anew', async () => {
      const { reserve, settle, putPersonal, putGrant, clock } = world();
      await putPersonal({ input: 0n });
      await putGrant('g', { input: 100n });
      await reserve('r1');
      await settle('r1');
      clock.turn(400 * DAY_MS);
      expect(await reserve('r2')).toMatchObject({ state: State.REJECTED });
    });

    test('changed now hold in the periods to come, even where a row was made before', async () => {
      const { reserve, putPersonal, clock } = world();
      await putPersonal({ input: 100n });
      clock.turn(20 * DAY_MS);
      await reserve('r1');
      clock.turn(-20 * DAY_MS);
      await putPersonal({ input: 150n });
      clock.turn(20 * DAY_MS);
      expect((await reserve('r2', { amounts: amounts(50) })).state).toBe(State.HELD);
      expect((await reserve('r3', { amounts: amounts(1) })).state).toBe(State.REJECTED);
    });

    test('changed now leave the periods that are over as they were', async () => {
      const { reserve, extend, putPersonal, clock } = world();
      await putPersonal({ input: 200n });
      await reserve('r1', { ttlMs: 86_400_000n });
      clock.turn(20 * DAY_MS);
      await putPersonal({ input: 100n });
      expect(await extend('r1', { amounts: amounts(101) })).toMatchObject({ granted: false });
      expect(await extend('r1', { opSeq: 2, amounts: amounts(100) })).toMatchObject({ granted: true });
    });

    test('end and begin at midnight where the company is', async () => {
      const { reserve, putPersonal, putPolicy, clock } = world();
      await putPolicy({ timeZone: 'Asia/Kolkata' });
      await putPersonal({ input: 100n }, { periodKind: PeriodKind.DAY });
      expect(await reserve('r1')).toMatchObject({ lines: [{ period: '2026-11-15' }] });
      // It is 17:30 there.
      clock.turn(6.5 * HOUR_MS - 1);
      expect((await reserve('r2')).state).toBe(State.REJECTED);
      clock.turn(1);
      expect(await reserve('r3')).toMatchObject({ state: State.HELD, lines: [{ period: '2026-11-16' }] });
    });
  });

  describe('a bucket that is closed', () => {
    test('admits nothing more, but settles what it holds without overrun', async () => {
      const { reserve, extend, settle, putProject, closeBucket, putOrder, balance } = world();
      await putOrder('company', ['TIER_PROJECT']);
      await putProject('p1', { input: 500n });
      const subject = { userId: 'user_ann', projectId: 'p1', departmentIds: [], model: '' };
      await reserve('r1', { subject });
      await closeBucket('project:p1');
      await expect(reserve('r2', { subject })).rejects.toMatchObject({ details: { reason: 'noBuckets' } });
      expect(await extend('r1')).toMatchObject({ granted: false, blocked: { remaining: 0n } });
      await settle('r1', { subject });
      expect(await balance('project:p1')).toMatchObject({ used: amounts(100), overrun: amounts(0) });
    });

    test('admits nothing more of any period, not even to holds of one that is over', async () => {
      const { reserve, extend, closeBucket, putPersonal, clock } = world();
      await putPersonal({ input: 500n });
      await reserve('r1', { ttlMs: 86_400_000n });
      clock.turn(20 * DAY_MS);
      await closeBucket(PERSONAL);
      expect(await extend('r1')).toMatchObject({ granted: false, blocked: { remaining: 0n } });
    });

    test('and would have been valid longer is over when it is closed', async () => {
      const { reserve, extend, putPersonal, putGrant, closeBucket, clock } = world();
      await putPersonal({ input: 0n });
      await putGrant('g', { input: 500n }, { validUntilMs: BigInt(clock.nowMs() + DAY_MS) });
      await reserve('r1');
      await closeBucket('grant:g');
      expect(await extend('r1')).toMatchObject({ granted: false });
    });

    test('opens again when it is put again', async () => {
      const { reserve, closeBucket, putPersonal } = world();
      await putPersonal({ input: 500n });
      expect((await closeBucket(PERSONAL))?.bucket?.closedAtMs).toBeDefined();
      expect((await putPersonal({ input: 500n })).bucket?.closedAtMs).toBeUndefined();
      expect((await reserve('r1')).state).toBe(State.HELD);
    });
  });
}
