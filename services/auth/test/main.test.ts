import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { AuthDefinition, Role } from '@ai-switch/contracts';
import { connect } from '@ai-switch/rpc';
import { afterAll, beforeAll, expect, it } from 'vitest';

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aiswitch-auth-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function start(environment: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { AISWITCH_AUTH_LISTEN: '127.0.0.1:0', ...environment },
  });
  const ended = Promise.all([once(child, 'close'), text(child.stderr)]).then(
    ([[status, signal], stderr]) => ({ status, signal, stderr }),
  );
  const lines: string[] = [];
  const ready = new Promise<string>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      const [, port] = /^auth listens on port (\d+)$/.exec(line) ?? [];
      if (port !== undefined) resolve(port);
    });
  });
  return { child, ended, lines, ready };
}

it('auth as a process prints its first root key once, answers over gRPC, and ends on SIGTERM', async () => {
  const environment = { AISWITCH_AUTH_DATABASE_URL: `sqlite:${join(folder, 'auth.sqlite')}` };
  const first = start(environment);
  const auth = connect(AuthDefinition, `127.0.0.1:${await first.ready}`);
  const [, key = ''] = /^first root key, shown this once: (\S+)$/.exec(first.lines[0] ?? '') ?? [];
  expect((await auth.authenticate({ key })).caller).toMatchObject({ userName: 'root', role: Role.ROOT });
  await expect(auth.authenticate({ key: 'x' })).rejects.toMatchObject({ code: 'unauthenticated' });
  auth.close();
  first.child.kill('SIGTERM');
  const { status, stderr } = await first.ended;
  expect(status).toBe(0);
  expect(stderr).not.toContain(key);

  const second = start(environment);
  await second.ready;
  expect(second.lines.join('\n')).not.toContain('ais_');
  second.child.kill('SIGINT');
  expect(await second.ended).toMatchObject({ status: 0, signal: null });
});

it('auth as a process explains its settings', async () => {
  const help = start({}, '--help');
  expect(await help.ended).toMatchObject({ status: 0, stderr: '' });
  for (const name of ['LISTEN', 'DATABASE_URL', 'PEPPER_FILE']) {
    expect(help.lines.join('\n')).toContain(`AISWITCH_AUTH_${name}`);
  }
});

it.each([
  ['no database', (): Record<string, string> => ({}), /AISWITCH_AUTH_DATABASE_URL is required/],
  [
    'a database of another kind',
    () => ({ AISWITCH_AUTH_DATABASE_URL: 'mysql://x:hunter2@y' }),
    /must be sqlite/,
  ],
  [
    'an address without a port',
    () => ({ AISWITCH_AUTH_LISTEN: 'localhost' }),
    /AISWITCH_AUTH_LISTEN must be/,
  ],
  [
    'a pepper file that is not there',
    () => ({ AISWITCH_AUTH_PEPPER_FILE: join(folder, 'none') }),
    /AISWITCH_AUTH_PEPPER_FILE names a file that cannot be read/,
  ],
  [
    'a pepper that is too short',
    () => ({ AISWITCH_AUTH_PEPPER_FILE: join(folder, 'short') }),
    /the pepper has to have 32 characters or more/,
  ],
])('auth as a process says in one line that it was given %s', async (name, environment, line) => {
  await writeFile(join(folder, 'short'), 'hunter2\n');
  const database: Record<string, string> =
    name === 'no database' ? {} : { AISWITCH_AUTH_DATABASE_URL: 'sqlite::memory:' };
  const { status, stderr } = await start({ ...database, ...environment() }).ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(line);
  expect(stderr).toMatch(/^auth: [^\n]+\n$/);
  expect(stderr).not.toContain('hunter2');
});
