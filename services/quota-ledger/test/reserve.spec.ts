// What a reserve admits, holds and refuses; part of the spec in ledger.spec.ts.

import { ReservationState as State, Tier, TokenType } from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import { amounts, PERSONAL, subject } from './harness.ts';
import { otherTenant, type World } from './world.ts';

export function describeReserve(world: () => World): void {
  describe('reserve', () => {
    test('holds each metered type by itself, on the bucket that everybody has', async () => {
      const { clock, reserve, balance } = world();
      const wanted = amounts(1, 2, 3, 4, 5);
      expect(await reserve('r1', { amounts: wanted, priceVersion: 'v7', promptCost: 2n })).toMatchObject({
        created: true,
        isOwned: true,
        state: State.HELD,
        subject: subject(),
        amounts: wanted,
        charged: amounts(0),
        lines: [
          {
            bucket: PERSONAL,
            tier: Tier.PERSONAL,
            period: '2026-11',
            held: wanted,
            used: amounts(0),
            overrun: amounts(0),
          },
        ],
        createdAtMs: BigInt(clock.nowMs()),
        expiresAtMs: BigInt(clock.nowMs() + 60_000),
        outcome: '',
        isEstimated: false,
        priceVersion: 'v7',
        policyVersion: 0n,
        extensions: 0,
        rooms: [],
      });
      expect(await balance()).toMatchObject({ period: '2026-11', held: wanted, used: amounts(0) });
    });

    test('admits up to the limit and not one token more', async () => {
      const { reserve, putPersonal } = world();
      await putPersonal({ input: 250n });
      expect((await reserve('r1')).state).toBe(State.HELD);
      expect((await reserve('r2', { amounts: amounts(151) })).state).toBe(State.REJECTED);
      expect((await reserve('r3', { amounts: amounts(150) })).state).toBe(State.HELD);
      expect((await reserve('r4', { amounts: amounts(1) })).state).toBe(State.REJECTED);
    });

    test.each([
      ['input', TokenType.INPUT, amounts(11, 5, 5, 5, 5)],
      ['output', TokenType.OUTPUT, amounts(5, 11, 5, 5, 5)],
      ['cacheRead', TokenType.CACHE_READ, amounts(5, 5, 11, 5, 5)],
      ['cacheWrite', TokenType.CACHE_WRITE, amounts(5, 5, 5, 11, 5)],
      ['cost', TokenType.COST, amounts(5, 5, 5, 5, 11)],
    ])('refuses when only %s is short, and says so', async (_type, tokenType, wanted) => {
      const { reserve, putPersonal, balance } = world();
      await putPersonal({ ...amounts(10, 10, 10, 10, 10) });
      expect(await reserve('r1', { amounts: wanted })).toMatchObject({
        created: false,
        state: State.REJECTED,
        amounts: amounts(0),
        rooms: [],
        blocked: {
          bucket: PERSONAL,
          tokenType,
          remaining: 10n,
          resetsAtMs: BigInt(Date.UTC(2026, 11, 1)),
        },
      });
      expect((await balance()).held).toEqual(amounts(0));
    });

    test('a refusal is final for its id', async () => {
      const { reserve, putPersonal } = world();
      await putPersonal({ input: 10n });
      await reserve('r1');
      await putPersonal({ input: 1_000n });
      expect(await reserve('r1')).toMatchObject({ created: false, isOwned: true, state: State.REJECTED });
      expect(await reserve('r2')).toMatchObject({ created: true, state: State.HELD });
    });

    test('repeated by its owner it holds nothing more, and he may dispatch', async () => {
      const { reserve, settle, balance } = world();
      await reserve('r1');
      expect(await reserve('r1')).toMatchObject({ created: true, state: State.HELD });
      expect((await balance()).held).toEqual(amounts(100));
      await settle('r1');
      expect(await reserve('r1')).toMatchObject({ created: false, isOwned: true, state: State.SETTLED });
      expect(await balance()).toMatchObject({ held: amounts(0), used: amounts(100) });
    });

    test('repeated by another for the same request, it is told and not his to dispatch', async () => {
      const { reserve, balance } = world();
      await reserve('r1');
      const other = { ownerToken: 'another', amounts: amounts(7), ttlMs: 5_000n };
      expect(await reserve('r1', other)).toMatchObject({
        created: false,
        isOwned: false,
        state: State.HELD,
        amounts: amounts(100),
      });
      expect((await balance()).held).toEqual(amounts(100));
    });

    test.each([
      ['amounts', { amounts: amounts(101) }],
      ['user', { subject: subject({ userId: 'user_bob' }) }],
      ['request', { fingerprint: 'of another request' }],
      ['request by another', { fingerprint: 'of another request', ownerToken: 'another' }],
    ])('of a known id for another %s is a conflict without effect', async (_title, other) => {
      const { reserve, dump } = world();
      await reserve('r1');
      const before = await dump();
      await expect(reserve('r1', other)).rejects.toMatchObject({
        code: 'conflict',
        details: { reservationId: 'r1', state: 'HELD' },
      });
      expect(await dump()).toEqual(before);
    });

    test('keeps no owner token that a reader of the database could use', async () => {
      const { reserve, dump } = world();
      await reserve('r1', { ownerToken: 'a secret of one caller' });
      expect(JSON.stringify(await dump())).not.toContain('a secret');
    });

    test('of one id by twenty callers at once: one may dispatch, all get the same reservation', async () => {
      const { reserve, balance } = world();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, place) => reserve('r1', { ownerToken: `caller ${place}` })),
      );
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(answers.map(({ createdAtMs }) => createdAtMs)).size).toBe(1);
      expect((await balance()).held).toEqual(amounts(100));
    });

    test('of one id in two companies is two reservations', async () => {
      const { reserve, balance, tenant } = world();
      await reserve('r1');
      expect(await reserve('r1', { tenant: otherTenant(tenant) })).toMatchObject({ created: true });
      expect((await balance()).held).toEqual(amounts(100));
    });

    test('a wrong call does not harm the others of its batch', async () => {
      const { reserve } = world();
      const outcomes = await Promise.allSettled([
        reserve('r1'),
        reserve('r2', { ttlMs: 0n }),
        reserve('r1', { amounts: amounts(7) }),
        reserve('r3'),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'fulfilled',
      ]);
    });

    test('amounts up to 2^53 - 1 are exact, and so are their sums', async () => {
      const { reserve, settle, balance } = world();
      const most = 2n ** 53n - 1n;
      const wanted = { ...amounts(0), input: most, cost: most };
      for (const id of ['r1', 'r2', 'r3']) {
        await reserve(id, { amounts: wanted });
        await settle(id, { actual: wanted });
      }
      expect((await balance()).used).toEqual({ ...amounts(0), input: 3n * most, cost: 3n * most });
    });

    test('what a caller does to its objects afterwards changes nothing', async () => {
      const { reserve, read } = world();
      const wanted = amounts(100);
      const answer = reserve('r1', { amounts: wanted });
      wanted.input = 5n;
      const reservation = await answer;
      if (reservation.amounts !== undefined) reservation.amounts.input = 6n;
      expect((await read('r1')).amounts).toEqual(amounts(100));
    });
  });
}
