// The spec of the QuotaLedger port. Whatever stands behind it, on whichever database and transport, passes this. Each
// test has a company and a clock of its own; one that lowers a limit under what is admitted raises it in the end, for
// the invariants are asked of all companies together.

import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { describeAdministration } from './administration.spec.ts';
import { describeBadInput } from './bad-input.spec.ts';
import { describeCases } from './cases.spec.ts';
import { describeExtend } from './extend.spec.ts';
import { describeLimits } from './limits.spec.ts';
import { describeReserve } from './reserve.spec.ts';
import { describeSettle } from './settle.spec.ts';
import { describeTiers } from './tiers.spec.ts';
import type { World } from './world.ts';

export interface LedgerUnderTest {
  newWorld(): Promise<{ readonly world: World; close(): Promise<void> }>;
  /** Checks the invariants and lets go of everything. */
  close(): Promise<void>;
}

export function describeLedger(title: string, open: () => Promise<LedgerUnderTest>): void {
  describe(title, () => {
    let underTest: LedgerUnderTest;
    let current: Awaited<ReturnType<LedgerUnderTest['newWorld']>>;
    beforeAll(async () => {
      underTest = await open();
    });
    afterAll(() => underTest.close());
    beforeEach(async () => {
      current = await underTest.newWorld();
    });
    afterEach(() => current.close());
    const world = () => current.world;

    describeReserve(world);
    describeExtend(world);
    describeSettle(world);
    describeTiers(world);
    describeLimits(world);
    describeAdministration(world);
    describeBadInput(world);
    describeCases(world);
  });
}
