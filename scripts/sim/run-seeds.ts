import { Coverage } from './coverage.ts';
import { type RunFailure, runSeed } from './simulation.ts';

export interface Summary {
  readonly seeds: number;
  readonly steps: number;
  readonly seconds: number;
  readonly failure: RunFailure | undefined;
  readonly coverage: Coverage;
}

export interface SeedsOptions {
  readonly from: number;
  readonly seeds: number;
  readonly steps: number;
  readonly trace?: (line: string) => void;
  /** Hears of every run that ended well. */
  readonly onRun?: (seeds: number, steps: number) => void;
}

/** Runs one seed after the other, up to the first that breaks an invariant. */
export async function runSeeds({ from, seeds, steps, trace, onRun }: SeedsOptions): Promise<Summary> {
  const startedAtMs = performance.now();
  const coverage = new Coverage();
  let done = 0;
  let stepsDone = 0;
  let failure: RunFailure | undefined;
  while (done < seeds && failure === undefined) {
    const run = await runSeed({ seed: from + done, steps, ...(trace !== undefined && { trace }) });
    done += 1;
    stepsDone += run.steps;
    coverage.add(run.coverage);
    failure = run.failure;
    if (failure === undefined) onRun?.(done, stepsDone);
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  return { seeds: done, steps: stepsDone, seconds, failure, coverage };
}
