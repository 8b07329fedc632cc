import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..');
const START_MS_MAX = 30_000;
const STOP_MS_MAX = 15_000;

export interface RunningStandalone {
  readonly port: number;
  readonly pid: number;
  /** Of the root user. */
  readonly apiKey: string;
  readonly close: () => Promise<void>;
}

/**
 * Starts AI-Switch standalone as whoever runs it would, with its defaults, on loopback and a port of its own. It ends with
 * this process.
 *
 * @param dataFolder an empty folder, which it works in
 * @param nodeArguments Node's own, such as `--cpu-prof`
 */
export async function startStandalone(
  dataFolder: string,
  nodeArguments: readonly string[] = [],
): Promise<RunningStandalone> {
  const child = spawn(process.execPath, [...nodeArguments, join(ROOT, 'services/standalone/src/main.ts')], {
    cwd: dataFolder,
    env: {
      PATH: process.env.PATH,
      AISWITCH_HOST: '127.0.0.1',
      AISWITCH_PORT: '0',
      AISWITCH_DATA: join(dataFolder, 'data'),
      AISWITCH_DISCOVER_LOCAL: 'off',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.on('exit', killWithUs);
  const close = async () => {
    await stop(child);
    process.off('exit', killWithUs);
  };
  try {
    return { ...(await greeting(child)), pid: child.pid ?? 0, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Reads the address and the first key from what the standalone prints. Later output is read and dropped. */
function greeting(child: ChildProcess): Promise<{ readonly port: number; readonly apiKey: string }> {
  return new Promise((resolve, reject) => {
    let printed = '';
    let isWaiting = true;
    const refuse = (problem: string) => {
      isWaiting = false;
      clearTimeout(timer);
      reject(new Error(`AI-Switch ${problem}\n${printed}`));
    };
    const timer = setTimeout(() => refuse(`did not start within ${START_MS_MAX} ms:`), START_MS_MAX);
    child.on('close', (code) => refuse(`ended with code ${code}:`));
    const onPrinted = (piece: Buffer) => {
      if (!isWaiting) return;
      printed += piece.toString();
      const port = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)?.[1];
      const apiKey = /\bais_[A-Za-z0-9_]{40,}(?=\s)/.exec(printed)?.[0];
      if (port === undefined || apiKey === undefined) return;
      isWaiting = false;
      clearTimeout(timer);
      resolve({ port: Number(port), apiKey });
    };
    child.stdout?.on('data', onPrinted);
    child.stderr?.on('data', onPrinted);
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const hasEnded = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const isInTime = await Promise.race([hasEnded.then(() => true), sleep(STOP_MS_MAX, false, { ref: false })]);
  if (!isInTime) child.kill('SIGKILL');
  await hasEnded;
}
