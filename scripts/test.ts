// Proves everything: the static checks side by side, then every test, then one line of counts. It is exactly what CI runs.
import { parseArgs } from 'node:util';
import { ALLOWED_SKIPS } from './checks/allowed-skips.ts';
import { countsLine, type Outcome, refuseSkips, total } from './checks/outcome.ts';
import { CHECK_NAMES, type CheckName, runStaticChecks } from './checks/static-checks.ts';
import { runVitest } from './checks/vitest-run.ts';

const HELP = `Usage: npm test -- [options] [path ...]

Runs the static checks side by side and then every test, and ends in one line of counts. A static check counts as one
test. With paths, only the tests below them run, and no static check.

  --only <names>   of ${[...CHECK_NAMES, 'tests'].join(', ')}; separated by commas
  --help           prints this text

  npm test                                  everything
  npm test -- packages/rpc                  the tests of one folder
  npm test -- --only types,lint             two static checks

CI=true makes a skipped test a failure unless scripts/checks/allowed-skips.ts names it with its reason.
`;

interface Selection {
  readonly checks: readonly CheckName[];
  readonly hasTests: boolean;
  readonly paths: readonly string[];
}

async function main(): Promise<void> {
  const selection = readSelection(process.argv.slice(2));
  if (selection === undefined) {
    process.stdout.write(HELP);
    return;
  }
  const outcomes: Outcome[] = [];
  if (selection.checks.length > 0) outcomes.push(...(await runStaticChecks(selection.checks)));
  for (const outcome of outcomes) report(outcome);
  if (selection.hasTests) {
    const tests = await runVitest(selection.paths);
    const outcome = process.env.CI === 'true' ? refuseSkips(tests, ALLOWED_SKIPS) : tests;
    outcomes.push(outcome);
    report(outcome);
  }
  const counts = total(outcomes);
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
  process.stdout.write(`\n${countsLine(counts)}\n`);
}

function readSelection(args: readonly string[]): Selection | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { only: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return undefined;
  const names = values.only?.split(',');
  const unknown = names?.find((name) => name !== 'tests' && !CHECK_NAMES.some((check) => check === name));
  if (unknown !== undefined) {
    throw new Error(`--only knows ${[...CHECK_NAMES, 'tests'].join(', ')}, not ${unknown}`);
  }
  const isNarrowed = positionals.length > 0;
  return {
    checks: CHECK_NAMES.filter((check) => names?.includes(check) ?? !isNarrowed),
    hasTests: names?.includes('tests') ?? true,
    paths: positionals,
  };
}

function report(outcome: Outcome): void {
  const word = outcome.failed > 0 ? 'failed' : 'passed';
  const seconds = (outcome.elapsedMs / 1000).toFixed(1);
  process.stdout.write(`${word}  ${outcome.name.padEnd(12)} ${seconds.padStart(6)} s\n`);
  if (outcome.failed > 0) process.stdout.write(`${outcome.output.trimEnd()}\n\n`);
  for (const skip of outcome.skips) {
    process.stdout.write(`skipped  ${skip.title}: ${skip.reason ?? 'no reason given'}\n`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`test: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
