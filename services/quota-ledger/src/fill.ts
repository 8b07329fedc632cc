// How amounts are spread over the lines of a plan: what is asked for, over free room; what was used, over the hold first.
// A cap carries every amount whole, the funding buckets share it in their order. Pure; each type by itself.

import { subtract } from './amounts.ts';
import {
  type Amounts,
  type Balance,
  type Blocked,
  type Line,
  METERED_TYPES,
  type MeteredType,
  NOTHING,
} from './model.ts';

/** Nothing is admitted past this, so that what is spent beyond a hold still has room to be counted. */
const ADMITTED_MAX = 2n ** 62n;

/** A line of a plan with the balance it stands on. */
export interface Place {
  readonly line: Line;
  readonly balance: Balance;
}

/** What a line holds, was charged and went over by, or what is to be added to that. */
export interface Share {
  readonly held: Amounts;
  readonly used: Amounts;
  readonly overrun: Amounts;
}

type MutableAmounts = { -readonly [Type in MeteredType]: bigint };

export function isFunding({ tier }: Line): boolean {
  return tier === 'PERSONAL' || tier === 'PROJECT' || tier === 'SUPPLEMENTARY';
}

/** What may still be admitted, 0 or more. A closed bucket pays nothing more and bounds nothing more. */
export function roomIn({ line, balance }: Place, type: MeteredType, nowMs: bigint): bigint {
  const isOpen = isOpenAt(balance, nowMs);
  if (!isOpen && isFunding(line)) return 0n;
  const limit = isOpen ? (balance.limits[type] ?? ADMITTED_MAX) : ADMITTED_MAX;
  const room = limit - balance.used[type] + balance.overrun[type] - balance.held[type];
  return room > 0n ? room : 0n;
}

export function isOpenAt({ openFromMs, openUntilMs }: Balance, nowMs: bigint): boolean {
  return (openFromMs === null || openFromMs <= nowMs) && (openUntilMs === null || nowMs < openUntilMs);
}

/** The share of each line in a new hold, or what blocks it: caps first, then the funding buckets together. */
export function fillHold(
  places: readonly Place[],
  amounts: Amounts,
  nowMs: bigint,
): { readonly shares: readonly Amounts[] } | { readonly blocked: Blocked } {
  const blocked = findShortage(places, amounts, nowMs);
  if (blocked !== undefined) return { blocked };
  const rest: MutableAmounts = { ...amounts };
  const shares = places.map((place) => {
    if (!isFunding(place.line)) return place.line.tier === 'CAP' ? amounts : NOTHING;
    const share: MutableAmounts = { ...NOTHING };
    for (const type of METERED_TYPES) {
      if (rest[type] === 0n) continue;
      share[type] = smaller(rest[type], roomIn(place, type, nowMs));
      rest[type] -= share[type];
    }
    return share;
  });
  return { shares };
}

function findShortage(places: readonly Place[], amounts: Amounts, nowMs: bigint): Blocked | undefined {
  for (const place of places) {
    if (place.line.tier !== 'CAP') continue;
    for (const type of METERED_TYPES) {
      if (amounts[type] === 0n) continue;
      const remaining = roomIn(place, type, nowMs);
      if (amounts[type] <= remaining) continue;
      const { bucket, periodEndsAtMs } = place.line;
      return { bucket, type, remaining, resetsAtMs: periodEndsAtMs };
    }
  }
  const funding = places.filter(({ line }) => isFunding(line));
  for (const type of METERED_TYPES) {
    if (amounts[type] === 0n) continue;
    const remaining = funding.reduce((sum, place) => sum + roomIn(place, type, nowMs), 0n);
    if (amounts[type] <= remaining) continue;
    const { bucket, periodEndsAtMs } = firstToReset(funding).line;
    return { bucket, type, remaining, resetsAtMs: periodEndsAtMs };
  }
  return undefined;
}

/** The one whose period ends first; the first in the plan's order when none does. */
export function firstToReset(funding: readonly Place[]): Place {
  const first = funding.reduce<Place | undefined>((earliest, place) => {
    if (earliest === undefined) return place;
    const ends = place.line.periodEndsAtMs;
    const earliestEnds = earliest.line.periodEndsAtMs;
    return ends !== null && (earliestEnds === null || ends < earliestEnds) ? place : earliest;
  }, undefined);
  if (first === undefined) throw new Error('a plan has a funding bucket');
  return first;
}

/**
 * Releases each line's hold and posts what was used: out of the holds first, which guarantees their amount whatever
 * happened to the limits; then out of free room; what is left is overrun of the last funding bucket, because the tokens
 * are spent.
 * @param places with balances that include the holds of their lines and nothing else of this reservation
 */
export function chargeHold(places: readonly Place[], actual: Amounts, nowMs: bigint): readonly Share[] {
  const used = places.map((): MutableAmounts => ({ ...NOTHING }));
  const overrun = places.map((): MutableAmounts => ({ ...NOTHING }));
  const last = places.findLastIndex(({ line }) => isFunding(line));
  for (const type of METERED_TYPES) {
    if (actual[type] === 0n) continue;
    let rest = actual[type];
    const take = (index: number, amount: bigint) => {
      const taken = smaller(rest, amount);
      of(used, index)[type] += taken;
      rest -= taken;
    };
    places.forEach(({ line }, index) => {
      if (isFunding(line)) take(index, line.held[type]);
    });
    places.forEach((place, index) => {
      if (rest > 0n && isFunding(place.line)) take(index, roomIn(place, type, nowMs));
    });
    if (rest > 0n) {
      of(used, last)[type] += rest;
      of(overrun, last)[type] += rest;
    }
    places.forEach((place, index) => {
      if (place.line.tier !== 'CAP') return;
      of(used, index)[type] = actual[type];
      const beyond = actual[type] - place.line.held[type] - roomIn(place, type, nowMs);
      if (beyond > 0n) of(overrun, index)[type] = beyond;
    });
  }
  return places.map(({ line }, index) => ({
    held: subtract(NOTHING, line.held),
    used: of(used, index),
    overrun: of(overrun, index),
  }));
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function of<Element>(list: readonly Element[], index: number): Element {
  const element = list[index];
  if (element === undefined) throw new Error('a plan has a funding bucket');
  return element;
}
