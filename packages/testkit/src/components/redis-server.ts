// A Redis server of its own on a free port of the loopback: the one on the PATH, else Debian's package, unpacked and not installed.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathOf, run } from './commands.ts';
import { unpackDebianPackages } from './debian.ts';
import { fetchedFiles } from './fetched-files.ts';
import { freePort } from './free-port.ts';
import { type OwnServer, startOwnServer } from './own-server.ts';

export interface RedisServer extends OwnServer {
  readonly url: string;
  readonly port: number;
  /** What it is and where it came from. */
  readonly source: string;
}

export async function startRedis(): Promise<RedisServer> {
  const { command, environment, source } = await findRedis();
  const port = await freePort();
  const bound = ['--port', String(port), '--bind', '127.0.0.1'];
  const server = await startOwnServer('Redis', async (folder) => ({
    command,
    args: [...bound, '--dir', folder, '--save', '', '--appendonly', 'yes'],
    environment,
    port,
  }));
  return Object.assign(server, { url: `redis://127.0.0.1:${port}`, port, source });
}

/** Why no Redis can be had here; undefined when one can. */
export async function whyNoRedis(): Promise<string | undefined> {
  return findRedis().then(
    () => undefined,
    (error: unknown) => String(error instanceof Error ? error.message : error),
  );
}

interface RedisExecutable {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly source: string;
}

// Redis itself is in the tools: `redis-server` is a link to it.
const PACKAGES = [
  'redis-server',
  'redis-tools',
  'libatomic1',
  'libjemalloc2',
  'liblzf1',
  'libssl3',
  'libsystemd0',
];

async function findRedis(): Promise<RedisExecutable> {
  const installed = await pathOf('redis-server');
  if (installed !== undefined) {
    return { command: installed, environment: {}, source: `${await versionOf(installed, {})}, ${installed}` };
  }
  const folder = await fetchedFiles('redis', (empty) => unpackDebianPackages(PACKAGES, empty));
  const command = join(folder, 'usr/bin/redis-server');
  const libraries = join(folder, 'usr/lib');
  const environment = { LD_LIBRARY_PATH: [libraries, ...(await foldersIn(libraries))].join(':') };
  return {
    command,
    environment,
    source: `${await versionOf(command, environment)}, Debian's package unpacked`,
  };
}

async function versionOf(command: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const text = await run(command, ['--version'], { environment });
  return `Redis ${/v=(\S+)/.exec(text)?.[1] ?? 'of an unknown version'}`;
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}
