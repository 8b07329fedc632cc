// Processes of this repository as tests start them: from source, with an environment that holds nothing of the machine's.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const WAIT_MS = 20_000;
/** As the bootstrap sets it: a process that starts often should not strip the same types each time. */
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/node-compile');

export interface RunningProcess {
  readonly pid: number;
  /** What it wrote so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with stdout once it holds `text`; rejects when the process ends before. */
  prints(text: string | RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code once the process has ended. */
  ended(): Promise<number | string>;
}

export interface ProcessOptions {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly uid?: number;
}

// A test that fails leaves no process behind.
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @param file from the root of the repository */
export function startProcess(file: string, options: ProcessOptions = {}): RunningProcess {
  const { args = [], environment = {}, input, uid } = options;
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, file), ...args],
    {
      env: { PATH: process.env.PATH, HOME: tmpdir(), NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    },
  );
  running.add(child);
  child.on('close', () => running.delete(child));
  child.stdin?.end(input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const end = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? ''));
  });
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    prints: async (text) => {
      const giveUpAt = performance.now() + WAIT_MS;
      const isThere = () => (typeof text === 'string' ? stdout.includes(text) : text.test(stdout));
      while (!isThere()) {
        if (child.exitCode !== null || performance.now() > giveUpAt) {
          throw new Error(`${file} did not print ${text}; it printed:\n${stdout}\n${stderr}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return stdout;
    },
    kill: (signal) => {
      child.kill(signal);
    },
    ended: () => end,
  };
}

/** A folder that is gone with the test. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'ai-switch test '));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
