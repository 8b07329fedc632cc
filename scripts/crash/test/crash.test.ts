import { expect, test } from 'vitest';
import { CRASH_HELP, readOptions } from '../options.ts';
import { reportOf } from '../report.ts';
import { type CrashResult, runCrash } from '../run-crash.ts';

const CYCLES = 20;

test('nothing is lost and nothing is charged twice, whatever is killed', { timeout: 240_000 }, async () => {
  const result = await runCrash({ cycles: CYCLES, clients: 64, seed: 4 });
  process.stdout.write(reportOf(result));
  expect(result.violations).toEqual([]);
  const { kills, seen, acknowledged, chargedExactly } = result;
  expect(kills.ledger + kills.edge + kills.postgres).toBe(CYCLES);
  expect(Math.min(kills.ledger, kills.edge, kills.postgres)).toBeGreaterThan(0);
  // What was not tried is not proved.
  expect(Math.min(seen.complete, seen.left, seen.denied)).toBeGreaterThan(0);
  expect(chargedExactly).toBeGreaterThan(100);
  expect(acknowledged).toBeGreaterThan(100);
});

test('what went wrong is told', () => {
  const result: CrashResult = {
    seed: 7,
    cycles: 3,
    kills: { ledger: 1, edge: 1, postgres: 1 },
    seconds: 9,
    seen: { complete: 5, denied: 4, left: 3, broken: 2, repeated: 1 },
    acknowledged: 6,
    healedMs: 10,
    deliveredMs: 20,
    states: { SETTLED: 8 },
    chargedExactly: 4,
    chargedByDelivery: 1,
    violations: Array.from({ length: 22 }, (_, at) => `fault ${at}`),
  };
  const report = reportOf(result);
  expect(report).toContain('3 kills in 9 s (seed 7): 1 ledger, 1 edge, 1 postgres');
  expect(report).toContain('22 violations:\n  fault 0');
  expect(report).toContain('  and 2 more');
  expect(reportOf({ ...result, violations: [] })).toContain('no violation');
});

test('what is asked for in another way is told', () => {
  expect(readOptions(['--help'])).toBeUndefined();
  expect(readOptions(['--cycles', '5', '--seed', '9', '--json'])).toMatchObject({
    cycles: 5,
    clients: 64,
    seed: 9,
    isJson: true,
  });
  expect(() => readOptions(['--cycles', '0'])).toThrow('--cycles must be a whole number from 1 to 100000');
  expect(() => readOptions(['--clients', 'many'])).toThrow('--clients must be a whole number from 8 to 512');
  for (const option of ['--cycles', '--clients', '--seed', '--json']) expect(CRASH_HELP).toContain(option);
});
