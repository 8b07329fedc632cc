import { expect, test } from 'vitest';
import { missedClasses } from '../report.ts';
import { runSeeds } from '../run-seeds.ts';
import { runSeed } from '../simulation.ts';

const SEEDS = 300;
const STEPS = 600;

test('no invariant breaks in 300 seeds of crashes, losses, repetitions and changes, and everything is met', {
  timeout: 300_000,
}, async () => {
  const summary = await runSeeds({ from: 1, seeds: SEEDS, steps: STEPS });
  expect(summary.failure).toBeUndefined();
  expect(missedClasses(summary)).toEqual([]);
});

test('the same seed is the same run, step by step', async () => {
  const traces = await Promise.all(
    [7, 7, 8].map(async (seed) => {
      const lines: string[] = [];
      await runSeed({ seed, steps: 150, trace: (line) => lines.push(line) });
      return lines;
    }),
  );
  const [first, second, other] = traces;
  expect(first?.length).toBeGreaterThan(150);
  expect(second).toEqual(first);
  expect(other).not.toEqual(first);
});
