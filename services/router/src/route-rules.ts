// Pure: which resources answer, best first. No I/O, no clock; chance comes in as a parameter, so that a seed replays it.

/** One place where an alias may be answered. */
export interface Candidate<Place> {
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
