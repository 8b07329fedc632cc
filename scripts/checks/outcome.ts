export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Skip {
  /** The file and the full name of the test: `packages/db/test/open.test.ts > postgres > ...`. */
  readonly title: string;
  readonly reason: string | undefined;
}

/** What came out of one check. A static check is one test. */
export interface Outcome extends Counts {
  readonly name: string;
  readonly elapsedMs: number;
  /** What whoever must mend it needs to see; shown only on a failure. */
  readonly output: string;
  readonly skips: readonly Skip[];
}

/** A skip that CI tolerates. */
export interface AllowedSkip {
  readonly title: string;
  readonly reason: string;
}

/** Turns every skip that is not allowed into a failure, so that CI cannot pass by not looking. */
export function refuseSkips(outcome: Outcome, allowed: readonly AllowedSkip[]): Outcome {
  const refused = outcome.skips.filter((skip) => !allowed.some(({ title }) => title === skip.title));
  if (refused.length === 0) return outcome;
  const list = refused.map((skip) => `  ${skip.title}`).join('\n');
  return {
    ...outcome,
    failed: outcome.failed + refused.length,
    skipped: outcome.skipped - refused.length,
    output: `${outcome.output}\nSkipped where CI=true; make them run or name them in scripts/checks/allowed-skips.ts:\n${list}\n`,
  };
}

export function total(outcomes: readonly Counts[]): Counts {
  const sum = (read: (counts: Counts) => number) => outcomes.reduce((so, counts) => so + read(counts), 0);
  return {
    passed: sum((counts) => counts.passed),
    failed: sum((counts) => counts.failed),
    skipped: sum((counts) => counts.skipped),
  };
}

export function countsLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
