// Pure: which resources answer, best first. No I/O, no clock; chance comes in as a parameter, so that a seed replays it.

import { hash } from 'node:crypto';

/** One place where an alias may be answered. */
export interface Candidate<Place> {
  /** What an affinity key knows it by: the same as long as it is there. */
  readonly name: string;
  readonly place: Place;
  /** Share of the traffic among candidates of the same priority, 1 or more. */
  readonly weight: number;
  /** Lower numbers are tried first. */
  readonly priority: number;
}

/** A number from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

/** The edge tries them in order; more attempts than this would outlast any client's patience. */
export const TARGETS_MAX = 8;

/** Candidates of one priority, so that a draw has nothing to sort. */
export interface Tier<Place> {
  readonly candidates: readonly Candidate<Place>[];
  readonly weight: number;
}

/** The candidates by priority, first one first. Done once; drawn from for each request. */
export function tiersOf<Place>(candidates: readonly Candidate<Place>[]): readonly Tier<Place>[] {
  const byPriority = new Map<number, Candidate<Place>[]>();
  for (const candidate of candidates) {
    const tier = byPriority.get(candidate.priority);
    if (tier === undefined) byPriority.set(candidate.priority, [candidate]);
    else tier.push(candidate);
  }
  return [...byPriority]
    .sort(([one], [other]) => one - other)
    .map(([, tier]) => ({ candidates: tier, weight: sumOfWeights(tier) }));
}

/**
 * An order to try them in: tier after tier, and within a tier drawn by weight without replacement, so that the first
 * place follows the weights and so does each next one among those that are left. At most TARGETS_MAX.
 */
export function drawOrder<Place>(tiers: readonly Tier<Place>[], random: Random): Place[] {
  const order: Place[] = [];
  for (const tier of tiers) {
    drawTier(tier, random, order);
    if (order.length === TARGETS_MAX) break;
  }
  return order;
}

function drawTier<Place>(tier: Tier<Place>, random: Random, order: Place[]): void {
  const left = [...tier.candidates];
  let weightLeft = tier.weight;
  while (left.length > 0 && order.length < TARGETS_MAX) {
    const index = left.length === 1 ? 0 : indexAt(left, random() * weightLeft);
    const [drawn] = left.splice(index, 1);
    if (drawn === undefined) return;
    weightLeft -= drawn.weight;
    order.push(drawn.place);
  }
}

/**
 * The order for one affinity key: within a tier, each candidate's place depends on the key, on its own name and on its weight
 * alone, so that one that comes or goes moves no key between the others. It is a race in which each runs a time drawn from
 * an exponential distribution of rate `weight`: the first is by weight, and so is each next among those that are left.
 */
export function stickyOrder<Place>(tiers: readonly Tier<Place>[], affinityKey: string): Place[] {
  const order: Place[] = [];
  for (const { candidates } of tiers) {
    order.push(
      ...(candidates.length === 1 ? candidates : raceOf(candidates, affinityKey)).map(({ place }) => place),
    );
    if (order.length >= TARGETS_MAX) break;
  }
  return order.slice(0, TARGETS_MAX);
}

function raceOf<Place>(candidates: readonly Candidate<Place>[], key: string): Candidate<Place>[] {
  return candidates
    .map((candidate) => ({ candidate, time: -Math.log(chanceOf(key, candidate.name)) / candidate.weight }))
    .sort((one, other) => one.time - other.time)
    .map(({ candidate }) => candidate);
}

/** Above 0 and below 1, evenly over all keys and names. */
function chanceOf(key: string, name: string): number {
  return (hash('sha256', `${key}\n${name}`, 'buffer').readUIntBE(0, 6) + 0.5) / 2 ** 48;
}

/** Where `point` falls when the weights lie end to end. */
function indexAt(candidates: readonly Candidate<unknown>[], point: number): number {
  let end = 0;
  for (const [index, { weight }] of candidates.entries()) {
    end += weight;
    if (point < end) return index;
  }
  return candidates.length - 1;
}

function sumOfWeights(candidates: readonly Candidate<unknown>[]): number {
  return candidates.reduce((sum, { weight }) => sum + weight, 0);
}
