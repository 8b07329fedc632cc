import { neverMet } from './coverage.ts';
import { SEEDS_FOR_COVERAGE } from './options.ts';
import type { Summary } from './run-seeds.ts';
import type { RunFailure } from './simulation.ts';

export function failureText({ seed, step, invariant, message, operations, rows }: RunFailure): string {
  return [
    `VIOLATION of ${invariant} with seed ${seed} in step ${step}: ${message}`,
    ...operations.map((line) => `  ${line}`),
    ...rows.map((row) => `  row ${row}`),
    `Replay: npm run sim -- --seed ${seed} --trace`,
  ].join('\n');
}

export function summaryText({ seeds, steps, seconds, coverage }: Summary): string {
  const counts = [...coverage.counts].sort(([one], [other]) => (one < other ? -1 : 1));
  const width = Math.max(...counts.map(([, count]) => String(count).length));
  const rate = (seeds / seconds).toFixed(1);
  return [
    ...counts.map(([name, count]) => `${String(count).padStart(width)}  ${name}`),
    '',
    `${seeds} seeds, ${steps} steps in ${seconds.toFixed(1)} s: ${rate} seeds/s, ${Math.round(steps / seconds)} steps/s`,
  ].join('\n');
}

/** What was never met though the run was long enough; empty when all is well or it was too short to say. */
export function missedClasses({ seeds, coverage, failure }: Summary): readonly string[] {
  return failure === undefined && seeds >= SEEDS_FOR_COVERAGE ? neverMet(coverage) : [];
}
