// Periods are calendar months in UTC. A bucket's row for a month is made when somebody first touches it: there is no
// job that resets anything.

/** The month of a moment, `2026-11`. */
export function periodAt(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 7);
}

/** The first moment after a month. */
export function periodEndsAtMs(period: string): bigint {
  const year = Number(period.slice(0, 4));
  const month = Number(period.slice(5, 7));
  return BigInt(Date.UTC(year, month, 1));
}
