import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CaseCounts, writeCaseTable } from '../compatibility/case-table.ts';
import type { Outcome, Skip } from './outcome.ts';
import { ROOT, runTool } from './run-tool.ts';

/** What the reporter hands over through a file. */
export interface TestReport {
  passed: number;
  failed: number;
  readonly skips: Skip[];
  /** Files that could not be loaded or whose hooks failed: their tests may not have run at all. */
  readonly brokenFiles: string[];
  unhandledErrors: number;
  /** How the tests of each numbered case ended. */
  readonly cases: CaseCounts;
}

/** Runs every test of the workspace, or those below `paths`, in one vitest whose progress is shown as it comes. */
export async function runVitest(paths: readonly string[]): Promise<Outcome> {
  const startMs = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'ai-switch-test-'));
  try {
    const file = join(folder, 'report.json');
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=./scripts/checks/vitest-reporter.ts'];
    const { exitCode } = await runTool(process.execPath, [vitest, 'run', ...reporters, ...paths], {
      output: 'show',
      environment: { TEST_REPORT_FILE: file },
    });
    const text = await readFile(file, 'utf8').catch(() => undefined);
    const report = text === undefined ? undefined : (JSON.parse(text) as TestReport);
    const outcome = testOutcome(report, exitCode, performance.now() - startMs);
    if (report === undefined || paths.length > 0) return outcome;
    return withProblems(outcome, await writeCaseTable(report.cases));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function withProblems(outcome: Outcome, problems: readonly string[]): Outcome {
  if (problems.length === 0) return outcome;
  const output = [outcome.output, ...problems].join('\n');
  return { ...outcome, output, failed: outcome.failed + problems.length };
}

/** A run is clean only if vitest says so too: a broken file, a stray error or no test at all is a failure. */
export function testOutcome(report: TestReport | undefined, exitCode: number, elapsedMs: number): Outcome {
  const problems: string[] = [];
  if (report === undefined) problems.push('vitest ended without a report');
  for (const file of report?.brokenFiles ?? []) problems.push(`${file} could not be run whole`);
  if (report !== undefined && report.unhandledErrors > 0) {
    problems.push(`${report.unhandledErrors} errors came outside of any test`);
  }
  const { passed, failed, skips } = report ?? { passed: 0, failed: 0, skips: [] };
  if (passed + failed === 0) problems.push('no test ran');
  if (exitCode !== 0 && failed === 0 && problems.length === 0)
    problems.push(`vitest ended with code ${exitCode}`);
  return {
    name: 'tests',
    elapsedMs,
    output: problems.length === 0 ? 'The failures are above.' : problems.join('\n'),
    passed,
    failed: failed + problems.length,
    skipped: skips.length,
    skips,
  };
}
