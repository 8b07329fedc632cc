import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

const TOOL_MS_MAX = 60 * 60 * 1000;

export interface ToolOptions {
  /** `show` passes what the tool prints through as it comes; `keep` returns it. */
  readonly output: 'show' | 'keep';
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs a tool at the root of the repository with the project's own Node and tools first on the path.
 * @returns its exit code, 1 when it was ended by a signal or took more than `TOOL_MS_MAX`, and what it printed if kept
 */
export function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const path = [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter);
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...options.environment, PATH: path },
      stdio: options.output === 'show' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      timeout: TOOL_MS_MAX,
    });
    const pieces: Buffer[] = [];
    child.stdout?.on('data', (piece: Buffer) => pieces.push(piece));
    child.stderr?.on('data', (piece: Buffer) => pieces.push(piece));
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(pieces).toString() }));
  });
}
