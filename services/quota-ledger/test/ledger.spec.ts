// The spec of the QuotaLedger port. Whatever stands behind it, on whichever database and transport, passes this.

import {
  GetReservationRequest,
  type QuotaLedger,
  ReservationState as State,
  TokenType,
} from '@ai-switch/contracts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  BUCKET,
  balanceOf,
  counts,
  reserveRequest,
  setLimits,
  settleRequest,
  TENANT,
  type TurnableClock,
  USER,
  voidRequest,
} from './harness.ts';
import { describeLimits } from './limits.spec.ts';

export interface LedgerUnderTest {
  readonly ledger: QuotaLedger;
  readonly clock: TurnableClock;
  /** Checks the invariants and lets go of everything. */
  close(options: { readonly areLimitsKept: boolean }): Promise<void>;
}

export function describeLedger(title: string, open: () => Promise<LedgerUnderTest>): void {
  describe(title, () => {
    let underTest: LedgerUnderTest;
    let ledger: QuotaLedger;
    let clock: TurnableClock;
    let areLimitsKept: boolean;
    beforeEach(async () => {
      underTest = await open();
      ({ ledger, clock } = underTest);
      areLimitsKept = true;
    });
    afterEach(() => underTest.close({ areLimitsKept }));

    const reserve = async (...parameters: Parameters<typeof reserveRequest>) => {
      const { reservation, created } = await ledger.reserve(reserveRequest(...parameters));
      return { ...reservation, created };
    };
    const settle = async (...parameters: Parameters<typeof settleRequest>) =>
      (await ledger.settle(settleRequest(...parameters))).reservation;
    const release = async (...parameters: Parameters<typeof voidRequest>) =>
      (await ledger.void(voidRequest(...parameters))).reservation;
    const read = async (reservationId: string) =>
      (await ledger.getReservation(GetReservationRequest.create({ tenant: TENANT, reservationId })))
        .reservation;
    const untilExpired = (reservationId: string) =>
      vi.waitFor(
        async () => {
          if ((await read(reservationId))?.state !== State.EXPIRED) throw new Error('not yet expired');
        },
        { timeout: 5_000, interval: 10 },
      );

    describe('reserve', () => {
      test('holds the amounts of all four types', async () => {
        const reservation = await reserve('r1', { amounts: counts(1, 2, 3, 4) });
        expect(reservation).toMatchObject({
          created: true,
          state: State.HELD,
          userId: USER,
          bucket: BUCKET,
          period: '2026-11',
          amounts: counts(1, 2, 3, 4),
          charged: counts(0),
          createdAtMs: BigInt(clock.nowMs()),
          expiresAtMs: BigInt(clock.nowMs() + 60_000),
        });
        expect(await balanceOf(ledger)).toMatchObject({ held: counts(1, 2, 3, 4), used: counts(0) });
      });

      test('admits up to the limit and not one token more', async () => {
        await setLimits(ledger, counts(250));
        expect((await reserve('r1')).state).toBe(State.HELD);
        expect((await reserve('r2', { amounts: counts(151) })).state).toBe(State.REJECTED);
        expect((await reserve('r3', { amounts: counts(150) })).state).toBe(State.HELD);
        expect((await reserve('r4', { amounts: counts(1) })).state).toBe(State.REJECTED);
      });

      test.each([
        ['input', TokenType.INPUT, counts(11, 5, 5, 5)],
        ['output', TokenType.OUTPUT, counts(5, 11, 5, 5)],
        ['cacheRead', TokenType.CACHE_READ, counts(5, 5, 11, 5)],
        ['cacheWrite', TokenType.CACHE_WRITE, counts(5, 5, 5, 11)],
      ])('refuses when only %s is short, and says so', async (_type, tokenType, amounts) => {
        await setLimits(ledger, counts(10, 10, 10, 10));
        expect(await reserve('r1', { amounts })).toMatchObject({
          created: true,
          state: State.REJECTED,
          amounts: counts(0),
          blocked: {
            bucket: BUCKET,
            tokenType,
            remaining: 10n,
            resetsAtMs: BigInt(Date.UTC(2026, 11, 1)),
          },
        });
        expect((await balanceOf(ledger)).held).toEqual(counts(0));
      });

      test('a refusal is final for its id', async () => {
        await setLimits(ledger, counts(10));
        await reserve('r1');
        await setLimits(ledger, counts(1_000));
        expect(await reserve('r1')).toMatchObject({ created: false, state: State.REJECTED });
      });

      test('a repeated call returns what is stored and holds nothing more', async () => {
        await reserve('r1');
        expect(await reserve('r1')).toMatchObject({ created: false, state: State.HELD });
        await settle('r1');
        expect(await reserve('r1')).toMatchObject({ created: false, state: State.SETTLED });
        expect(await balanceOf(ledger)).toMatchObject({ held: counts(0), used: counts(100) });
      });

      test.each([
        ['amounts', { amounts: counts(101) }],
        ['time to live', { ttlMs: 60_001n }],
        ['user', { userId: 'user_bob' }],
        ['owner token', { ownerToken: 'another' }],
      ])('a known id with another %s is a conflict without effect', async (_title, other) => {
        await reserve('r1');
        await expect(reserve('r1', other)).rejects.toMatchObject({ code: 'conflict' });
        expect((await balanceOf(ledger)).held).toEqual(counts(100));
        expect((await balanceOf(ledger, 'user_bob')).held).toEqual(counts(0));
      });

      test('two callers at once with one id: one creates, both get the same reservation', async () => {
        const answers = await Promise.all(Array.from({ length: 20 }, () => reserve('r1')));
        expect(answers.filter((answer) => answer.created)).toHaveLength(1);
        expect((await balanceOf(ledger)).held).toEqual(counts(100));
      });

      test('two callers at once with one id and other amounts: one wins, the other has no effect', async () => {
        const outcomes = await Promise.allSettled([
          reserve('r1', { amounts: counts(10) }),
          reserve('r1', { amounts: counts(20) }),
        ]);
        expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
        const { held } = await balanceOf(ledger);
        expect([10n, 20n]).toContain(held?.input);
      });

      test('the same id in two tenants is two reservations', async () => {
        await reserve('r1');
        expect(await reserve('r1', { tenant: 'other' })).toMatchObject({ created: true });
        expect((await balanceOf(ledger)).held).toEqual(counts(100));
      });

      test.each([
        ['tenant', { tenant: '' }],
        ['reservationId', { reservationId: '' }],
        ['reservationId', { reservationId: 'x'.repeat(65) }],
        ['reservationId', { reservationId: 'a\0b' }],
        ['userId', { userId: '' }],
        ['ownerToken', { ownerToken: '' }],
        ['amounts', { amounts: counts(0) }],
        ['amounts', { amounts: undefined }],
        ['amounts.input', { amounts: counts(-1) }],
        ['amounts.output', { amounts: { ...counts(1), output: 2n ** 53n } }],
        ['ttlMs', { ttlMs: 999n }],
        ['ttlMs', { ttlMs: 86_400_001n }],
      ])('a wrong %s is refused as invalid', async (field, wrong) => {
        await expect(reserve('r1', wrong)).rejects.toMatchObject({ code: 'invalid', details: { field } });
      });

      test('a wrong call does not harm the others of its batch', async () => {
        const outcomes = await Promise.allSettled([
          reserve('r1'),
          reserve('r2', { ttlMs: 0n }),
          reserve('r1', { amounts: counts(7) }),
          reserve('r3'),
        ]);
        expect(outcomes.map((outcome) => outcome.status)).toEqual([
          'fulfilled',
          'rejected',
          'rejected',
          'fulfilled',
        ]);
      });
    });

    describe('settle', () => {
      test('charges what was used and frees the rest of the hold', async () => {
        await reserve('r1', { amounts: counts(100, 50) });
        clock.turn(10);
        expect(await settle('r1', { actual: counts(40, 10, 60, 0) })).toMatchObject({
          state: State.SETTLED,
          charged: counts(40, 10, 60, 0),
          outcome: 'completed',
          resolvedAtMs: BigInt(clock.nowMs()),
        });
        expect(await balanceOf(ledger)).toMatchObject({
          held: counts(0),
          used: counts(40, 10, 60, 0),
          overrun: counts(0),
        });
      });

      test('beyond the hold takes free room first, then overruns', async () => {
        await setLimits(ledger, counts(150));
        await reserve('r1');
        await settle('r1', { actual: counts(170) });
        expect(await balanceOf(ledger)).toMatchObject({ used: counts(170), overrun: counts(20) });
      });

      test('never takes room that another reservation holds', async () => {
        await setLimits(ledger, counts(200));
        await reserve('r1');
        await reserve('r2');
        await settle('r1', { actual: counts(130) });
        expect(await balanceOf(ledger)).toMatchObject({
          used: counts(130),
          held: counts(100),
          overrun: counts(30),
        });
      });

      test('a repeated call changes nothing', async () => {
        await reserve('r1');
        const first = await settle('r1');
        clock.turn(1_000);
        expect(await settle('r1')).toEqual(first);
        expect((await balanceOf(ledger)).used).toEqual(counts(100));
      });

      test.each([
        ['numbers', { actual: counts(99) }],
        ['outcome', { outcome: 'cut' }],
        ['user', { userId: 'user_bob' }],
      ])('a second one with another %s is a conflict without effect', async (_title, other) => {
        await reserve('r1');
        await settle('r1');
        await expect(settle('r1', other)).rejects.toMatchObject({ code: 'conflict' });
        expect((await balanceOf(ledger)).used).toEqual(counts(100));
      });

      test('of an unknown id is charged, because the usage is real', async () => {
        await setLimits(ledger, counts(60));
        expect(await settle('lost')).toMatchObject({
          state: State.ORPHAN_SETTLED,
          amounts: counts(0),
          charged: counts(100),
        });
        await settle('lost');
        expect(await balanceOf(ledger)).toMatchObject({ used: counts(100), overrun: counts(40) });
        await expect(reserve('lost')).rejects.toMatchObject({ code: 'conflict' });
      });

      test('of a refused reservation is a conflict', async () => {
        await setLimits(ledger, counts(10));
        await reserve('r1');
        await expect(settle('r1')).rejects.toMatchObject({ code: 'conflict' });
      });

      test('posts to the month of the reserve when the month ends mid-stream', async () => {
        await reserve('r1');
        clock.turn(20 * 86_400_000);
        await settle('r1', { actual: counts(80) });
        expect(await balanceOf(ledger)).toMatchObject({ period: '2026-12', used: counts(0) });
        expect(await read('r1')).toMatchObject({ period: '2026-11', charged: counts(80) });
      });

      test.each([
        ['actual.input', { actual: counts(-1) }],
        ['outcome', { outcome: '' }],
        ['userId', { userId: '' }],
      ])('a wrong %s is refused as invalid', async (field, wrong) => {
        await expect(settle('r1', wrong)).rejects.toMatchObject({ code: 'invalid', details: { field } });
      });
    });

    describe('void', () => {
      test('frees the hold and charges nothing, once and again', async () => {
        await reserve('r1');
        expect(await release('r1')).toMatchObject({ state: State.VOIDED, charged: counts(0) });
        expect(await release('r1')).toMatchObject({ state: State.VOIDED });
        expect(await balanceOf(ledger)).toMatchObject({ held: counts(0), used: counts(0) });
        await expect(settle('r1')).rejects.toMatchObject({ code: 'conflict' });
      });

      test('is refused to everybody but the owner', async () => {
        await reserve('r1');
        await expect(release('r1', { ownerToken: 'another' })).rejects.toMatchObject({ code: 'forbidden' });
        expect((await balanceOf(ledger)).held).toEqual(counts(100));
      });

      test('of a settled reservation is a conflict', async () => {
        await reserve('r1');
        await settle('r1');
        await expect(release('r1')).rejects.toMatchObject({ code: 'conflict' });
      });

      test('of an unknown id is not found', async () => {
        await expect(release('r1')).rejects.toMatchObject({ code: 'notFound' });
      });
    });

    describe('a hold whose deadline passes', () => {
      test('is swept: it frees its amounts and charges the prompt estimate', async () => {
        await reserve('r1', { amounts: counts(70, 30, 5, 5) });
        await reserve('r2', { ttlMs: 86_400_000n });
        clock.turn(60_000);
        await untilExpired('r1');
        expect(await read('r1')).toMatchObject({ charged: counts(70) });
        expect(await balanceOf(ledger)).toMatchObject({ held: counts(100), used: counts(70) });
        await expect(release('r1')).rejects.toMatchObject({ code: 'conflict' });
      });

      test.each([
        ['more', counts(90, 20)],
        ['less', counts(20, 0, 3)],
        ['nothing', counts(0)],
      ])('and is settled late with %s is charged what was used', async (_title, actual) => {
        await setLimits(ledger, { input: 100n, output: 30n });
        await reserve('r1', { amounts: counts(70, 30) });
        clock.turn(60_000);
        await untilExpired('r1');
        expect(await settle('r1', { actual })).toMatchObject({ state: State.RECONCILED, charged: actual });
        expect(await settle('r1', { actual })).toMatchObject({ state: State.RECONCILED, charged: actual });
        expect(await balanceOf(ledger)).toMatchObject({ held: counts(0), used: actual, overrun: counts(0) });
        await expect(settle('r1', { actual: counts(1) })).rejects.toMatchObject({ code: 'conflict' });
      });

      test('and is settled late when others took the room overruns', async () => {
        await setLimits(ledger, counts(100));
        await reserve('r1', { amounts: counts(60) });
        clock.turn(60_000);
        await untilExpired('r1');
        await reserve('r2', { amounts: counts(40) });
        await settle('r1', { actual: counts(75) });
        expect(await balanceOf(ledger)).toMatchObject({
          used: counts(75),
          held: counts(40),
          overrun: counts(15),
        });
      });
    });

    describeLimits({
      ledger: () => ledger,
      clock: () => clock,
      reserve,
      settle,
      allowLoweredLimits: () => {
        areLimitsKept = false;
      },
    });

    test('a reservation that nobody made is not found', async () => {
      await expect(read('r1')).rejects.toMatchObject({ code: 'notFound' });
    });

    test('amounts up to 2^53 - 1 are exact, and so are their sums', async () => {
      const amounts = { input: 2n ** 53n - 1n, output: 2n ** 53n - 1n, cacheRead: 0n, cacheWrite: 0n };
      for (const id of ['r1', 'r2', 'r3']) {
        await reserve(id, { amounts });
        await settle(id, { actual: amounts });
      }
      expect((await balanceOf(ledger)).used?.input).toBe(3n * (2n ** 53n - 1n));
    });

    test('what a caller does to its objects afterwards changes nothing', async () => {
      const request = reserveRequest('r1');
      const answer = ledger.reserve(request);
      if (request.amounts !== undefined) request.amounts.input = 5n;
      const { reservation } = await answer;
      if (reservation?.amounts !== undefined) reservation.amounts.input = 6n;
      expect((await read('r1'))?.amounts).toEqual(counts(100));
    });
  });
}
