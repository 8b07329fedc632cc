// Which buckets pay and bound, and in which order; part of the spec in ledger.spec.ts.

import { ReservationState as State, Tier, TokenType } from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import { amounts, DAY_MS, PERSONAL, subject } from './harness.ts';
import type { World } from './world.ts';

const { PERSONAL: OWN, PROJECT, SUPPLEMENTARY } = Tier;
const EVERYTHING = subject({ projectId: 'p1', departmentIds: ['top', 'low'], model: 'glm-5' });

export function describeTiers(world: () => World): void {
  describe('funding', () => {
    test('takes each type from personal, then project, then grants, the earliest expiry first', async () => {
      const { reserve, putPersonal, putProject, putGrant, clock } = world();
      const at = (days: number) => ({ validUntilMs: BigInt(clock.nowMs() + days * DAY_MS) });
      await putPersonal({ input: 10n, output: 100n });
      await putProject('p1', { input: 20n, output: 0n });
      await putGrant('b-late', { input: 100n }, at(9));
      await putGrant('c-early', { input: 30n }, at(3));
      await putGrant('a-never', { input: 100n });
      const { lines } = await reserve('r1', { subject: EVERYTHING, amounts: amounts(75, 7) });
      expect(lines.map(({ bucket, held }) => [bucket, held])).toEqual([
        [PERSONAL, amounts(10, 7)],
        ['project:p1', amounts(20)],
        ['grant:c-early', amounts(30)],
        ['grant:b-late', amounts(15)],
        ['grant:a-never', amounts(0)],
      ]);
    });

    test('grants reach a subject by his own, his project’s, his departments’ and the company’s scope', async () => {
      const { putGrant, bucketsOf } = world();
      await putGrant('1', { input: 1n });
      await putGrant('2', { input: 1n }, { scope: 'project:p1' });
      await putGrant('3', { input: 1n }, { scope: 'department:top' });
      await putGrant('4', { input: 1n }, { scope: 'company' });
      await putGrant('5', { input: 1n }, { scope: 'user:user_bob' });
      await putGrant('6', { input: 1n }, { scope: 'department:other' });
      expect(await bucketsOf(EVERYTHING)).toEqual([PERSONAL, 'grant:1', 'grant:2', 'grant:3', 'grant:4']);
      expect(await bucketsOf()).toEqual([PERSONAL, 'grant:1', 'grant:4']);
    });

    test('a type that a grant does not name it does not give', async () => {
      const { reserve, putPersonal, putGrant } = world();
      await putPersonal({ input: 0n, output: 0n });
      await putGrant('g', { input: 100n });
      expect((await reserve('r1', { amounts: amounts(100) })).state).toBe(State.HELD);
      expect(await reserve('r2', { amounts: amounts(0, 1) })).toMatchObject({
        state: State.REJECTED,
        blocked: { tokenType: TokenType.OUTPUT, remaining: 0n },
      });
    });

    test.each([
      ['before it begins', -1, State.REJECTED],
      ['when it begins', 0, State.HELD],
      ['in its last millisecond', DAY_MS - 1, State.HELD],
      ['when it ends', DAY_MS, State.REJECTED],
    ])('a grant pays for its time: %s', async (_title, afterStartMs, state) => {
      const { reserve, putPersonal, putGrant, clock } = world();
      const startsAtMs = BigInt(clock.nowMs() + 2 * DAY_MS);
      await putPersonal({ input: 0n });
      await putGrant(
        'g',
        { input: 100n },
        { validFromMs: startsAtMs, validUntilMs: startsAtMs + BigInt(DAY_MS) },
      );
      clock.turn(2 * DAY_MS + afterStartMs);
      expect((await reserve('r1')).state).toBe(state);
    });

    test('a refusal tells what all funding buckets together have left, and the first that resets', async () => {
      const { reserve, putPersonal, putProject, putGrant } = world();
      await putPersonal({ input: 30n });
      await putProject('p1', { input: 20n }, { periodKind: 'PERIOD_KIND_WEEK' });
      await putGrant('g', { input: 5n });
      const wanted = { subject: subject({ projectId: 'p1' }), amounts: amounts(56) };
      expect((await reserve('r1', wanted)).blocked).toEqual({
        bucket: 'project:p1',
        tokenType: TokenType.INPUT,
        remaining: 55n,
        resetsAtMs: BigInt(Date.UTC(2026, 10, 16)),
      });
      expect((await reserve('r2', { ...wanted, amounts: amounts(55) })).state).toBe(State.HELD);
    });

    test('nothing that pays is a fault that says so, and holds nothing', async () => {
      const { reserve, putOrder, dump, closeBucket, putPersonal } = world();
      await putOrder('company', [PROJECT, SUPPLEMENTARY]);
      const before = await dump();
      const fault = { code: 'quotaExhausted', details: { reason: 'noBuckets' } };
      await expect(reserve('r1')).rejects.toMatchObject(fault);
      expect(await dump()).toEqual(before);
      await putOrder('company', []);
      await putPersonal({ input: 100n });
      await closeBucket(PERSONAL);
      await expect(reserve('r1')).rejects.toMatchObject(fault);
    });
  });

  describe('the funding order', () => {
    test('of the nearest scope wins: user, project, departments from the lowest, company', async () => {
      const { putOrder, bucketsOf, putProject, putGrant } = world();
      await putProject('p1', { input: 1n });
      await putGrant('g', { input: 1n });
      const of = { own: PERSONAL, project: 'project:p1', grant: 'grant:g' };
      const orders = [
        ['company', [PROJECT, OWN, SUPPLEMENTARY], [of.project, of.own, of.grant]],
        ['department:top', [PROJECT], [of.project]],
        ['department:low', [SUPPLEMENTARY, OWN], [of.grant, of.own]],
        ['project:p1', [OWN], [of.own]],
        ['user:user_ann', [SUPPLEMENTARY, PROJECT, OWN], [of.grant, of.project, of.own]],
      ] as const;
      expect(await bucketsOf(EVERYTHING)).toEqual([of.own, of.project, of.grant]);
      for (const [scope, tiers, buckets] of orders) {
        expect(await putOrder(scope, tiers)).toEqual({ scope, tiers });
        expect(await bucketsOf(EVERYTHING)).toEqual(buckets);
      }
      for (const [index, [scope]] of [...orders.entries()].toReversed()) {
        await putOrder(scope, []);
        const next = index === 0 ? [of.own, of.project, of.grant] : orders[index - 1]?.[2];
        expect(await bucketsOf(EVERYTHING)).toEqual(next);
      }
    });

    test('that leaves a tier out keeps it from paying, and overrun falls on the last that does', async () => {
      const { reserve, settle, putOrder, putPersonal, putProject, balance } = world();
      await putOrder('project:p1', [PROJECT]);
      await putPersonal({ input: 1_000n });
      await putProject('p1', { input: 100n });
      const wanted = { subject: subject({ projectId: 'p1' }) };
      await reserve('r1', wanted);
      expect((await reserve('r2', wanted)).state).toBe(State.REJECTED);
      await settle('r1', { ...wanted, actual: amounts(120) });
      expect(await balance('project:p1')).toMatchObject({ used: amounts(120), overrun: amounts(20) });
      expect(await balance()).toMatchObject({ used: amounts(0) });
    });
  });

  describe('caps', () => {
    test('are those of the company, of each department from the top and of the model', async () => {
      const { putCap, bucketsOf } = world();
      for (const scope of ['model:glm-5', 'model:other', 'department:low', 'department:top', 'company']) {
        await putCap(scope, { input: 1_000n });
      }
      expect(await bucketsOf(EVERYTHING)).toEqual([
        PERSONAL,
        'company',
        'department:top',
        'department:low',
        'model:glm-5',
      ]);
    });

    test('carry every amount whole, whoever pays', async () => {
      const { reserve, settle, putPersonal, putProject, putCap, balance } = world();
      await putPersonal({ input: 60n });
      await putProject('p1', { input: 60n });
      await putCap('company', { input: 1_000n });
      await reserve('r1', { subject: EVERYTHING });
      expect(await balance('company')).toMatchObject({ held: amounts(100) });
      await settle('r1', { actual: amounts(90) });
      expect(await balance('company')).toMatchObject({ used: amounts(90), held: amounts(0) });
      expect(await balance()).toMatchObject({ used: amounts(60) });
      expect(await balance('project:p1')).toMatchObject({ used: amounts(30) });
    });

    test('admit all or nothing: one that is short blocks, and is named before the funding buckets', async () => {
      const { reserve, putPersonal, putCap, balance } = world();
      await putPersonal({ input: 10n });
      await putCap('company', { input: 1_000n, output: 5n });
      await putCap('department:low', { input: 50n }, { periodKind: 'PERIOD_KIND_DAY' });
      expect((await reserve('r1', { subject: EVERYTHING })).blocked).toEqual({
        bucket: 'department:low',
        tokenType: TokenType.INPUT,
        remaining: 50n,
        resetsAtMs: BigInt(Date.UTC(2026, 10, 16)),
      });
      // The order of the plan goes before the order of the types.
      expect((await reserve('r2', { subject: EVERYTHING, amounts: amounts(51, 6) })).blocked).toMatchObject({
        bucket: 'company',
        tokenType: TokenType.OUTPUT,
      });
      expect((await reserve('r3', { subject: EVERYTHING, amounts: amounts(11) })).blocked).toMatchObject({
        bucket: PERSONAL,
        remaining: 10n,
      });
      for (const bucket of [PERSONAL, 'company', 'department:low']) {
        expect((await balance(bucket)).held).toEqual(amounts(0));
      }
    });

    test('are passed by what was spent, each by its own overrun', async () => {
      const { reserve, settle, putPersonal, putCap, balance } = world();
      await putPersonal({ input: 1_000n });
      await putCap('company', { input: 120n });
      await reserve('r1', { subject: EVERYTHING });
      await settle('r1', { subject: EVERYTHING, actual: amounts(150) });
      expect(await balance('company')).toMatchObject({ used: amounts(150), overrun: amounts(30) });
      expect(await balance()).toMatchObject({ used: amounts(150), overrun: amounts(0) });
    });

    test('that are closed bound no more', async () => {
      const { reserve, putCap, closeBucket } = world();
      await putCap('company', { input: 50n });
      expect((await reserve('r1')).state).toBe(State.REJECTED);
      await closeBucket('company');
      expect((await reserve('r2')).state).toBe(State.HELD);
    });
  });

  describe('rooms', () => {
    test('tell of each bounded type the bucket that leaves least, after the hold', async () => {
      const { reserve, putPersonal, putProject, putCap } = world();
      await putPersonal({ input: 300n, output: 100n });
      await putProject('p1', { input: 300n });
      await putCap('company', { input: 1_000n, cost: 50n });
      await putCap('model:glm-5', { input: 550n });
      const { rooms } = await reserve('r1', { subject: EVERYTHING, amounts: amounts(100, 10, 0, 0, 5) });
      const resetsAtMs = BigInt(Date.UTC(2026, 11, 1));
      expect(rooms).toEqual([
        { tokenType: TokenType.INPUT, bucket: 'model:glm-5', limit: 550n, remaining: 450n, resetsAtMs },
        // The project has no bound on output, so that the funding buckets together have none.
        { tokenType: TokenType.COST, bucket: 'company', limit: 50n, remaining: 45n, resetsAtMs },
      ]);
    });
  });
}
