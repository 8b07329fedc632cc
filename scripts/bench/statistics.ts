export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** The nearest-rank percentiles; both zero for no values. Sorts `values` in place. */
export function percentiles(values: number[]): Percentiles {
  values.sort((left, right) => left - right);
  const at = (share: number) => values[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

/** The middle value, or the mean of the two in the middle; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  const lower = sorted[Math.ceil(middle) - 1];
  return upper === undefined || lower === undefined ? Number.NaN : (upper + lower) / 2;
}
