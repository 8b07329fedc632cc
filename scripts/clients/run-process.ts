// Programs that are not ours, each in a process group of its own: whatever they start ends with them.

import { spawn } from 'node:child_process';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** All of it: nothing of this process's own goes along. */
  readonly environment: Readonly<Record<string, string>>;
  readonly input?: string | undefined;
  readonly timeoutMs: number;
}

export interface Ended {
  /** Undefined when it was ended, by a signal or because it took too long. */
  readonly exitCode: number | undefined;
  readonly isTimedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

const OUTPUT_CHARACTERS_MAX = 4_000_000;

/** Rejects only when the program cannot be started. */
export function runProcess(command: Command): Promise<Ended> {
  const { file, args, folder, environment, input, timeoutMs } = command;
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: folder, env: environment, detached: true });
    const killGroup = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nobody is left in the group.
      }
    };
    // Before what it works on is removed.
    process.prependListener('exit', killGroup);
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      killGroup();
    }, timeoutMs);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] = (output[name] + text).slice(-OUTPUT_CHARACTERS_MAX);
      });
    }
    const finish = () => {
      clearTimeout(timer);
      killGroup();
      process.off('exit', killGroup);
    };
    child.on('error', (error) => {
      finish();
      reject(error);
    });
    // What it left running may hold its pipes open, and would keep `close` from coming.
    child.on('exit', killGroup);
    child.on('close', (code) => {
      finish();
      resolve({ exitCode: code ?? undefined, isTimedOut, ...output, elapsedMs: performance.now() - startMs });
    });
    // A client that does not read its input closes it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}
