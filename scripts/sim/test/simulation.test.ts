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
  const trace = async (seed: number) => {
    const lines: string[] = [];
    await runSeed({ seed, steps: 150, trace: (line) => lines.push(line) });
    return lines;
  };
  const first = await trace(7);
  const second = await trace(7);
  const other = await trace(8);
  expect(first.length).toBeGreaterThan(150);
  expect(second).toEqual(first);
  expect(other).not.toEqual(first);
});
