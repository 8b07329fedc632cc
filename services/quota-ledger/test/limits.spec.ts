// What limits admit and refuse; part of the spec in ledger.spec.ts.

import type { QuotaLedger, Reservation } from '@ai-switch/contracts';
import { ReservationState as State } from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import {
  balanceOf,
  counts,
  type reserveRequest,
  setLimits,
  type settleRequest,
  type TurnableClock,
} from './harness.ts';

export interface Subject {
  ledger(): QuotaLedger;
  clock(): TurnableClock;
  reserve(...parameters: Parameters<typeof reserveRequest>): Promise<Partial<Reservation>>;
  settle(...parameters: Parameters<typeof settleRequest>): Promise<unknown>;
  /** The invariants hold apart from limits that were lowered under what was admitted. */
  allowLoweredLimits(): void;
}

export function describeLimits({ ledger, clock, reserve, settle, allowLoweredLimits }: Subject): void {
  describe('limits', () => {
    test('are absent at first, and each type alone may be set', async () => {
      expect((await balanceOf(ledger())).limits).toEqual({});
      await setLimits(ledger(), { output: 5n });
      expect((await balanceOf(ledger())).limits).toEqual({ output: 5n });
      await setLimits(ledger(), {});
      expect((await balanceOf(ledger())).limits).toEqual({});
    });

    test('of zero admit nothing of that type', async () => {
      await setLimits(ledger(), { output: 0n });
      expect((await reserve('r1', { amounts: counts(5) })).state).toBe(State.HELD);
      expect((await reserve('r2', { amounts: counts(5, 1) })).state).toBe(State.REJECTED);
    });

    test('hold in the months to come, which begin empty', async () => {
      await setLimits(ledger(), counts(100));
      await reserve('r1');
      await settle('r1');
      expect((await reserve('r2')).state).toBe(State.REJECTED);
      clock().turn(20 * 86_400_000);
      expect(await balanceOf(ledger())).toMatchObject({
        period: '2026-12',
        limits: { input: 100n },
        used: counts(0),
      });
      expect((await reserve('r3')).state).toBe(State.HELD);
      expect((await reserve('r4')).state).toBe(State.REJECTED);
    });

    test('lowered under what is held keep the open holds and admit nobody else', async () => {
      allowLoweredLimits();
      await reserve('r1');
      await setLimits(ledger(), counts(30));
      expect(await reserve('r2', { amounts: counts(1) })).toMatchObject({ blocked: { remaining: 0n } });
      await settle('r1', { actual: counts(100) });
      expect(await balanceOf(ledger())).toMatchObject({ used: counts(100), overrun: counts(0) });
    });

    test.each([
      ['below zero', { input: -1n }],
      ['above the bound', { input: 2n ** 53n }],
    ])('%s are refused', async (_title, limits) => {
      await expect(setLimits(ledger(), limits)).rejects.toMatchObject({
        code: 'invalid',
        details: { field: 'limits.input' },
      });
    });
  });
}
