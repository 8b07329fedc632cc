import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from './outcome.ts';
import { ROOT, runTool } from './run-tool.ts';

/** Each is a script of the root's package.json and a task of turbo.json. */
export const CHECK_NAMES = ['types', 'lint', 'lint-proto', 'dead-code'] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

const RUNS = join(ROOT, '.turbo/runs');

// turbo and pnpm work with what is installed: nothing is sent, looked up or installed while checking.
const OFFLINE = {
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
  pnpm_config_verify_deps_before_run: 'false',
  pnpm_config_pm_on_fail: 'ignore',
};

/** Runs the checks side by side through turbo. Nothing is cached: a wrong hit would hide a failure. */
export async function runStaticChecks(names: readonly CheckName[]): Promise<readonly Outcome[]> {
  await rm(RUNS, { recursive: true, force: true });
  const turbo = ['turbo', 'run', ...names, '--continue=always', '--summarize', '--output-logs=errors-only'];
  const { output } = await runTool(
    'npx',
    ['--yes', `--package=${await packageManager()}`, '--', ...turbo, '--env-mode=loose', '--no-color'],
    { output: 'keep', environment: OFFLINE },
  );
  const executions = await readExecutions();
  return await Promise.all(names.map((name) => outcomeOf(name, executions.get(`//#${name}`), output)));
}

// turbo runs tasks through pnpm, which need not be installed: npx brings the exact version that the project names.
async function packageManager(): Promise<string> {
  const text = await readFile(join(ROOT, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly packageManager: string }).packageManager;
}

interface Execution {
  readonly startTime: number;
  readonly endTime: number;
  readonly exitCode: number;
}

interface RunSummary {
  readonly tasks: readonly { readonly taskId: string; readonly execution?: Execution }[];
}

async function readExecutions(): Promise<ReadonlyMap<string, Execution>> {
  const files = await readdir(RUNS).catch(() => []);
  const executions = new Map<string, Execution>();
  for (const file of files) {
    const summary = JSON.parse(await readFile(join(RUNS, file), 'utf8')) as RunSummary;
    for (const { taskId, execution } of summary.tasks) {
      if (execution !== undefined) executions.set(taskId, execution);
    }
  }
  return executions;
}

/** A check that turbo does not account for has failed, and turbo's own words say why. */
async function outcomeOf(
  name: CheckName,
  execution: Execution | undefined,
  turboOutput: string,
): Promise<Outcome> {
  const hasPassed = execution?.exitCode === 0;
  const log = await readFile(join(ROOT, `.turbo/turbo-${name}.log`), 'utf8').catch(() => turboOutput);
  return {
    name,
    elapsedMs: execution === undefined ? 0 : execution.endTime - execution.startTime,
    output: execution === undefined ? turboOutput : log,
    passed: hasPassed ? 1 : 0,
    failed: hasPassed ? 0 : 1,
    skipped: 0,
    skips: [],
  };
}
