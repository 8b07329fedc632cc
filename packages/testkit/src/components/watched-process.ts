// A server of somebody else's as a child: it ends when whoever started it ends, killed or not, and is waited for until it answers.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

// The shell's standard input ends with its parent, also with one that is killed. A server that ends by itself ends the shell.
const WATCH_PARENT = `
exec 3<&0
"$@" </dev/null 3<&- & server=$!
echo "pid $server"
( read -r _ <&3; kill "$server" 2>/dev/null ) &
wait "$server"
`;

export interface WatchedProcess {
  readonly pid: number;
  /** Ends it at once, as a crash does; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface WatchedProcessOptions {
  /** For the words of a failure. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A port of the loopback that it answers on once it is ready. */
  readonly port: number;
  readonly timeoutMs?: number;
}

const START_TIMEOUT_MS = 60_000;
const KILL_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
const OUTPUT_CHARACTERS_MAX = 10_000;

/** @throws Error with the last of what it printed when it does not come to answer */
export async function startWatched(options: WatchedProcessOptions): Promise<WatchedProcess> {
  const { name, command, args, folder, environment, port, timeoutMs = START_TIMEOUT_MS } = options;
  const shell = spawn('sh', ['-c', WATCH_PARENT, 'sh', command, ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A Ctrl-C at the terminal is for its parent, which stops it in its turn.
    detached: true,
  });
  const ended = once(shell, 'exit').catch(() => {});
  let output = '';
  shell.once('error', (error) => {
    output = error.message;
  });
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.on('data', (piece: Buffer) => {
      output = (output + piece).slice(-OUTPUT_CHARACTERS_MAX);
    });
  }
  // The shell is gone before what is written to it: that is an end, too.
  shell.stdin.on('error', () => {});
  const until = Date.now() + timeoutMs;
  while (!(await answers(port))) {
    if (shell.exitCode !== null || shell.pid === undefined || Date.now() > until) {
      shell.stdin.end();
      throw new Error(`${name} did not start: ${output.trim() || 'it said nothing'}`);
    }
    await sleep(POLL_MS);
  }
  const pid = Number(/^pid (\d+)$/m.exec(output)?.[1]);
  return {
    pid,
    kill: () => kill(pid, shell, ended),
  };
}

async function kill(pid: number, shell: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (shell.exitCode === null && shell.signalCode === null) {
    const timer = setTimeout(() => shell.kill('SIGKILL'), KILL_TIMEOUT_MS);
    process.kill(pid, 'SIGKILL');
    await ended;
    clearTimeout(timer);
  }
  shell.stdin?.end();
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
