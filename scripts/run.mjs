// Runs a TypeScript file of this repository on the project's own Node, and sets up what that needs first:
//
//   node scripts/run.mjs <file.ts> [arguments]     node scripts/run.mjs --setup
//
// The one file that has to work in a fresh clone on whatever Node the machine has: plain JavaScript, built-ins only, and
// no syntax or import that an old Node fails to load, so that it can still say that it is too old.
//
// Set-up is `pnpm install`, when a manifest or the lockfile changed since the last one, and `buf generate`, when a .proto
// file did. Each leaves a hash of what it read in node_modules; when both still hold, a run costs the hashing alone.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 20;
/** What the sources need: Node that strips types by itself. */
const NODE_MAJOR_OF_PROJECT = 24;
/** After this long a step shows what its tool says. */
const SLOW_STEP_MS = 20_000;
const OUTPUT_CHARACTERS_MAX = 200_000;
const LOCK_POLL_MS = 100;
const LOCK_HEARTBEAT_MS = 1_000;
/** A lock whose holder gave no sign for this long belongs to nobody. */
const LOCK_SILENCE_MS = 20_000;
/** Signals of one kind that come closer together than this are one: a terminal, npm and we all pass them on. */
const SAME_SIGNAL_MS = 1_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const binaries = join(modules, '.bin');
const stampPath = join(modules, '.ai-switch-setup.json');
const lockPath = join(modules, '.ai-switch-setup.lock');
const generated = join(root, 'packages', 'contracts', 'generated');

/** What whoever runs this has to mend: one line, exit status 1. */
class SetupError extends Error {}

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

// Whether anything has to be done.

function isSetUp() {
  const stamp = readStamp();
  return (
    stamp.install === installHash() &&
    stamp.generate === generateHash() &&
    existsSync(join(generated, 'aiswitch')) &&
    typeof stamp.node === 'string' &&
    existsSync(stamp.node)
  );
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8'));
  } catch {
    return {};
  }
}

function writeStamp(stamp) {
  writeFileSync(`${stampPath}.new`, JSON.stringify(stamp));
  renameSync(`${stampPath}.new`, stampPath);
}

function installHash() {
  const manifests = ['packages', 'services'].flatMap((folder) =>
    namesIn(folder).map((name) => join(folder, name, 'package.json')),
  );
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', ...manifests];
  return hashOf([process.platform, process.arch, root], files);
}

function generateHash() {
  // The lockfile stands for the versions of the generator.
  return hashOf([], ['buf.gen.yaml', 'pnpm-lock.yaml', ...filesBelow('proto')]);
}

function hashOf(facts, files) {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  for (const file of files) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(`\0${file}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function namesIn(folder) {
  const path = join(root, folder);
  return existsSync(path) ? readdirSync(path).sort() : [];
}

function filesBelow(folder) {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(join(root, path)).isDirectory() ? filesBelow(path) : [path];
  });
}

// Setting up.

async function setUp() {
  // Somebody else may have done it while this run waited for the lock.
  if (isSetUp()) return readStamp().node;
  let stamp = readStamp();
  if (stamp.install !== installHash() || typeof stamp.node !== 'string' || !existsSync(stamp.node)) {
    await install();
    stamp = { install: installHash(), node: await findNode() };
    writeStamp(stamp);
  }
  await generate();
  writeStamp({ ...stamp, generate: generateHash() });
  return stamp.node;
}

async function install() {
  const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
  await step('installing the packages (the first time takes a minute)', {
    command: 'npx',
    args: [
      '--yes',
      pnpm,
      'install',
      '--frozen-lockfile',
      '--reporter=append-only',
      '--config.confirm-modules-purge=false',
      // npx has already chosen the version; pnpm's own check would want a record of it in the lockfile.
      '--config.pm-on-fail=ignore',
    ],
    environment: environmentForInstall(),
    missing: 'npx is not on the PATH. It comes with npm, and npm with Node: https://nodejs.org.',
  });
}

async function generate() {
  await step('generating the contracts from proto/', {
    command: join(binaries, 'buf'),
    args: ['generate'],
    environment: environmentForRun(),
    missing: `${relative(root, join(binaries, 'buf'))} is missing. Remove node_modules and try again.`,
  });
}

/**
 * The environment for pnpm, without what npm adds for the script that it runs: that would reach pnpm as configuration.
 * NODE_ENV=production and its like would leave out the project's own Node.
 */
function environmentForInstall() {
  const isNpms =
    /^(npm_(lifecycle|package|command|execpath|node_execpath)|INIT_CWD$|NODE_ENV$|NODE_OPTIONS$)|^npm_config_(local_prefix|global_prefix|prefix|user_agent|noproxy$|global$|omit|include|production|dev$|workspace|recursive|dry_run|node_gyp|init_module|npm_version)/i;
  const environment = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!isNpms.test(name)) environment[name] = value;
  }
  // The tools that install must not run on the very files that they replace.
  environment.PATH = (process.env.PATH || '')
    .split(delimiter)
    .filter((folder) => !resolve(folder).startsWith(modules))
    .join(delimiter);
  return environment;
}

function environmentForRun() {
  return {
    // Node keeps what it made of a source, so that a later start neither strips its types nor compiles it again.
    NODE_COMPILE_CACHE: join(modules, '.cache', 'node-compile'),
    ...process.env,
    PATH: [binaries, process.env.PATH || ''].join(delimiter),
  };
}

/** The project's Node; the one that runs this where the project's does not run, as on musl. */
async function findNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const own = join(modules, 'node', 'bin', name);
  if (existsSync(own)) {
    const path = realpathSync(own);
    const { status } = await outputOf(path, ['--version'], process.env).catch(() => ({ status: 1 }));
    if (status === 0) return path;
  }
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_OF_PROJECT) return process.execPath;
  throw new SetupError(
    `The Node that the project brings does not run here (install scripts are off, or the system is not supported). Install Node ${NODE_MAJOR_OF_PROJECT} or newer and try again.`,
  );
}

/** Runs a tool under one line of progress. What it says is shown when it fails in an unknown way, or is slow. */
async function step(title, { command, args, environment, missing }) {
  const startMs = Date.now();
  say(`${title} …`);
  let outcome;
  try {
    outcome = await outputOf(command, args, environment);
  } catch (error) {
    throw error.code === 'ENOENT' ? new SetupError(missing) : error;
  }
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
  if (outcome.status === 0) {
    say(`done in ${seconds} s`);
    return;
  }
  const known = causeIn(outcome.output);
  if (known === undefined && !outcome.isShown) process.stderr.write(`${outcome.output.trimEnd()}\n`);
  throw new SetupError(
    `Failed ${title.replace(/ \(.*/, '')}: ${known === undefined ? `${command} ended with ${outcome.status}; its output is above.` : known}`,
  );
}

function causeIn(output) {
  const causes = [
    [/ENOSPC|no space left/i, 'the disk is full.'],
    [
      /EROFS|EACCES|EPERM|permission denied/i,
      `no permission to write. Who owns ${root} and the package caches?`,
    ],
    [
      /OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH/,
      'pnpm-lock.yaml does not match the package.json files. Run `npx pnpm install` and commit the lockfile.',
    ],
    [
      /SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_HAS_EXPIRED/,
      'the certificate of the package registry is not trusted. Behind a proxy, set NODE_EXTRA_CA_CERTS.',
    ],
    [
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|META_FETCH_FAIL/,
      'the package registry does not answer. Is there a network, and is a proxy needed?',
    ],
  ];
  const found = causes.find(([pattern]) => pattern.test(output));
  return found === undefined ? undefined : found[1];
}

/** Resolves with the status and what the tool wrote; rejects when it cannot be started. */
function outputOf(command, args, environment) {
  return new Promise((settle, fail) => {
    // On Windows npx and the tools are command files, which only a shell starts. The arguments are ours.
    const shell = process.platform === 'win32';
    const child = spawn(shell ? `"${command}"` : command, args, {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell,
    });
    let output = '';
    let isShown = false;
    const hear = (text) => {
      output = (output + text).slice(-OUTPUT_CHARACTERS_MAX);
      if (isShown) process.stderr.write(text);
    };
    const slow = setTimeout(() => {
      isShown = true;
      process.stderr.write(output);
    }, SLOW_STEP_MS);
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.on('error', (error) => {
      clearTimeout(slow);
      fail(error);
    });
    child.on('close', (status, signal) => {
      clearTimeout(slow);
      settle({ status: signal === null ? status : signal, output, isShown });
    });
  });
}

function say(line) {
  process.stderr.write(`ai-switch: ${line}\n`);
}

// One run sets up at a time. The lock is a file that its holder touches every second. A waiter takes over when the holder
// is dead, or has not touched it for LOCK_SILENCE_MS on the waiter's own clock.

async function withLock(work) {
  mkdirSync(modules, { recursive: true });
  await acquireLock();
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(lockPath, now, now);
    } catch {
      // Taken over or removed by hand: finishing the work is still right.
    }
  }, LOCK_HEARTBEAT_MS);
  const leave = (signal) => {
    releaseLock();
    process.exit(128 + constants.signals[signal]);
  };
  process.on('SIGINT', leave).on('SIGTERM', leave);
  try {
    return await work();
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
    clearInterval(heartbeat);
    releaseLock();
  }
}

async function acquireLock() {
  let seen = '';
  let seenMs = Date.now();
  let isTold = false;
  for (;;) {
    try {
      writeFileSync(lockPath, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const look = lookAtLock();
    if (look.state !== seen) {
      seen = look.state;
      seenMs = Date.now();
    }
    if (look.isDead || Date.now() - seenMs > LOCK_SILENCE_MS) removeLock(look.pid);
    else {
      if (!isTold) say('another run is setting up; waiting for it …');
      isTold = true;
      await new Promise((wake) => setTimeout(wake, LOCK_POLL_MS));
    }
  }
}

function lookAtLock() {
  try {
    const pid = readFileSync(lockPath, 'utf8');
    return {
      pid,
      state: `${pid} ${statSync(lockPath).mtimeMs}`,
      isDead: pid !== '' && !isAlive(Number(pid)),
    };
  } catch {
    return { pid: '', state: 'gone', isDead: false };
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function releaseLock() {
  removeLock(String(process.pid));
}

/** Removes the lock if `pid` still holds it. */
function removeLock(pid) {
  try {
    if (readFileSync(lockPath, 'utf8') === pid) unlinkSync(lockPath);
  } catch {
    // It is gone, which is what was wanted.
  }
}

// Running the file.

async function runFile(node, file, args) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', file, ...args], {
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
