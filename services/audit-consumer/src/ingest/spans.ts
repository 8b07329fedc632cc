// Which sequences of a log have come: all up to the highest but those in its gaps. Pure.

export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

export interface Gap extends Span {
  readonly sinceMs: bigint;
}

export interface Arrival {
  /** Those that had not come before. */
  readonly fresh: ReadonlySet<bigint>;
  /** Gaps that are no more as they were, by their first sequence. */
  readonly closed: readonly bigint[];
  readonly opened: readonly Gap[];
  readonly lastSequence: bigint;
}

/**
 * @param sequences ascending
 * @param gaps those that overlap with them
 * @param lastSequence the highest that is known
 */
export function arrive(
  sequences: readonly bigint[],
  gaps: readonly Gap[],
  lastSequence: bigint,
  nowMs: bigint,
): Arrival {
  const fresh = new Set<bigint>();
  const closed: bigint[] = [];
  const opened: Gap[] = [];
  for (const gap of gaps) {
    const inside = sequences.filter((sequence) => sequence >= gap.first && sequence <= gap.last);
    if (inside.length === 0) continue;
    closed.push(gap.first);
    let first = gap.first;
    for (const sequence of inside) {
      fresh.add(sequence);
      if (sequence > first) opened.push({ first, last: sequence - 1n, sinceMs: gap.sinceMs });
      first = sequence + 1n;
    }
    if (first <= gap.last) opened.push({ first, last: gap.last, sinceMs: gap.sinceMs });
  }
  let last = lastSequence;
  for (const sequence of sequences) {
    if (sequence <= last) continue;
    fresh.add(sequence);
    if (sequence > last + 1n) opened.push({ first: last + 1n, last: sequence - 1n, sinceMs: nowMs });
    last = sequence;
  }
  return { fresh, closed, opened, lastSequence: last };
}
