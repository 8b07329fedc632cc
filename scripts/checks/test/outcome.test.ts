import { describe, expect, test } from 'vitest';
import { countsLine, type Outcome, refuseSkips, total } from '../outcome.ts';
import { testOutcome } from '../vitest-run.ts';

const clean = { passed: 3, failed: 0, skips: [], brokenFiles: [], unhandledErrors: 0, cases: {} };
const skip = { title: 'packages/db/test/open.test.ts > opens', reason: 'no database' };

describe('a run of the tests', () => {
  test.each([
    ['passes when every test passed', clean, 0, 0],
    ['counts what failed', { ...clean, failed: 2 }, 1, 2],
    ['fails when a file could not be loaded', { ...clean, brokenFiles: ['a.test.ts'] }, 1, 1],
    ['fails when an error came outside of any test', { ...clean, unhandledErrors: 1 }, 1, 1],
    ['fails when no test ran', { ...clean, passed: 0 }, 0, 1],
    ['fails when all tests were skipped', { ...clean, passed: 0, skips: [skip] }, 0, 1],
    ['fails when vitest ends with a code of its own', clean, 1, 1],
  ])('%s', (_, report, exitCode, failed) => {
    expect(testOutcome(report, exitCode, 1)).toMatchObject({ failed, passed: report.passed });
  });

  test('fails when vitest leaves no report', () => {
    expect(testOutcome(undefined, 139, 1)).toMatchObject({
      passed: 0,
      output: expect.stringContaining('without a report'),
    });
    expect(testOutcome(undefined, 139, 1).failed).toBeGreaterThan(0);
  });
});

describe('a skip where CI=true', () => {
  const outcome: Outcome = testOutcome({ ...clean, skips: [skip] }, 0, 1);

  test('is a failure that names the test', () => {
    const refused = refuseSkips(outcome, []);
    expect(refused).toMatchObject({ passed: 3, failed: 1, skipped: 0 });
    expect(refused.output).toContain(skip.title);
  });

  test('is tolerated when it is allowed by its full name', () => {
    expect(refuseSkips(outcome, [{ title: skip.title, reason: 'needs a disk' }])).toEqual(outcome);
    expect(refuseSkips(outcome, [{ title: 'packages/db', reason: 'needs a disk' }]).failed).toBe(1);
  });
});

test('the last line counts static checks and tests together', () => {
  const counts = total([
    { passed: 1, failed: 0, skipped: 0 },
    { passed: 0, failed: 1, skipped: 0 },
    { passed: 40, failed: 2, skipped: 1 },
  ]);
  expect(countsLine(counts)).toBe('41 passed, 3 failed, 1 skipped');
});
