import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const COMMAND_MS_MAX = 600_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Runs a command to its end. @returns what it printed @throws Error with its last words */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const { cwd, environment } = options;
  try {
    const { stdout } = await execute(command, [...args], {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, ...environment },
      timeout: COMMAND_MS_MAX,
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    return stdout;
  } catch (cause) {
    throw new Error(`${command} failed: ${lastWordsOf(cause)}`, { cause });
  }
}

/** Where a command is on the PATH; undefined when it is not. */
export async function pathOf(command: string): Promise<string | undefined> {
  const found = await run('sh', ['-c', 'command -v "$1"', 'sh', command]).catch(() => '');
  return found.trim() || undefined;
}

function lastWordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { stdout = '', stderr = '' } = error as Error & {
    readonly stdout?: string;
    readonly stderr?: string;
  };
  const lines = `${stdout}\n${stderr}`.trim().split('\n').slice(-3).join(' ');
  return lines || error.message;
}
