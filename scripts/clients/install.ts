import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Release } from './releases.ts';
import { currentPlatform } from './releases.ts';
import { runProcess } from './run-process.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/clients');
/** For one client. */
export const INSTALL_MS_MAX = 5 * 60_000;
const LOOK_UP_MS_MAX = 60_000;

export interface Installed {
  readonly version: string;
  /** The program, or the script that Node runs. */
  readonly program: string;
}

/**
 * Brings one release of a client into the cache, where it stays. Nothing that the package has to say at its installation
 * is run.
 *
 * @param version as it is, or `latest`
 * @throws Error with the reason why it cannot be had, in one line
 */
export async function install(release: Release, version: string): Promise<Installed> {
  const platform = currentPlatform();
  const exact = version === 'latest' ? await newestVersion(release) : version;
  const folder = join(CACHE, `${release.name}-${exact}`);
  const program = join(folder, release.programIn(platform));
  if (existsSync(program)) return { version: exact, program };
  await mkdir(CACHE, { recursive: true });
  const fresh = await mkdtemp(join(CACHE, `.${release.name}-`));
  try {
    const wanted = release.packageFor(exact, platform);
    await npm(['install', wanted, '--prefix', fresh, ...INSTALL_OPTIONS], INSTALL_MS_MAX);
    const freshProgram = join(fresh, release.programIn(platform));
    await checkVersion(freshProgram, exact);
    // Whoever installed the same meanwhile was first, and has the same.
    if (!existsSync(folder)) await rename(fresh, folder);
    return { version: exact, program };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

const INSTALL_OPTIONS = [
  '--prefer-offline',
  // Without a network this is to be known soon.
  '--fetch-retries=0',
  '--fetch-timeout=60000',
  '--ignore-scripts',
  '--omit=optional',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--no-package-lock',
];

async function newestVersion({ indexPackage }: Release): Promise<string> {
  const stdout = await npm(['view', `${indexPackage}@latest`, 'version', '--json'], LOOK_UP_MS_MAX);
  const found: unknown = JSON.parse(stdout);
  if (typeof found === 'string' && /^\d+\.\d+\.\d+/.test(found)) return found;
  throw new Error(`npm does not say which ${indexPackage} is the newest: ${stdout}`);
}

async function npm(args: readonly string[], timeoutMs: number): Promise<string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    // What npm tells the scripts that it runs would reach this one as its configuration.
    if (
      value !== undefined &&
      !/^npm_(?:lifecycle|package|command|config_(?:prefix|global|omit))/i.test(name)
    ) {
      environment[name] = value;
    }
  }
  const ended = await runProcess({ file: 'npm', args, folder: tmpdir(), environment, timeoutMs });
  if (ended.exitCode === 0) return ended.stdout;
  const why = /npm error (?!code|syscall|errno|A complete log)(\S.+)/.exec(ended.stderr)?.[1];
  throw new Error(
    `npm ${args[0]} ${args[1]}: ${ended.isTimedOut ? 'took too long' : (why ?? ended.stderr.trim())}`,
  );
}

/** npm takes an older release without a word where the one that was asked for does not fit. */
async function checkVersion(program: string, version: string): Promise<void> {
  let folder = dirname(program);
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder))
      throw new Error(`${program} is not there: the package is built otherwise`);
    folder = dirname(folder);
  }
  if (!existsSync(program)) throw new Error(`the package in ${folder} has no ${program}`);
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  if (manifest.version === version || manifest.version.startsWith(`${version}-`)) return;
  throw new Error(`npm installed ${manifest.version}, not ${version}`);
}
