// Any sequence of calls, some at the same time, against a model of a dozen lines: what the ledger answers and what its
// balance says must be what the model says.

import { type QuotaLedger, ReservationState as State } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { databases } from '@ai-switch/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openQuotaLedger } from '../src/index.ts';
import {
  balanceOf,
  counts,
  reserveRequest,
  setLimits,
  settleRequest,
  silentLogger,
  voidRequest,
} from './harness.ts';
import { expectInvariants } from './invariants.ts';

const LIMIT = 100;
const RUNS = { sqlite: 60, postgres: 15 };

type Call =
  | { readonly kind: 'reserve'; readonly id: string; readonly amount: number }
  | { readonly kind: 'settle'; readonly id: string; readonly actual: number }
  | { readonly kind: 'void'; readonly id: string; readonly isOwner: boolean };

interface ModelReservation {
  state: State;
  amount: number;
  charged: number;
}

/** The ledger of one user, one token type and one limit, written as plainly as can be. */
class Model {
  readonly reservations = new Map<string, ModelReservation>();
  used = 0;
  held = 0;
  overrun = 0;

  /** The state that the call answers with, or the fault's code. */
  apply(call: Call): string {
    const known = this.reservations.get(call.id);
    switch (call.kind) {
      case 'reserve': {
        if (known !== undefined) {
          const isSame = known.state !== State.ORPHAN_SETTLED && known.amount === call.amount;
          return isSame ? known.state : 'conflict';
        }
        const fits = this.used - this.overrun + this.held + call.amount <= LIMIT;
        if (fits) this.held += call.amount;
        return this.#store(call.id, fits ? State.HELD : State.REJECTED, call.amount, 0);
      }
      case 'settle': {
        if (known === undefined || known.state === State.HELD) {
          const hold = known?.amount ?? 0;
          const free = LIMIT - (this.used - this.overrun) - this.held;
          this.overrun += Math.max(0, call.actual - hold - free);
          this.held -= hold;
          this.used += call.actual;
          const state = known === undefined ? State.ORPHAN_SETTLED : State.SETTLED;
          return this.#store(call.id, state, hold, call.actual);
        }
        const isSettled = known.state === State.SETTLED || known.state === State.ORPHAN_SETTLED;
        return isSettled && known.charged === call.actual ? known.state : 'conflict';
      }
      case 'void': {
        if (known === undefined) return 'notFound';
        if (!call.isOwner || known.state === State.ORPHAN_SETTLED) return 'forbidden';
        if (known.state === State.HELD) {
          this.held -= known.amount;
          return this.#store(call.id, State.VOIDED, known.amount, 0);
        }
        return known.state === State.VOIDED ? State.VOIDED : 'conflict';
      }
    }
  }

  #store(id: string, state: State, amount: number, charged: number): string {
    this.reservations.set(id, { state, amount, charged });
    return state;
  }
}

async function perform(ledger: QuotaLedger, call: Call): Promise<string | undefined> {
  try {
    switch (call.kind) {
      case 'reserve':
        return (await ledger.reserve(reserveRequest(call.id, { amounts: counts(call.amount) }))).reservation
          ?.state;
      case 'settle':
        return (await ledger.settle(settleRequest(call.id, { actual: counts(call.actual) }))).reservation
          ?.state;
      case 'void':
        return (await ledger.void(voidRequest(call.id, call.isOwner ? {} : { ownerToken: 'another' })))
          .reservation?.state;
    }
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

// Few ids, so that calls meet.
const id = fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5');
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ kind: fc.constant('reserve'), id, amount: fc.constantFrom(10, 30, 60) }),
  fc.record({ kind: fc.constant('settle'), id, actual: fc.constantFrom(0, 10, 45, 80) }),
  fc.record({ kind: fc.constant('void'), id, isOwner: fc.boolean() }),
);
/** Calls that are made at the same time; the ledger takes them in the order in which they came. */
const calls = fc.array(fc.array(call, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });

test.each(databases)(
  'any calls in any order do what the model does, on $name',
  async ({ name, create }) => {
    await fc.assert(
      fc.asyncProperty(calls, async (groups) => {
        const fresh = await create();
        const { ledger, close } = await openQuotaLedger({ databaseUrl: fresh.url, logger: silentLogger });
        const model = new Model();
        await setLimits(ledger, { input: BigInt(LIMIT) });
        for (const group of groups) {
          const answers = await Promise.all(group.map((each) => perform(ledger, each)));
          expect(answers).toEqual(group.map((each) => model.apply(each)));
          expect(await balanceOf(ledger)).toMatchObject({
            used: counts(model.used),
            held: counts(model.held),
            overrun: counts(model.overrun),
          });
        }
        await close();
        await expectInvariants(fresh.url);
        await fresh.drop();
      }),
      { numRuns: RUNS[name] },
    );
  },
  120_000,
);
