// The steps of the set-up. Each is one line of progress; what its tool says is shown when it fails in a way that is not
// known, or is slow.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join, relative, resolve } from 'node:path';
import { binaries, clientGenerator, modules, root } from './places.mjs';
import { SetupError, say } from './say.mjs';

/** What the sources need: Node that strips types by itself. */
const NODE_MAJOR_OF_PROJECT = 24;
/** After this long a step shows what its tool says. */
const SLOW_STEP_MS = 20_000;
const OUTPUT_CHARACTERS_MAX = 200_000;

export async function install() {
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

/** @param node the project's */
export async function generate(node) {
  await step('generating the contracts from proto/', {
    command: join(binaries, 'buf'),
    args: ['generate'],
    environment: environmentForRun(),
    missing: `${relative(root, join(binaries, 'buf'))} is missing. Remove node_modules and try again.`,
  });
  if (!existsSync(clientGenerator)) return;
  await step("generating the admin API's client from its document", {
    command: node,
    args: ['--disable-warning=ExperimentalWarning', clientGenerator],
    environment: environmentForRun(),
    missing: `${node} is missing. Remove node_modules and try again.`,
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

export function environmentForRun() {
  return {
    // Node keeps what it made of a source, so that a later start neither strips its types nor compiles it again.
    NODE_COMPILE_CACHE: join(modules, '.cache', 'node-compile'),
    ...process.env,
    PATH: [binaries, process.env.PATH || ''].join(delimiter),
  };
}

/** The project's Node; the one that runs this where the project's does not run, as on musl. */
export async function findNode() {
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
