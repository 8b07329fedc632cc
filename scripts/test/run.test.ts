// The bootstrap on a small repository of its own, with an npx and a buf that only write down that they were called.

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPTS = join(import.meta.dirname, '..');

let folder: string;
let root: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ai-switch bootstrap '));
  root = join(folder, 'a project');
  path = [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter);
  write({
    'package.json': '{"packageManager":"pnpm@12.21.0"}',
    'pnpm-lock.yaml': '1',
    'buf.gen.yaml': '1',
    'proto/a/a.proto': '1',
    'packages/a/package.json': '{}',
    'hello.ts':
      'const words: string[] = process.argv.slice(2);\nprocess.stdout.write(words.join("|"));\nprocess.exitCode = 7;\n',
  });
  cpSync(join(SCRIPTS, 'run.mjs'), join(root, 'scripts/run.mjs'));
  cpSync(join(SCRIPTS, 'setup'), join(root, 'scripts/setup'), { recursive: true });
  tool(
    join(folder, 'bin/npx'),
    `echo "install $*" >> "$LOG"; env > "$LOG.env"; sleep "\${SLOW:-0}"
if [ -n "$FAIL" ]; then echo "$FAIL" >&2; exit 3; fi
mkdir -p node_modules/node/bin node_modules/.bin
ln -sf "${process.execPath}" node_modules/node/bin/node
printf '#!/bin/sh\\necho generate >> "$LOG"\\nmkdir -p packages/contracts/generated/aiswitch\\n' > node_modules/.bin/buf
chmod +x node_modules/.bin/buf`,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

function tool(file: string, script: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

function environment(more: Readonly<Record<string, string>> = {}) {
  return { PATH: path, HOME: folder, LOG: join(folder, 'log'), ...more };
}

function run(args: readonly string[] = ['hello.ts'], more: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [join(root, 'scripts/run.mjs'), ...args], {
    cwd: folder,
    env: environment(more),
    encoding: 'utf8',
  });
}

/** What was called since the last look. */
function calls(): string[] {
  const log = join(folder, 'log');
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  rmSync(log, { force: true });
  return lines.map((line) => line.split(' ')[0] ?? '');
}

describe('a fresh clone', () => {
  it('is set up, and the file runs with its arguments and exit code', () => {
    const { status, stdout, stderr } = run(['hello.ts', 'a b', '--json']);
    expect([status, stdout]).toEqual([7, 'a b|--json']);
    expect(stderr).toMatch(
      /installing the packages[\s\S]*done in[\s\S]*generating the contracts[\s\S]*done in/,
    );
    expect(readFileSync(join(folder, 'log'), 'utf8')).toContain('pnpm@12.21.0 install --frozen-lockfile');
    expect(calls()).toEqual(['install', 'generate']);
  });

  it('a service starts with traces at hand, before anything of its own', () => {
    write({
      'packages/telemetry/src/tracing.ts': "process.stdout.write('tracing|');",
      'services/a/src/main.ts': "process.stdout.write('service');",
    });
    expect(run(['services/a/src/main.ts']).stdout).toBe('tracing|service');
  });

  it('--setup only sets up', () => {
    expect(run(['--setup'])).toMatchObject({ status: 0, stdout: '' });
    expect(calls()).toEqual(['install', 'generate']);
  });

  it('the tools do not see what npm tells its scripts', () => {
    run(['--setup'], {
      NODE_ENV: 'production',
      npm_config_global_prefix: '/x',
      npm_lifecycle_event: 'start',
    });
    const seen = readFileSync(join(folder, 'log.env'), 'utf8');
    expect(seen).not.toMatch(/^(NODE_ENV|npm_config_global_prefix|npm_lifecycle_event)=/m);
    expect(run(['--setup'], { npm_config_registry: 'http://localhost:1/' }).status).toBe(0);
  });

  it('two runs at the same time install once, and both run', async () => {
    const start = (word: string) =>
      new Promise<string>((resolve) => {
        const child = spawn(process.execPath, [join(root, 'scripts/run.mjs'), 'hello.ts', word], {
          env: environment({ SLOW: '0.5' }),
        });
        let text = '';
        child.stdout.on('data', (chunk) => {
          text += chunk;
        });
        child.on('close', (code) => resolve(`${text} ${code}`));
      });
    expect(await Promise.all([start('one'), start('two')])).toEqual(['one 7', 'two 7']);
    expect(calls()).toEqual(['install', 'generate']);
  });

  it('the lock of a run that was killed is taken over', () => {
    mkdirSync(join(root, 'node_modules'));
    const { pid } = spawnSync('true');
    writeFileSync(join(root, 'node_modules/.ai-switch-setup.lock'), String(pid));
    expect(run().status).toBe(7);
    expect(existsSync(join(root, 'node_modules/.ai-switch-setup.lock'))).toBe(false);
  });
});

describe('a later run', () => {
  beforeEach(() => {
    run(['--setup']);
    calls();
  });

  it('does nothing but run the file', () => {
    expect(run()).toMatchObject({ status: 7, stderr: '' });
    expect(calls()).toEqual([]);
  });

  it.each(['package.json', 'pnpm-lock.yaml', 'packages/a/package.json'])(
    'installs when %s changed',
    (file) => {
      write({ [file]: '{"packageManager":"pnpm@12.21.0","changed":true}' });
      run();
      expect(calls()).toContain('install');
    },
  );

  it.each(['proto/a/a.proto', 'proto/b/new.proto', 'buf.gen.yaml'])(
    'only generates when %s changed',
    (file) => {
      write({ [file]: 'changed' });
      run();
      expect(calls()).toEqual(['generate']);
    },
  );

  it('generates what is missing', () => {
    rmSync(join(root, 'packages/contracts'), { recursive: true });
    run();
    expect(calls()).toEqual(['generate']);
  });

  it('installs when node_modules is gone', () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    run();
    expect(calls()).toEqual(['install', 'generate']);
  });
});

describe('a set-up that fails is one clear line and exit code 1:', () => {
  it.each([
    ['npm error code ENOSPC', 'the disk is full'],
    ['request to https://x failed: getaddrinfo ENOTFOUND x', 'registry does not answer'],
    ['connect ECONNREFUSED 127.0.0.1:1', 'registry does not answer'],
    ['EACCES: permission denied, mkdir', 'no permission to write'],
    ['ERR_PNPM_OUTDATED_LOCKFILE', 'does not match the package.json'],
    ['self-signed: SELF_SIGNED_CERT_IN_CHAIN', 'certificate'],
  ])('%s', (failure, words) => {
    const { status, stdout, stderr } = run(['hello.ts'], { FAIL: failure });
    expect([status, stdout]).toEqual([1, '']);
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(words);
  });

  it('a failure that is not known shows what the tool said', () => {
    const { status, stderr } = run(['hello.ts'], { FAIL: 'the moon is full' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/the moon is full\n.*its output is above/);
  });

  it('npx is missing', () => {
    path = join(folder, 'empty');
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toContain('npx is not on the PATH');
  });

  it('and the next run tries again', () => {
    run(['hello.ts'], { FAIL: 'ENOSPC' });
    expect(run().status).toBe(7);
  });
});

describe('a signal', () => {
  it('reaches the file, whose exit code stays', async () => {
    run(['--setup']);
    write({
      'wait.ts':
        'setInterval(() => {}, 1000);\nprocess.on("SIGTERM", () => process.exit(9));\nprocess.stdout.write("ready");\n',
      'deaf.ts': 'setInterval(() => {}, 1000);\nprocess.stdout.write("ready");\n',
    });
    const ending = (file: string) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [join(root, 'scripts/run.mjs'), file], { env: environment() });
        child.stdout.once('data', () => child.kill('SIGTERM'));
        child.on('close', (code, signal) => resolve(code ?? signal));
      });
    expect(await ending('wait.ts')).toBe(9);
    expect(await ending('deaf.ts')).toBe('SIGTERM');
  });
});

it('a Node that runs elsewhere only is replaced by the one that is there', () => {
  run(['--setup']);
  rmSync(join(root, 'node_modules'), { recursive: true });
  tool(
    join(folder, 'bin/npx'),
    `mkdir -p node_modules/node/bin node_modules/.bin; echo not a program > node_modules/node/bin/node
chmod +x node_modules/node/bin/node
printf '#!/bin/sh\\nmkdir -p packages/contracts/generated/aiswitch\\n' > node_modules/.bin/buf; chmod +x node_modules/.bin/buf`,
  );
  expect(run(['hello.ts', 'x'])).toMatchObject({ status: 7, stdout: 'x' });
});
