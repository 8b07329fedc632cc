import { type ProcessOptions, startProcess } from '@ai-switch/testkit';
import { expect } from 'vitest';
import type { StandaloneProcess } from './standalone-process.ts';

export interface Outcome {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command of the CLI against a gateway. A word with spaces stands in a list. */
export async function runCli(
  { url, key = '' }: StandaloneProcess,
  line: string | readonly string[],
  options: ProcessOptions = {},
): Promise<Outcome> {
  const running = startProcess('services/console/src/cli/main.ts', {
    args: typeof line === 'string' ? line.split(' ') : line,
    ...options,
    environment: { AISWITCH_URL: url, AISWITCH_KEY: key, ...options.environment },
  });
  const code = await running.ended();
  return { code, stdout: running.stdout, stderr: running.stderr };
}

/** What a command answers to `--json`. */
export async function readCli(standalone: StandaloneProcess, line: string) {
  const { code, stdout, stderr } = await runCli(standalone, `${line} --json`);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}
