// How reservations end; part of the spec in ledger.spec.ts.

import { ExpiryCharge, ReservationState as State } from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import { amounts, PERSONAL, subject } from './harness.ts';
import type { World } from './world.ts';

export function describeSettle(world: () => World): void {
  describe('settle', () => {
    test('charges what was used and frees the rest of the hold', async () => {
      const { reserve, settle, balance, clock } = world();
      await reserve('r1', { amounts: amounts(100, 50, 0, 0, 9), priceVersion: 'v1' });
      clock.turn(10);
      const actual = amounts(40, 10, 60, 0, 7);
      expect(await settle('r1', { actual, isEstimated: true, priceVersion: 'v2' })).toMatchObject({
        state: State.SETTLED,
        amounts: amounts(100, 50, 0, 0, 9),
        charged: actual,
        outcome: 'completed',
        isEstimated: true,
        priceVersion: 'v2',
        resolvedAtMs: BigInt(clock.nowMs()),
        lines: [{ bucket: PERSONAL, held: amounts(0), used: actual, overrun: amounts(0) }],
      });
      expect(await balance()).toMatchObject({ held: amounts(0), used: actual, overrun: amounts(0) });
    });

    test('without a price version keeps that of its reserve', async () => {
      const { reserve, settle } = world();
      await reserve('r1', { priceVersion: 'v1' });
      expect(await settle('r1')).toMatchObject({ priceVersion: 'v1' });
    });

    test('beyond the hold takes free room first, then overruns', async () => {
      const { reserve, settle, balance, putPersonal } = world();
      await putPersonal({ input: 150n });
      await reserve('r1');
      await settle('r1', { actual: amounts(170) });
      expect(await balance()).toMatchObject({ used: amounts(170), overrun: amounts(20) });
    });

    test('never takes room that another reservation holds', async () => {
      const { reserve, settle, balance, putPersonal } = world();
      await putPersonal({ input: 200n });
      await reserve('r1');
      await reserve('r2');
      await settle('r1', { actual: amounts(130) });
      expect(await balance()).toMatchObject({
        used: amounts(130),
        held: amounts(100),
        overrun: amounts(30),
      });
    });

    test('with nothing used frees the hold', async () => {
      const { reserve, settle, balance } = world();
      await reserve('r1');
      expect(await settle('r1', { actual: amounts(0), outcome: 'upstreamFailed' })).toMatchObject({
        state: State.SETTLED,
        charged: amounts(0),
      });
      expect(await balance()).toMatchObject({ held: amounts(0), used: amounts(0) });
    });

    test('repeated changes nothing', async () => {
      const { reserve, settle, clock, dump } = world();
      await reserve('r1');
      const first = await settle('r1', { platform: amounts(3) });
      clock.turn(1_000);
      const before = await dump();
      expect(await settle('r1', { platform: amounts(3) })).toEqual(first);
      expect(await dump()).toEqual(before);
    });

    test.each([
      ['numbers', { actual: amounts(99) }],
      ['outcome', { outcome: 'cut' }],
      ['user', { subject: subject({ userId: 'user_bob' }) }],
      ['cost of failed attempts', { platform: amounts(1) }],
    ])('a second time with another %s is a conflict without effect', async (_title, other) => {
      const { reserve, settle, dump } = world();
      await reserve('r1');
      await settle('r1');
      const before = await dump();
      await expect(settle('r1', other)).rejects.toMatchObject({
        code: 'conflict',
        details: { state: 'SETTLED' },
      });
      expect(await dump()).toEqual(before);
    });

    test('of an unknown id is charged, because the usage is real', async () => {
      const { reserve, settle, balance, putPersonal } = world();
      await putPersonal({ input: 60n });
      expect(await settle('lost')).toMatchObject({
        state: State.ORPHAN_SETTLED,
        amounts: amounts(0),
        charged: amounts(100),
      });
      await settle('lost');
      expect(await balance()).toMatchObject({ used: amounts(100), overrun: amounts(40) });
      await expect(reserve('lost')).rejects.toMatchObject({ code: 'conflict' });
    });

    test.each([
      ['refused', 'REJECTED'],
      ['voided', 'VOIDED'],
    ])('of a %s reservation is a conflict', async (_title, state) => {
      const { reserve, settle, release, putPersonal } = world();
      await putPersonal({ input: state === 'REJECTED' ? 10n : 1_000n });
      await reserve('r1');
      if (state === 'VOIDED') await release('r1');
      await expect(settle('r1')).rejects.toMatchObject({ code: 'conflict', details: { state } });
    });

    test('counts what failed attempts cost on the platform, besides and under the same reservation', async () => {
      const { reserve, settle, balance, entriesOf } = world();
      await reserve('r1');
      const settled = await settle('r1', { actual: amounts(80), platform: amounts(30, 5) });
      expect(settled).toMatchObject({
        charged: amounts(80),
        lines: [
          { bucket: PERSONAL, used: amounts(80) },
          { bucket: 'platform', used: amounts(30, 5), overrun: amounts(0) },
        ],
      });
      expect(await balance()).toMatchObject({ used: amounts(80) });
      expect(await balance('platform')).toMatchObject({ used: amounts(30, 5) });
      expect((await entriesOf('r1')).map(({ operation, bucket }) => [operation, bucket])).toEqual([
        ['reserve', PERSONAL],
        ['settle', PERSONAL],
        ['settle', 'platform'],
      ]);
    });
  });

  describe('void', () => {
    test('frees the hold and charges nothing, once and again', async () => {
      const { reserve, release, balance } = world();
      await reserve('r1');
      expect(await release('r1')).toMatchObject({ state: State.VOIDED, charged: amounts(0) });
      expect(await release('r1')).toMatchObject({ state: State.VOIDED });
      expect(await balance()).toMatchObject({ held: amounts(0), used: amounts(0) });
    });

    test('is refused to everybody but the owner', async () => {
      const { reserve, release, balance } = world();
      await reserve('r1');
      await expect(release('r1', { ownerToken: 'another' })).rejects.toMatchObject({ code: 'forbidden' });
      expect((await balance()).held).toEqual(amounts(100));
    });

    test('that is faster than its reserve leaves nothing for it to hold', async () => {
      const { reserve, release, balance, entriesOf } = world();
      expect(await release('r1')).toMatchObject({ state: State.VOIDED, amounts: amounts(0), lines: [] });
      expect(await release('r1')).toMatchObject({ state: State.VOIDED });
      expect(await reserve('r1')).toMatchObject({ created: false, state: State.VOIDED, rooms: [] });
      expect((await balance()).held).toEqual(amounts(0));
      expect(await entriesOf('r1')).toEqual([]);
    });

    test('of one for which something was dispatched is a conflict', async () => {
      const { reserve, release, beat, balance } = world();
      await reserve('r1');
      await beat('r1', { used: amounts(0) });
      await expect(release('r1')).rejects.toMatchObject({ code: 'conflict', details: { state: 'HELD' } });
      expect((await balance()).held).toEqual(amounts(100));
    });
  });

  describe('a hold whose deadline passes', () => {
    test('is swept: it frees its amounts and charges the prompt estimate', async () => {
      const { reserve, release, read, balance, clock, sweep } = world();
      await reserve('r1', { amounts: amounts(70, 30, 5, 5, 90), promptCost: 40n });
      await reserve('r2', { ttlMs: 86_400_000n });
      clock.turn(59_999);
      await sweep();
      expect(await read('r1')).toMatchObject({ state: State.HELD });
      clock.turn(1);
      await sweep();
      const estimate = amounts(70, 0, 0, 0, 40);
      expect(await read('r1')).toMatchObject({
        state: State.EXPIRED,
        charged: estimate,
        isEstimated: true,
        resolvedAtMs: BigInt(clock.nowMs()),
      });
      expect(await balance()).toMatchObject({ held: amounts(100), used: estimate });
      await expect(release('r1')).rejects.toMatchObject({ code: 'conflict' });
    });

    test.each([
      [ExpiryCharge.ZERO, amounts(0)],
      [ExpiryCharge.PROMPT_ESTIMATE, amounts(70, 0, 0, 0, 40)],
      [ExpiryCharge.FULL_HOLD, amounts(70, 30, 0, 0, 90)],
    ])('is charged by the policy of its reserve, %s', async (expiryCharge, charged) => {
      const { reserve, read, putPolicy, clock, sweep } = world();
      await putPolicy({ expiryCharge });
      await reserve('r1', { amounts: amounts(70, 30, 0, 0, 90), promptCost: 40n });
      await putPolicy({ expiryCharge: ExpiryCharge.ZERO });
      clock.turn(60_000);
      await sweep();
      expect(await read('r1')).toMatchObject({ charged, policyVersion: 1n });
    });

    test('is charged its last checkpoint, whatever the policy says', async () => {
      const { reserve, beat, read, putPolicy, clock, sweep } = world();
      await putPolicy({ expiryCharge: ExpiryCharge.FULL_HOLD });
      await reserve('r1', { amounts: amounts(70, 30) });
      await beat('r1', { used: amounts(69, 12) });
      clock.turn(60_000);
      await sweep();
      expect(await read('r1')).toMatchObject({ charged: amounts(69, 12), isEstimated: true });
    });

    test.each([
      ['more', amounts(90, 20)],
      ['less', amounts(20, 0, 3)],
      ['the same', amounts(70)],
      ['nothing', amounts(0)],
    ])('and is settled late with %s is charged what was used', async (_title, actual) => {
      const { reserve, settle, balance, putPersonal, clock, sweep } = world();
      await putPersonal({ input: 100n, output: 30n });
      await reserve('r1', { amounts: amounts(70, 30) });
      clock.turn(60_000);
      await sweep();
      expect(await settle('r1', { actual })).toMatchObject({ state: State.RECONCILED, charged: actual });
      expect(await settle('r1', { actual })).toMatchObject({ state: State.RECONCILED, charged: actual });
      expect(await balance()).toMatchObject({ held: amounts(0), used: actual, overrun: amounts(0) });
      await expect(settle('r1', { actual: amounts(1) })).rejects.toMatchObject({ code: 'conflict' });
    });

    test.each([
      ['less than the limit', 80, 0],
      ['more than the limit', 120, 20],
    ])(
      'past its limit, and is settled late with %s, overruns by what that is',
      async (_title, used, overrun) => {
        const { reserve, beat, settle, balance, putPersonal, clock, sweep } = world();
        await putPersonal({ input: 100n });
        await reserve('r1', { amounts: amounts(60) });
        await beat('r1', { used: amounts(130) });
        clock.turn(60_000);
        await sweep();
        expect(await balance()).toMatchObject({ used: amounts(130), overrun: amounts(30) });
        await settle('r1', { actual: amounts(used) });
        expect(await balance()).toMatchObject({ used: amounts(used), overrun: amounts(overrun) });
      },
    );

    test('and is settled late when others took the room overruns', async () => {
      const { reserve, settle, balance, putPersonal, clock, sweep } = world();
      await putPersonal({ input: 100n });
      await reserve('r1', { amounts: amounts(60) });
      clock.turn(60_000);
      await sweep();
      await reserve('r2', { amounts: amounts(40) });
      await settle('r1', { actual: amounts(75) });
      expect(await balance()).toMatchObject({ used: amounts(75), held: amounts(40), overrun: amounts(15) });
    });
  });

  describe('reverse', () => {
    test('takes the charge back by new entries, once, and says why', async () => {
      const { reserve, settle, reverse, balance, entriesOf, clock } = world();
      await reserve('r1');
      await settle('r1', { actual: amounts(80, 3), platform: amounts(9) });
      clock.turn(5_000);
      expect(await reverse('r1', { reason: 'a wrong answer' })).toMatchObject({
        state: State.REVERSED,
        charged: amounts(0),
        reversalReason: 'a wrong answer',
      });
      expect(await balance()).toMatchObject({ used: amounts(0), held: amounts(0) });
      // The platform paid for its failed attempts, whatever the caller gets back.
      expect(await balance('platform')).toMatchObject({ used: amounts(9) });
      expect((await entriesOf('r1')).map(({ operation, used }) => [operation, used])).toEqual([
        ['reserve', amounts(0)],
        ['settle', amounts(80, 3)],
        ['settle', amounts(9)],
        ['reverse', amounts(-80, -3)],
      ]);
      expect(await reverse('r1', { reason: 'a wrong answer' })).toMatchObject({ state: State.REVERSED });
      await expect(reverse('r1')).rejects.toMatchObject({ code: 'conflict' });
      expect((await balance()).used).toEqual(amounts(0));
    });

    test('takes overrun back too, so that the room is free again', async () => {
      const { reserve, settle, reverse, balance, putPersonal } = world();
      await putPersonal({ input: 100n });
      await reserve('r1');
      await settle('r1', { actual: amounts(150) });
      await reverse('r1');
      expect(await balance()).toMatchObject({ used: amounts(0), overrun: amounts(0) });
      expect((await reserve('r2')).state).toBe(State.HELD);
    });

    test('of an orphan and of a late settlement is the same', async () => {
      const { reserve, settle, reverse, balance, clock, sweep } = world();
      await settle('lost');
      await reserve('r1');
      clock.turn(60_000);
      await sweep();
      await settle('r1', { actual: amounts(30) });
      expect((await reverse('lost')).state).toBe(State.REVERSED);
      expect((await reverse('r1')).state).toBe(State.REVERSED);
      expect((await balance()).used).toEqual(amounts(0));
    });

    test('posts to the period that was charged', async () => {
      const { reserve, settle, reverse, usedIn, balance, clock } = world();
      await reserve('r1');
      await settle('r1');
      clock.turn(30 * 86_400_000);
      await reverse('r1');
      expect(await usedIn(PERSONAL, '2026-11')).toEqual(amounts(0));
      expect(await balance()).toMatchObject({ used: amounts(0) });
    });
  });
}
