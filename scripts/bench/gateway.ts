import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MODEL } from './answers.ts';

const ROOT = join(import.meta.dirname, '../..');
const START_MS_MAX = 30_000;
const STOP_MS_MAX = 15_000;

export interface Gateway {
  readonly port: number;
  readonly pid: number;
  readonly apiKey: string;
  readonly close: () => Promise<void>;
}

/**
 * Starts AI-Switch standalone as whoever runs it would, on an empty folder and with its defaults, and gives it the
 * scripted upstream as a provider through the admin API. Every stage is on: the key is real, each request is reserved
 * and settled in SQLite files on the disk, and goes into the access log.
 */
export async function startGateway(
  upstreamPort: number,
  dataFolder: string,
  profileFolder: string | undefined,
): Promise<Gateway> {
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const child = spawn(process.execPath, [...profile, join(ROOT, 'services/standalone/src/main.ts')], {
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
    const { port, apiKey } = await greeting(child);
    await addProvider(port, apiKey, upstreamPort);
    return { port, pid: child.pid ?? 0, apiKey, close };
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

async function addProvider(port: number, apiKey: string, upstreamPort: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/api/admin/v1/providers/bench`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      kind: 'custom',
      dialect: 'openai-chat',
      baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
      credential: 'bench-credential',
      models: [MODEL],
    }),
  });
  if (!response.ok) {
    throw new Error(`the provider could not be added: ${response.status} ${await response.text()}`);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const hasEnded = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const isInTime = await Promise.race([hasEnded.then(() => true), sleep(STOP_MS_MAX, false, { ref: false })]);
  if (!isInTime) child.kill('SIGKILL');
  await hasEnded;
}
