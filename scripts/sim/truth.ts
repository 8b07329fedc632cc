// What really happened to each request, known to the simulated provider and to nobody under test. In the end every charge
// is compared with it: I9.

import type { Subject } from '@ai-switch/contracts';
import { at, isSame, larger, type Vector, ZERO } from './oracle/vector.ts';
import { Violation } from './violation.ts';

export interface Truth {
  readonly tenant: string;
  readonly reservationId: string;
  readonly subject: Subject;
  /** What the provider was seen to deliver; of the first caller who dispatched. */
  delivered: Vector;
  /** Who dispatched: there may be one only. */
  dispatchedBy: string;
  /** Why the charge may be another than what was delivered: the disk or the edge is gone for good. */
  excuse: string;
  /** The most that may be charged where there is an excuse. */
  asked: Vector;
}

export class TruthBook {
  readonly #truths = new Map<string, Truth>();

  of(tenant: string, reservationId: string, subject: Subject): Truth {
    const key = `${tenant}\0${reservationId}`;
    let truth = this.#truths.get(key);
    if (truth === undefined) {
      truth = { tenant, reservationId, subject, delivered: ZERO, dispatchedBy: '', excuse: '', asked: ZERO };
      this.#truths.set(key, truth);
    }
    return truth;
  }

  find(tenant: string, reservationId: string): Truth | undefined {
    return this.#truths.get(`${tenant}\0${reservationId}`);
  }

  all(): readonly Truth[] {
    return [...this.#truths.values()];
  }

  dispatch(truth: Truth, caller: string): void {
    if (truth.dispatchedBy !== '') {
      throw new Violation('I13', 'two callers dispatched under one reservation', [truth, caller]);
    }
    truth.dispatchedBy = caller;
  }
}

export interface Final {
  readonly state: string;
  readonly charged: Vector;
}

/** @returns what it was compared as, for the figures */
export function checkCharge(truth: Truth, final: Final | undefined): string {
  const charged = final?.charged ?? ZERO;
  const fail = (message: string) => {
    throw new Violation('I9', `${truth.tenant} ${truth.reservationId}: ${message}`, [truth, final]);
  };
  if (final?.state === 'REVERSED') {
    if (!isSame(charged, ZERO)) fail('a reversed charge stands');
    return 'reversed';
  }
  if (final?.state === 'HELD') fail('it is still held');
  if (truth.excuse === '') {
    if (isSame(charged, truth.delivered)) return truth.dispatchedBy === '' ? 'never dispatched' : 'exact';
    fail('what is charged is not what was delivered');
  }
  if (charged.some((amount, type) => amount > larger(at(truth.delivered, type), at(truth.asked, type)))) {
    fail(`more is charged than was delivered or asked for, in spite of: ${truth.excuse}`);
  }
  return `within the bound: ${truth.excuse}`;
}
