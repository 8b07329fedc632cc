// The clock of the processes under test, which tells another time than the database's and jumps by hours. Nothing may be
// decided by it: an edge sends intervals, and the ledger asks its database.

export interface ProcessClock {
  jump(byMs: number): void;
  /** Gives the real clock back. */
  restore(): void;
}

export function replaceProcessClock(nowMs: () => number): ProcessClock {
  const { now } = Date;
  let offMs = 0;
  Date.now = () => nowMs() + offMs;
  return {
    jump: (byMs) => {
      offMs += byMs;
    },
    restore: () => {
      Date.now = now;
    },
  };
}
