// Runs a TypeScript file of this repository on the project's own Node, and sets up what that needs first:
//
//   node scripts/run.mjs <file.ts> [arguments]     node scripts/run.mjs --setup
//
// This and scripts/setup/ have to work in a fresh clone on whatever Node the machine has: plain JavaScript, built-ins
// only, and no syntax or import that an old Node fails to load, so that they can still say that it is too old.
//
// Set-up is `pnpm install`, when a manifest or the lockfile changed since the last one, and `buf generate` with the types of
// the admin API's client, when a .proto file or a schema did. Each leaves a hash of what it read in node_modules; when both
// still hold, a run costs the hashing alone.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withLock } from './setup/lock.mjs';
import { root } from './setup/places.mjs';
import { SetupError, say } from './setup/say.mjs';
import { generateHash, installHash, isSetUp, readStamp, writeStamp } from './setup/stamp.mjs';
import { environmentForRun, findNode, generate, install } from './setup/steps.mjs';

const NODE_MAJOR_MIN = 20;
const TRACING = 'packages/telemetry/src/tracing.ts';
const SERVICE = /[\\/]services[\\/][^\\/]+[\\/]src[\\/]main\.ts$/;
/** Signals of one kind that come closer together than this are one: a terminal, npm and we all pass them on. */
const SAME_SIGNAL_MS = 1_000;

main(process.argv.slice(2)).catch((error) => {
  const isOperators = error instanceof SetupError || (error instanceof Error && 'errno' in error);
  say(isOperators ? error.message : error.stack);
  process.exitCode = 1;
});

async function main([first, ...rest]) {
  refuseOldNode();
  if (first === undefined)
    throw new SetupError('Usage: node scripts/run.mjs <file.ts> [arguments], or --setup.');
  const node = isSetUp() ? readStamp().node : await withLock(setUp);
  if (first === '--setup') return;
  await runFile(node, resolve(root, first), rest);
}

function refuseOldNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_MAJOR_MIN) return;
  throw new SetupError(
    `This needs Node ${NODE_MAJOR_MIN} or newer to start; ${process.execPath} is ${process.versions.node}. See https://nodejs.org.`,
  );
}

async function setUp() {
  // Somebody else may have done it while this run waited for the lock.
  if (isSetUp()) return readStamp().node;
  let stamp = readStamp();
  if (stamp.install !== installHash() || typeof stamp.node !== 'string' || !existsSync(stamp.node)) {
    await install();
    stamp = { install: installHash(), node: await findNode() };
    writeStamp(stamp);
  }
  await generate(stamp.node);
  writeStamp({ ...stamp, generate: generateHash() });
  return stamp.node;
}

async function runFile(node, file, args) {
  // Before everything else, or it would not see what is loaded; it does nothing unless a collector is named.
  const tracing = SERVICE.test(file) ? ['--import', pathToFileURL(resolve(root, TRACING)).href] : [];
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...tracing, file, ...args], {
    env: environmentForRun(),
    stdio: 'inherit',
  });
  const lastMs = {};
  const passOn = (signal) => {
    // The terminal tells the whole foreground group of an interrupt, the child among it.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    const nowMs = Date.now();
    if (nowMs - (lastMs[signal] || 0) < SAME_SIGNAL_MS) return;
    lastMs[signal] = nowMs;
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, passOn);
  const [status, ending] = await new Promise((settle, fail) => {
    child.on('error', fail);
    child.on('exit', (...outcome) => settle(outcome));
  });
  for (const signal of signals) process.off(signal, passOn);
  if (ending === null) process.exitCode = status;
  // Ended by a signal: end the same way, so that whoever waits for this run sees it.
  else process.kill(process.pid, ending);
}
