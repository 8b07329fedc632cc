import { type ChildProcess, fork } from 'node:child_process';
import type { Server } from 'node:net';

const START_MS_MAX = 20_000;

/** Starts a script of this folder as a process of its own and waits for what it reports once it is ready. */
export async function startChild<Ready>(
  script: string,
  args: readonly string[],
  // Node's own options for the process, such as `--cpu-prof`.
  execArgv: readonly string[] = [],
): Promise<{ readonly process: ChildProcess; readonly ready: Ready }> {
  const child = fork(new URL(script, import.meta.url), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...execArgv],
  });
  const ready = await nextMessage<Ready>(child, script, START_MS_MAX);
  return { process: child, ready };
}

/** The next message of a child; fails when it ends or `timeoutMs` passes before there is one. */
export function nextMessage<Message>(child: ChildProcess, name: string, timeoutMs: number): Promise<Message> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(`${name} did not answer within ${timeoutMs} ms`), timeoutMs);
    const onExit = (code: number | null) => fail(`${name} ended with code ${code}`);
    const onMessage = (message: unknown) => {
      cleanUp();
      resolve(message as Message);
    };
    function fail(problem: string): void {
      cleanUp();
      reject(new Error(problem));
    }
    function cleanUp(): void {
      clearTimeout(timer);
      child.off('exit', onExit);
      child.off('message', onMessage);
    }
    child.on('exit', onExit);
    child.on('message', onMessage);
  });
}

/** Called in a child: tells the parent that it serves, and ends the child when the parent is gone. */
export function reportReady(ready: object): void {
  process.on('disconnect', () => process.exit(0));
  process.send?.(ready);
}

export function listenOnLoopback(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen({ host: '127.0.0.1', port: 0, backlog: 2048 }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the server has no port'));
      else resolve(address.port);
    });
  });
}
