// How a hold grows and is kept while an answer goes on; part of the spec in ledger.spec.ts.

import { ReservationState as State, TokenType } from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import { amounts, beatRequest, PERSONAL, subject } from './harness.ts';
import { otherTenant, type World } from './world.ts';

export function describeExtend(world: () => World): void {
  describe('extend', () => {
    test('adds to the hold, each number once', async () => {
      const { reserve, extend, balance, dump } = world();
      await reserve('r1');
      const first = await extend('r1', { amounts: amounts(10, 5) });
      expect(first).toMatchObject({
        granted: true,
        reservation: { amounts: amounts(110, 5), extensions: 1, state: State.HELD },
      });
      const before = await dump();
      expect(await extend('r1', { amounts: amounts(10, 5) })).toEqual(first);
      expect(await dump()).toEqual(before);
      expect(await extend('r1', { opSeq: 2, amounts: amounts(1) })).toMatchObject({
        granted: true,
        reservation: { amounts: amounts(111, 5), extensions: 2 },
      });
      expect((await balance()).held).toEqual(amounts(111, 5));
    });

    test('is refused where there is no room: the hold stays, and so does the answer', async () => {
      const { reserve, extend, settle, balance, putPersonal } = world();
      await putPersonal({ output: 50n });
      await reserve('r1', { amounts: amounts(10, 40) });
      const refused = {
        granted: false,
        blocked: { bucket: PERSONAL, tokenType: TokenType.OUTPUT, remaining: 10n },
        reservation: { amounts: amounts(10, 40), extensions: 1, state: State.HELD },
      };
      const wanted = { amounts: amounts(0, 11) };
      expect(await extend('r1', wanted)).toMatchObject(refused);
      await putPersonal({ output: 500n });
      expect(await extend('r1', wanted)).toMatchObject(refused);
      expect((await balance()).held).toEqual(amounts(10, 40));
      expect(await extend('r1', { opSeq: 2, ...wanted })).toMatchObject({ granted: true });
      await settle('r1', { actual: amounts(10, 51) });
      expect(await balance()).toMatchObject({ used: amounts(10, 51), held: amounts(0), overrun: amounts(0) });
    });

    test('draws on the stored plan: the rest of a tier, then the next', async () => {
      const { reserve, extend, putPersonal, putProject } = world();
      await putPersonal({ input: 105n });
      await putProject('p1', { input: 100n });
      await reserve('r1', { subject: subject({ projectId: 'p1' }) });
      expect((await extend('r1', { amounts: amounts(20) })).reservation?.lines).toMatchObject([
        { bucket: PERSONAL, held: amounts(105) },
        { bucket: 'project:p1', held: amounts(15) },
      ]);
    });

    test('of an unknown reservation is not found, and of another’s is forbidden', async () => {
      const { reserve, extend } = world();
      await expect(extend('r1')).rejects.toMatchObject({ code: 'notFound' });
      await reserve('r1');
      await expect(extend('r1', { ownerToken: 'another' })).rejects.toMatchObject({ code: 'forbidden' });
    });

    test.each([
      ['out of order', { opSeq: 3 }],
      ['of a number that is over', { opSeq: 1, amounts: amounts(11) }],
    ])('%s is a conflict without effect', async (_title, wrong) => {
      const { reserve, extend, dump } = world();
      await reserve('r1');
      await extend('r1');
      const before = await dump();
      await expect(extend('r1', wrong)).rejects.toMatchObject({ code: 'conflict' });
      expect(await dump()).toEqual(before);
    });

    test('of a hold that is over is a conflict, but what was decided is told again', async () => {
      const { reserve, extend, settle } = world();
      await reserve('r1');
      await extend('r1');
      await settle('r1', { actual: amounts(105) });
      expect(await extend('r1')).toMatchObject({ granted: true, reservation: { state: State.SETTLED } });
      await expect(extend('r1', { opSeq: 2 })).rejects.toMatchObject({
        code: 'conflict',
        details: { state: 'SETTLED' },
      });
    });

    test('a reserve that is repeated after an extension is still the same', async () => {
      const { reserve, extend, balance } = world();
      await reserve('r1');
      await extend('r1');
      expect(await reserve('r1')).toMatchObject({ created: true, amounts: amounts(110) });
      expect((await balance()).held).toEqual(amounts(110));
    });
  });

  describe('heartbeat', () => {
    test('moves the deadline from when it came, and never back', async () => {
      const { reserve, beat, read, clock, sweep } = world();
      await reserve('r1');
      clock.turn(50_000);
      expect(await beat('r1')).toBe(State.HELD);
      const expiresAtMs = BigInt(clock.nowMs() + 60_000);
      await beat('r1', { ttlMs: 1_000n });
      expect(await read('r1')).toMatchObject({ expiresAtMs });
      clock.turn(59_999);
      await sweep();
      expect(await read('r1')).toMatchObject({ state: State.HELD });
      clock.turn(1);
      await sweep();
      expect(await read('r1')).toMatchObject({ state: State.EXPIRED });
    });

    test('keeps the largest counts of what was used, whichever beat comes last', async () => {
      const { reserve, beat, read } = world();
      await reserve('r1');
      expect((await read('r1')).checkpoint).toBeUndefined();
      await beat('r1');
      expect((await read('r1')).checkpoint).toBeUndefined();
      await beat('r1', { used: amounts(100, 30) });
      await beat('r1', { used: amounts(90, 40) });
      await beat('r1');
      expect(await read('r1')).toMatchObject({ checkpoint: amounts(100, 40), charged: amounts(0) });
    });

    test('answers each of many beats by itself and in order', async () => {
      const { reserve, settle, read, tenant, ledger, clock } = world();
      await reserve('r1');
      await reserve('r2');
      await settle('r2');
      clock.turn(10_000);
      const { pulses } = await ledger.heartbeat({
        beats: [
          beatRequest('unknown', { tenant }),
          beatRequest('r1', { tenant }),
          beatRequest('r2', { tenant, used: amounts(999) }),
          beatRequest('r1', { tenant, ownerToken: 'another', ttlMs: 86_400_000n }),
          beatRequest('r1', { tenant: otherTenant(tenant), ttlMs: 86_400_000n }),
        ],
      });
      expect(pulses).toEqual([
        { reservationId: 'unknown', state: State.UNSPECIFIED },
        { reservationId: 'r1', state: State.HELD },
        { reservationId: 'r2', state: State.SETTLED },
        { reservationId: 'r1', state: State.UNSPECIFIED },
        { reservationId: 'r1', state: State.UNSPECIFIED },
      ]);
      expect(await read('r1')).toMatchObject({ expiresAtMs: BigInt(clock.nowMs() + 60_000) });
      expect(await read('r2')).toMatchObject({ charged: amounts(100) });
    });

    test('of 1,000 holds is one call, of more is refused', async () => {
      const { ledger, tenant } = world();
      const beats = Array.from({ length: 1_001 }, (_, place) => beatRequest(`r${place}`, { tenant }));
      expect((await ledger.heartbeat({ beats: beats.slice(0, 1_000) })).pulses).toHaveLength(1_000);
      await expect(ledger.heartbeat({ beats })).rejects.toMatchObject({ code: 'tooLarge' });
      expect((await ledger.heartbeat({ beats: [] })).pulses).toEqual([]);
    });
  });
}
