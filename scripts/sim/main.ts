import { readOptions, SIM_HELP } from './options.ts';
import { failureText, missedClasses, summaryText } from './report.ts';
import { runSeeds, type Summary } from './run-seeds.ts';

const PROGRESS_INTERVAL_MS = 5_000;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(SIM_HELP);
    return;
  }
  let toldAtMs = performance.now();
  const summary = await runSeeds({
    ...options,
    ...(options.isTraced && { trace: (line: string) => process.stdout.write(`${line}\n`) }),
    onRun: (seeds, steps) => {
      if (performance.now() - toldAtMs < PROGRESS_INTERVAL_MS) return;
      toldAtMs = performance.now();
      process.stderr.write(`${seeds} of ${options.seeds} seeds, ${steps} steps, no violation\n`);
    },
  });
  const missed = missedClasses(summary);
  if (options.isJson) process.stdout.write(`${jsonOf(summary, missed)}\n`);
  else {
    process.stdout.write(`${summaryText(summary)}\n`);
    if (summary.failure !== undefined) process.stdout.write(`${failureText(summary.failure)}\n`);
    for (const name of missed) process.stdout.write(`never met: ${name}\n`);
  }
  if (summary.failure !== undefined || missed.length > 0) process.exitCode = 1;
}

function jsonOf({ coverage, ...summary }: Summary, missed: readonly string[]): string {
  return JSON.stringify({ ...summary, missed, coverage: Object.fromEntries(coverage.counts) }, null, 2);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`sim: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
