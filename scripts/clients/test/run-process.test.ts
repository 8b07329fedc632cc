import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Command, runProcess } from '../run-process.ts';

describe('a client', () => {
  it('gets its input, and nothing of this environment', async () => {
    const script =
      'process.stdin.pipe(process.stdout); process.stderr.write(Object.keys(process.env).join())';
    const ended = await runProcess(node(script, { input: 'Grüße', environment: { ONLY: '1' } }));
    expect(ended).toMatchObject({ exitCode: 0, isTimedOut: false, stdout: 'Grüße', stderr: 'ONLY' });
  });

  it('that takes too long is ended, with all that it started', async () => {
    const child =
      "require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)'])";
    const ended = await runProcess(
      node(`process.stdout.write(String(${child}.pid)); setInterval(() => {}, 1e3)`, { timeoutMs: 1_500 }),
    );
    expect(ended).toMatchObject({ exitCode: undefined, isTimedOut: true });
    await expectGone(Number(ended.stdout));
  });

  it('that ends leaves nothing behind that runs on', async () => {
    const options = "{ stdio: 'inherit' }";
    const child = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)'], ${options})`;
    const ended = await runProcess(
      node(`const child = ${child}; process.stdout.write(String(child.pid), () => process.exit(3))`),
    );
    expect(ended).toMatchObject({ exitCode: 3, isTimedOut: false });
    await expectGone(Number(ended.stdout));
  });

  it('that is not there is an error', async () => {
    await expect(runProcess({ ...node(''), file: '/nowhere/client' })).rejects.toThrow('ENOENT');
  });
});

function node(script: string, others: Partial<Command> = {}): Command {
  return {
    file: process.execPath,
    args: ['-e', script],
    folder: import.meta.dirname,
    environment: {},
    timeoutMs: 20_000,
    ...others,
  };
}

/** A process that was ended goes on to have its number until its parent has taken notice. */
async function expectGone(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(0);
  for (let tries = 0; tries < 100 && isThere(pid); tries += 1) await sleep(20);
  expect(isThere(pid)).toBe(false);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = process.platform === 'linux' ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return !/\) Z /.test(state);
}
