// What goes wrong in between, case by case, as the ledger sees it; part of the spec in ledger.spec.ts. What the edge does
// of its own in the same cases (it spools, dies, replays, pauses, finds a torn tail, its clock jumps) is proved with this
// ledger by the simulation in scripts/sim, and of real streams that are cut at every chunk in
// services/standalone/test/stream-cuts.

import { ReservationState as State, Tier } from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import { amounts, DAY_MS, PERSONAL, subject } from './harness.ts';
import type { World } from './world.ts';

export function describeCases(world: () => World): void {
  describe('case', () => {
    test('an edge dies before its reserve is sent: what it voids when it is back holds nothing', async () => {
      const { release, reserve, balance } = world();
      expect(await release('r1')).toMatchObject({ state: State.VOIDED });
      expect(await balance()).toMatchObject({ held: amounts(0), used: amounts(0) });
      // The call was on its way after all.
      expect(await reserve('r1')).toMatchObject({ created: false, state: State.VOIDED });
      expect(await balance()).toMatchObject({ held: amounts(0) });
    });

    test('a reserve commits and its answer is lost: asked again it is the same hold, and its owner’s', async () => {
      const { reserve, balance, breakNext, entriesOf } = world();
      await reserve('other');
      breakNext('afterCommit');
      await expect(reserve('r1')).rejects.toMatchObject({ code: 'unavailable' });
      expect(await reserve('r1')).toMatchObject({ created: true, state: State.HELD });
      expect((await balance()).held).toEqual(amounts(200));
      expect(await entriesOf('r1')).toHaveLength(1);
    });

    test('dispatched, and the edge dies before the first byte: the prompt is charged, until it settles', async () => {
      const { reserve, beat, read, settle, balance, clock, sweep } = world();
      await reserve('r1', { amounts: amounts(70, 30) });
      await beat('r1');
      clock.turn(60_000);
      await sweep();
      expect(await read('r1')).toMatchObject({ state: State.EXPIRED, charged: amounts(70) });
      await settle('r1', { actual: amounts(68), outcome: 'cut', isEstimated: true });
      expect(await balance()).toMatchObject({ used: amounts(68), held: amounts(0) });
    });

    test('an edge dies mid-stream: the last that it told is charged, until it settles', async () => {
      const { reserve, beat, read, settle, balance, clock, sweep } = world();
      await reserve('r1', { amounts: amounts(70, 30) });
      await beat('r1', { used: amounts(68, 11) });
      clock.turn(60_000);
      await sweep();
      expect(await read('r1')).toMatchObject({ state: State.EXPIRED, charged: amounts(68, 11) });
      const told = { actual: amounts(68, 14), outcome: 'cut', isEstimated: true };
      expect(await settle('r1', told)).toMatchObject({ state: State.RECONCILED });
      expect(await balance()).toMatchObject({ used: amounts(68, 14), held: amounts(0) });
    });

    test('finished, and the settle is only in the spool: sent late it is charged as it was', async () => {
      const { reserve, beat, settle, balance, entriesOf, clock, sweep } = world();
      await reserve('r1', { amounts: amounts(70, 30) });
      await beat('r1', { used: amounts(68, 25) });
      clock.turn(10 * 60_000);
      await sweep();
      const actual = amounts(68, 29);
      expect(await settle('r1', { actual })).toMatchObject({ charged: actual, isEstimated: false });
      expect(await balance()).toMatchObject({ used: actual });
      expect((await entriesOf('r1')).map(({ operation, used }) => [operation, used])).toEqual([
        ['reserve', amounts(0)],
        ['expire', amounts(68, 25)],
        ['reconcile', amounts(0, 4)],
      ]);
    });

    test('a settle commits and its answer is lost: asked again it is charged once', async () => {
      const { reserve, settle, balance, breakNext, entriesOf } = world();
      await reserve('r1');
      breakNext('afterCommit');
      await expect(settle('r1', { actual: amounts(80) })).rejects.toMatchObject({ code: 'unavailable' });
      expect(await settle('r1', { actual: amounts(80) })).toMatchObject({ state: State.SETTLED });
      expect(await balance()).toMatchObject({ used: amounts(80), held: amounts(0) });
      expect(await entriesOf('r1')).toHaveLength(2);
    });

    test('a settle races the sweeper: whoever is first, what was used is charged', async () => {
      const { reserve, settle, read, balance, clock, sweep } = world();
      const ids = Array.from({ length: 20 }, (_, place) => `r${place}`);
      await Promise.all(ids.map((id) => reserve(id)));
      clock.turn(60_000);
      await Promise.all([
        ...ids.slice(0, 10).map((id) => settle(id, { actual: amounts(30) })),
        sweep(),
        ...ids.slice(10).map((id) => settle(id, { actual: amounts(30) })),
        sweep(),
      ]);
      expect(await balance()).toMatchObject({ used: amounts(600), held: amounts(0) });
      for (const id of ids) {
        expect([State.SETTLED, State.RECONCILED]).toContain((await read(id)).state);
      }
    });

    test('two edges with one Idempotency-Key: one dispatches, and only it may extend, keep and void', async () => {
      const { reserve, extend, beat, release, balance } = world();
      const one = { ownerToken: 'edge 1', fingerprint: 'the same request' };
      const other = { ownerToken: 'edge 2', fingerprint: 'the same request' };
      const answers = await Promise.all([
        reserve('res_i1.1', one),
        reserve('res_i1.1', { ...other, amounts: amounts(120) }),
      ]);
      expect(answers.map(({ created }) => created)).toEqual([true, false]);
      const outsider = { ownerToken: 'edge 2' };
      await expect(extend('res_i1.1', outsider)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(release('res_i1.1', outsider)).rejects.toMatchObject({ code: 'forbidden' });
      expect(await beat('res_i1.1', { ...outsider, used: amounts(1) })).toBe(State.UNSPECIFIED);
      expect(await balance()).toMatchObject({ held: amounts(100) });
      await expect(reserve('res_i1.1', { ...other, fingerprint: 'another request' })).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    test('a 60 s pause, then the zombie goes on: it holds nothing, and is charged what it used', async () => {
      const { reserve, extend, beat, release, settle, putPersonal, balance, clock, sweep } = world();
      await putPersonal({ input: 100n });
      await reserve('zombie', { amounts: amounts(100) });
      clock.turn(60_000);
      await sweep();
      await expect(extend('zombie')).rejects.toMatchObject({ code: 'conflict' });
      await expect(release('zombie')).rejects.toMatchObject({ code: 'conflict' });
      expect(await beat('zombie', { used: amounts(99) })).toBe(State.EXPIRED);
      expect(await balance()).toMatchObject({ used: amounts(100), held: amounts(0) });
      expect(await settle('zombie', { actual: amounts(40) })).toMatchObject({ state: State.RECONCILED });
      expect(await balance()).toMatchObject({ used: amounts(40), held: amounts(0), overrun: amounts(0) });
    });

    test('a 60 s pause that no sweep saw: the zombie’s hold goes on', async () => {
      const { reserve, beat, settle, clock, sweep } = world();
      await reserve('r1');
      clock.turn(60_001);
      expect(await beat('r1')).toBe(State.HELD);
      await sweep();
      expect(await settle('r1')).toMatchObject({ state: State.SETTLED });
    });

    test('a provider sends no usage: what the edge counted is charged, and marked as an estimate', async () => {
      const { reserve, settle, read } = world();
      await reserve('r1');
      await settle('r1', { actual: amounts(97, 12), isEstimated: true });
      expect(await read('r1')).toMatchObject({ charged: amounts(97, 12), isEstimated: true });
    });

    test('a provider sends usage and then an error: the usage is charged', async () => {
      const { reserve, settle, balance } = world();
      await reserve('r1');
      await settle('r1', { actual: amounts(100, 3), outcome: 'upstreamFailed' });
      expect(await balance()).toMatchObject({ used: amounts(100, 3), held: amounts(0) });
    });

    test('a client leaves at every chunk boundary: each time just what was delivered is charged', async () => {
      const { reserve, settle, putPersonal, balance } = world();
      await putPersonal({ input: 50_000n, output: 5_000n });
      let delivered = 0;
      for (let chunk = 0; chunk < 50; chunk += 1) {
        const outcome = chunk === 0 ? 'cut' : 'clientGone';
        await reserve(`r${chunk}`, { amounts: amounts(100, 100) });
        await settle(`r${chunk}`, { actual: amounts(100, chunk * 2), outcome });
        delivered += chunk * 2;
        expect(await balance()).toMatchObject({
          used: amounts(100 * (chunk + 1), delivered),
          held: amounts(0),
          overrun: amounts(0),
        });
      }
    });

    test('two settles with different numbers: the first stands, whenever the other comes', async () => {
      const { reserve, settle, balance } = world();
      await reserve('r1');
      const outcomes = await Promise.allSettled([
        settle('r1', { actual: amounts(60) }),
        settle('r1', { actual: amounts(61) }),
      ]);
      expect(outcomes).toMatchObject([
        { status: 'fulfilled' },
        { status: 'rejected', reason: { code: 'conflict', details: { state: 'SETTLED' } } },
      ]);
      expect((await balance()).used).toEqual(amounts(60));
    });

    test('the order is changed between reserve and settle: the order of the reserve is charged', async () => {
      const { reserve, extend, settle, putPersonal, putProject, putOrder, balance } = world();
      const asked = { subject: subject({ projectId: 'p1' }) };
      await putPersonal({ input: 150n });
      await putProject('p1', { input: 150n });
      await reserve('r1', asked);
      await putOrder('user:user_ann', [Tier.PROJECT]);
      expect(await extend('r1', { amounts: amounts(20) })).toMatchObject({ granted: true });
      await settle('r1', { ...asked, actual: amounts(170) });
      expect(await balance()).toMatchObject({ used: amounts(150), held: amounts(0) });
      expect(await balance('project:p1')).toMatchObject({ used: amounts(20), held: amounts(0) });
      expect((await reserve('r2', asked)).lines.map(({ bucket }) => bucket)).toEqual(['project:p1']);
    });

    test('a limit is changed between reserve and settle: the hold is still good for its amount', async () => {
      const { reserve, settle, putPersonal, balance } = world();
      await putPersonal({ input: 150n });
      await reserve('r1');
      await putPersonal({ input: 10n });
      await settle('r1', { actual: amounts(100) });
      expect(await balance()).toMatchObject({ used: amounts(100), overrun: amounts(0) });
      await putPersonal({});
    });

    test('the period ends mid-stream: all is charged to the one in which it began', async () => {
      const { reserve, extend, settle, putPersonal, putCap, balance, usedIn, clock } = world();
      await putPersonal({ input: 150n });
      await putCap('company', { input: 150n }, { periodKind: 'PERIOD_KIND_DAY' });
      await reserve('r1', { ttlMs: 86_400_000n });
      clock.turn(16 * DAY_MS);
      expect(await extend('r1', { amounts: amounts(20) })).toMatchObject({ granted: true });
      await settle('r1', { actual: amounts(115) });
      expect(await balance()).toMatchObject({ period: '2026-12', used: amounts(0), held: amounts(0) });
      expect(await balance('company')).toMatchObject({ period: '2026-12-01', used: amounts(0) });
      expect(await usedIn(PERSONAL, '2026-11')).toEqual(amounts(115));
      expect(await usedIn('company', '2026-11-15')).toEqual(amounts(115));
    });

    test('a bucket is closed while it holds: it is charged, and what passes the hold is overrun', async () => {
      const { reserve, settle, putPersonal, putProject, closeBucket, balance } = world();
      const asked = { subject: subject({ projectId: 'p1' }) };
      await putPersonal({ input: 60n });
      await putProject('p1', { input: 500n });
      await reserve('r1', asked);
      await closeBucket('project:p1');
      await settle('r1', { ...asked, actual: amounts(110) });
      expect(await balance()).toMatchObject({ used: amounts(60), held: amounts(0), overrun: amounts(0) });
      expect(await balance('project:p1')).toMatchObject({
        used: amounts(50),
        held: amounts(0),
        overrun: amounts(10),
      });
    });

    test('a grant ends while it holds: it is charged what it held', async () => {
      const { reserve, settle, putPersonal, putGrant, balance, clock } = world();
      await putPersonal({ input: 0n });
      await putGrant('g', { input: 100n }, { validUntilMs: BigInt(clock.nowMs() + 1_000) });
      await reserve('r1');
      clock.turn(2_000);
      await settle('r1', { actual: amounts(90) });
      expect(await balance('grant:g')).toMatchObject({ used: amounts(90), overrun: amounts(0) });
    });

    test('an edge’s clock jumps an hour: nothing that it sends is a time', async () => {
      const { reserve, beat, read, clock } = world();
      await reserve('r1', { ttlMs: 60_000n });
      await beat('r1', { ttlMs: 60_000n });
      const { createdAtMs, expiresAtMs } = await read('r1');
      expect([createdAtMs, expiresAtMs]).toEqual([BigInt(clock.nowMs()), BigInt(clock.nowMs() + 60_000)]);
    });

    test('a spool’s tail is torn: what it no longer knows expires, what it told was charged', async () => {
      const { reserve, beat, settle, read, balance, clock, sweep } = world();
      await reserve('known', { amounts: amounts(70, 30) });
      await reserve('torn', { amounts: amounts(70, 30) });
      await beat('torn', { used: amounts(70, 9) });
      await settle('known', { actual: amounts(70, 20) });
      clock.turn(60_000);
      await sweep();
      expect(await read('torn')).toMatchObject({ state: State.EXPIRED, isEstimated: true });
      expect(await balance()).toMatchObject({ used: amounts(140, 29), held: amounts(0) });
    });

    test.each(['beforeCommit', 'afterCommit'] as const)(
      'the database is gone mid-operation, %s: every call is told, and repeated it counts once',
      async (moment) => {
        const { reserve, extend, beat, settle, reverse, balance, breakNext } = world();
        const retried = async (call: () => Promise<unknown>) => {
          breakNext(moment);
          await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
          await call();
        };
        // Its buckets are made by now, so that every operation is one transaction.
        await reserve('first', { amounts: amounts(1) });
        await retried(() => reserve('r1'));
        await retried(() => extend('r1'));
        await retried(() => beat('r1', { used: amounts(5) }));
        expect(await balance()).toMatchObject({ held: amounts(111), used: amounts(0) });
        await retried(() => settle('r1', { actual: amounts(105) }));
        await retried(() => settle('orphan', { actual: amounts(7) }));
        expect(await balance()).toMatchObject({ held: amounts(1), used: amounts(112) });
        await retried(() => reverse('orphan'));
        expect(await balance()).toMatchObject({ held: amounts(1), used: amounts(105) });
      },
    );

    test('the database is gone under a batch: all of it is told, none of it is charged, and the next is', async () => {
      const { reserve, balance, breakNext } = world();
      await reserve('first', { amounts: amounts(1) });
      breakNext('beforeCommit');
      const ids = Array.from({ length: 10 }, (_, place) => `r${place}`);
      const outcomes = await Promise.allSettled(ids.map((id) => reserve(id)));
      const lost = outcomes.filter(({ status }) => status === 'rejected');
      expect(lost.length).toBeGreaterThan(0);
      expect((await balance()).held).toEqual(amounts(1 + 100 * (ids.length - lost.length)));
      await Promise.all(ids.map((id) => reserve(id)));
      expect((await balance()).held).toEqual(amounts(1_001));
    });
  });
}
