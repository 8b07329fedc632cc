import { describe, expect, test } from 'vitest';
import type { LoadResult } from '../load-run.ts';
import { CASES, readOptions } from '../options.ts';
import type { Measurement, TargetName } from '../rounds.ts';
import { median, percentiles } from '../statistics.ts';
import { printTables } from '../table.ts';

const benchCase = CASES.filter(({ name }) => name === 'reply-50');

function result(requestsPerSecond: number, p50: number): LoadResult {
  return {
    requestsPerSecond,
    errors: 0,
    firstError: undefined,
    wholeMs: { p50, p99: p50 * 2 },
    firstByteMs: { p50, p99: p50 },
    cpuMicrosPerRequest: 1e6 / requestsPerSecond,
    ownCpuShare: 0.25,
  };
}

function rounds(target: TargetName, perSecond: readonly number[], p50: readonly number[]): Measurement[] {
  return perSecond.map((rate, index) => ({
    round: index + 1,
    caseName: 'reply-50',
    target,
    saturated: result(rate, 1),
    paced: result(500, p50[index] ?? 0),
    peakRssBytes: 90e6,
  }));
}

describe('the table', () => {
  const measurements = [
    ...rounds('direct', [50_000, 40_000, 50_000], [0.1, 0.3, 0.1]),
    ...rounds('bare', [10_000, 5000, 8000], [0.3, 0.5, 0.3]),
    ...rounds('gateway', [6000, 4000, 4800], [0.6, 0.8, 0.9]),
  ];

  test('compares within a round, so that a slow moment of the machine does not count', () => {
    expect(printTables(benchCase, measurements)).toContain('| 0.60 (0.60-0.80) |');
  });

  test('compares the processor time too, which a busy machine distorts less', () => {
    expect(printTables(benchCase, measurements)).toMatch(/\(0\.60-0\.80\) \|\s+0\.60 \|/);
  });

  test('says what is added to a direct call of the same round', () => {
    expect(printTables(benchCase, measurements)).toMatch(/\|\s+0\.50 \/ 1\.00 \|/);
  });

  test('shows what the load generator cost, and - for what the system does not tell', () => {
    const blind = measurements.map((each) => ({ ...each, peakRssBytes: undefined }));
    expect(printTables(benchCase, blind)).toContain('at most 25% of a core');
    expect(printTables(benchCase, blind)).toMatch(/- \|\s+- \|$/m);
  });
});

test('percentiles are of the nearest rank', () => {
  expect(percentiles(Array.from({ length: 100 }, (_, index) => 100 - index))).toEqual({ p50: 50, p99: 99 });
  expect(percentiles([7])).toEqual({ p50: 7, p99: 7 });
  expect(percentiles([])).toEqual({ p50: 0, p99: 0 });
});

test('the median is the middle value', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, Number.NaN]);
});

describe('the options', () => {
  test.each([
    [['--rounds', '0'], '--rounds must be a whole number from 1 to 20'],
    [['--seconds', 'long'], '--seconds must be a whole number from 1 to 4'],
    [
      ['--only', 'reply-50,reply-5'],
      '--only knows reply-50, reply-1000, stream-50, stream-1000, not reply-5',
    ],
  ])('%s is refused with one line', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  test('measure everything when none are given', () => {
    expect(readOptions([])).toMatchObject({ rounds: 5, seconds: 2, chunkMs: 1, cases: CASES });
    expect(readOptions(['--help'])).toBeUndefined();
  });
});
