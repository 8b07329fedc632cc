// The command as people run it: a process, in a home folder of its own.

import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeOf, writeChange } from '../src/cli/connect/change-files.ts';
import { CLIENTS } from '../src/cli/connect/clients.ts';
import { isConfirmed } from '../src/cli/connect/confirm.ts';

const CLI = join(import.meta.dirname, '../src/cli/main.ts');
const URL_HERE = 'http://127.0.0.1:8787';
const KEY = 'ais_key_of_a_client';
const NOBODY = 65_534;
const SUPER_USER = process.getuid?.() === 0;
const ORDINARY_USER = SUPER_USER ? NOBODY : undefined;

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'connect test '));
});
afterEach(() => {
  chmodSync(home, 0o700);
  rmSync(home, { recursive: true, force: true });
});

/** @param uid whose process it is; a super user may write everywhere */
async function connect(
  line: string | readonly string[],
  environment: Readonly<Record<string, string>> = {},
  uid?: number,
) {
  const words = typeof line === 'string' ? line.split(' ') : line;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, 'connect', ...words], {
    env: { PATH: process.env.PATH, HOME: home, AISWITCH_KEY: KEY, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const code = new Promise((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  return { code: await code, stdout, stderr };
}

function put(path: string, text: string): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const read = (path: string) => readFileSync(join(home, path), 'utf8');

const FILES: readonly (readonly [client: string, paths: readonly string[]])[] = [
  ['claude-code', ['.claude/settings.json']],
  ['codex', ['.codex/config.toml']],
  ['opencode', ['.config/opencode/opencode.json']],
  ['gemini', ['.gemini/settings.json', '.gemini/.env']],
];

describe('without --write', () => {
  it.each(['claude-code', 'codex', 'opencode', 'cursor', 'gemini', 'openai-sdk'])(
    '%s: address, key and model are printed, and nothing is written',
    async (client) => {
      const { code, stdout, stderr } = await connect(`${client} --model work`);
      expect([code, stderr]).toEqual([0, '']);
      for (const part of [URL_HERE, KEY, 'work']) expect(stdout).toContain(part);
      expect(readdirSync(home)).toEqual([]);
    },
  );

  it('prints JSON for programs', async () => {
    const { stdout } = await connect('codex --model work --json');
    expect(JSON.parse(stdout)).toMatchObject({
      client: 'codex',
      url: URL_HERE,
      key: KEY,
      model: 'work',
      files: [{ path: join(home, '.codex/config.toml'), text: expect.stringContaining('model = "work"') }],
    });
  });

  it('Cursor is told of https, and of a name that changes its requests', async () => {
    const here = await connect('cursor --model gpt-5.5');
    expect(here.stdout).toContain(`${URL_HERE}/cursor/v1`);
    expect(here.stdout).toMatch(/must be reached from there, by https/);
    expect(here.stdout).toMatch(/neutral name/);
    const there = await connect('cursor --model work --url https://gateway.example.com/');
    expect(there.stdout).toContain(' https://gateway.example.com/cursor/v1 ');
    expect(there.stdout).not.toMatch(/by https|neutral name/);
  });
});

describe('with --write', () => {
  it.each(FILES)(
    '%s: the files are made for their owner alone, and a second run changes nothing',
    async (client, paths) => {
      const first = await connect(`${client} --model work --small-model small --write --yes`);
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(paths.map(read).join('')).toContain(KEY);
      for (const path of paths) {
        expect(first.stdout).toContain(`~/${path} (new)`);
        expect(statSync(join(home, path)).mode & 0o777).toBe(0o600);
      }
      const before = paths.map(read);
      const second = await connect(`${client} --model work --small-model small --write`);
      expect(second).toMatchObject({ code: 0, stderr: '' });
      expect(second.stdout.match(/nothing changed/g)).toHaveLength(paths.length);
      expect(paths.map(read)).toEqual(before);
      for (const path of paths) expect(readdirSync(dirname(join(home, path)))).toHaveLength(paths.length);
    },
  );

  it('what is in a file already stays, the change is shown, and the file as it was is kept beside it', async () => {
    const text =
      '{\n  "theme": "dark",\n  "env": {\n    "ANTHROPIC_BASE_URL": "http://old",\n    "MINE": "1"\n  }\n}\n';
    put('.claude/settings.json', text);
    const { stdout } = await connect('claude-code --model work --write --yes');
    expect(stdout).toContain('-     "ANTHROPIC_BASE_URL": "http://old"');
    expect(stdout).toContain(`+     "ANTHROPIC_BASE_URL": "${URL_HERE}"`);
    expect(JSON.parse(read('.claude/settings.json'))).toMatchObject({
      theme: 'dark',
      env: { MINE: '1', ANTHROPIC_BASE_URL: URL_HERE, ANTHROPIC_AUTH_TOKEN: KEY, ANTHROPIC_MODEL: 'work' },
    });
    const backup = readdirSync(join(home, '.claude')).find((name) => name.endsWith('.bak')) ?? '';
    expect(stdout).toContain(`as it was: ~/.claude/${backup}`);
    expect(read(join('.claude', backup))).toBe(text);
  });

  it('Codex keeps its comments and its other providers', async () => {
    const theirs = '# mine\napproval_policy = "never"\n\n[model_providers.other]\nname = "o"\n';
    put('.codex/config.toml', theirs);
    await connect('codex --model work --write --yes');
    expect(read('.codex/config.toml')).toBe(`# mine
approval_policy = "never"
model = "work"
model_provider = "ai-switch"

[model_providers.other]
name = "o"

[model_providers.ai-switch]
name = "AI-Switch"
base_url = "${URL_HERE}/v1"
wire_api = "responses"
experimental_bearer_token = "${KEY}"
`);
  });

  it('a link stays a link', async () => {
    const file = put('dotfiles/settings.json', '{}');
    mkdirSync(join(home, '.claude'));
    symlinkSync(file, join(home, '.claude/settings.json'));
    await connect('claude-code --model work --write --yes');
    expect(lstatSync(join(home, '.claude/settings.json')).isSymbolicLink()).toBe(true);
    expect(read('dotfiles/settings.json')).toContain(KEY);
  });

  it('follows the variables by which a client moves its folder, and --home before them', async () => {
    const elsewhere = { CODEX_HOME: join(home, 'elsewhere') };
    await connect('codex --model work --write --yes', elsewhere);
    await connect(['codex', '--model', 'work', '--write', '--yes', '--home', join(home, 'other')], elsewhere);
    expect(read('elsewhere/config.toml')).toContain(KEY);
    expect(read('other/.codex/config.toml')).toContain(KEY);
    expect(readdirSync(home).sort()).toEqual(['elsewhere', 'other']);
  });

  it('a program gets JSON, and whoever watches sees the change', async () => {
    const { stdout, stderr } = await connect('opencode --model work --write --yes --json');
    expect(JSON.parse(stdout)).toEqual({
      client: 'opencode',
      files: [{ path: join(home, '.config/opencode/opencode.json'), isChanged: true }],
    });
    expect(stderr).toContain('+   "model": "ai-switch/work"');
  });

  it('where nobody can be asked nothing is written', async () => {
    const { code, stdout, stderr } = await connect('codex --model work --write');
    expect([code, stderr]).toEqual([1, expect.stringContaining('Give --yes')]);
    expect(stdout).toContain('+ model = "work"');
    expect(readdirSync(home)).toEqual([]);
  });
});

it.each([
  ['y\n', true],
  ['YES\n', true],
  ['\n', false],
  ['no\n', false],
  ['', false],
])('the answer %j at a terminal is %s', async (answer, isYes) => {
  const input = new PassThrough();
  const output = new PassThrough();
  input.end(answer);
  expect(await isConfirmed('Write this?', input, output)).toBe(isYes);
  output.end();
  expect(await textOf(output)).toBe('Write this? [y/N] ');
});

describe('nothing is written, and one line says why, when', () => {
  it.each<readonly [title: string, client: string, path: string, text: string, words: string]>([
    ['JSON is broken', 'claude-code', '.claude/settings.json', '{ "env": {', 'it is no JSON'],
    [
      'a file holds comments',
      'opencode',
      '.config/opencode/opencode.json',
      '{ // mine\n}',
      'comments, which would be lost',
    ],
    [
      'the other file of a client holds comments',
      'opencode',
      '.config/opencode/opencode.jsonc',
      '{ /* mine */ }',
      'opencode.jsonc is left as it is',
    ],
    ['the second of two files cannot be edited', 'gemini', '.gemini/settings.json', '[]', 'no JSON object'],
    ['TOML is broken', 'codex', '.codex/config.toml', 'model = \n', 'it is no TOML: see line 1'],
    [
      'a table contradicts',
      'codex',
      '.codex/config.toml',
      '[model_providers.ai-switch]\nenv_key = "X"\n',
      'has env_key',
    ],
    [
      'a table has another form',
      'codex',
      '.codex/config.toml',
      'model_providers.ai-switch.name = "x"\n',
      'in another form',
    ],
    [
      'a file is too big',
      'claude-code',
      '.claude/settings.json',
      `{"x":"${'y'.repeat(1024 * 1024)}"}`,
      'too big',
    ],
  ])('%s', async (_title, client, path, text, words) => {
    put(path, text);
    const { code, stdout, stderr } = await connect(`${client} --model work --write --yes`);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(words);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(read(path)).toBe(text);
    expect(readdirSync(dirname(join(home, path)))).toHaveLength(1);
  });

  it('the second of two files cannot be written, and the first is told', async () => {
    mkdirSync(join(home, '.gemini'));
    put('elsewhere/settings.json', '{}');
    symlinkSync(join(home, 'elsewhere/settings.json'), join(home, '.gemini/settings.json'));
    put('locked/.env', '');
    symlinkSync(join(home, 'locked/.env'), join(home, '.gemini/.env'));
    for (const path of ['', 'elsewhere', 'elsewhere/settings.json', 'locked', 'locked/.env', '.gemini']) {
      if (SUPER_USER) chownSync(join(home, path), NOBODY, NOBODY);
    }
    chmodSync(join(home, 'locked'), 0o500);
    const { code, stdout, stderr } = await connect('gemini --model work --write --yes', {}, ORDINARY_USER);
    expect([code, stderr]).toEqual([1, 'error: ~/locked/.env cannot be written (EACCES)\n']);
    expect(stdout).toContain('wrote ~/elsewhere/settings.json');
    chmodSync(join(home, 'locked'), 0o700);
  });

  it('a folder stands where the file belongs', async () => {
    mkdirSync(join(home, '.codex/config.toml'), { recursive: true });
    const { code, stderr } = await connect('codex --model work --write --yes');
    expect([code, stderr]).toEqual([1, 'error: ~/.codex/config.toml cannot be read (EISDIR)\n']);
  });

  it('a file stands where the folder belongs', async () => {
    put('.codex', '');
    const { code, stderr } = await connect('codex --model work --write --yes');
    expect([code, stderr]).toEqual([1, 'error: ~/.codex/config.toml cannot be read (ENOTDIR)\n']);
  });

  it('a link leads nowhere', async () => {
    symlinkSync(join(home, 'gone'), join(home, '.codex'));
    const { code, stderr } = await connect('codex --model work --write --yes');
    expect([code, stderr]).toEqual([1, expect.stringContaining('~/.codex/config.toml cannot be written')]);
  });

  it('the folder may not be written', async () => {
    if (SUPER_USER) chownSync(home, NOBODY, NOBODY);
    chmodSync(home, 0o500);
    const { code, stderr } = await connect('codex --model work --write --yes', {}, ORDINARY_USER);
    expect([code, stderr]).toEqual([1, 'error: ~/.codex/config.toml cannot be written (EACCES)\n']);
  });
});

it('a file that something else has changed meanwhile is left alone', async () => {
  const path = put('settings.json', '{"mine":1}');
  const change = await changeOf({ path, edit: () => '{"ours":1}' });
  writeFileSync(path, '{"theirs":1}');
  await expect(writeChange(change, new Date())).rejects.toThrow('has just been changed by something else');
  expect(read('settings.json')).toBe('{"theirs":1}');
});

it('--help teaches with examples and names the clients', async () => {
  const { code, stdout } = await connect('--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Examples:\n.*npm run cli -- connect /);
  for (const { name } of CLIENTS) expect(stdout).toContain(`  ${name} `);
});

describe('a command that cannot be is refused:', () => {
  it.each([
    ['nobody --model work', 2, 'these are: claude-code, codex, opencode, cursor, gemini, openai-sdk'],
    ['cursor --model work --write', 2, 'Cursor has no file of settings'],
    ['codex --model a"b', 2, '--model holds a space, a quote'],
    ['codex --model work --key $(id)', 2, '--key holds'],
    ['codex --model work --url nowhere', 2, 'nowhere is no address'],
    ['codex --model work --url http://u:p@x', 2, 'neither a password'],
    ['codex --url http://127.0.0.1:9', 1, 'no gateway is running at http://127.0.0.1:9'],
  ])('%s', async (line, code, words) => {
    const outcome = await connect(line);
    expect([outcome.code, outcome.stdout]).toEqual([code, '']);
    expect(outcome.stderr).toContain(words);
    expect(outcome.stderr).not.toMatch(/\n\s+at /);
  });

  it('without a key', async () => {
    expect(await connect('codex --model work', { AISWITCH_KEY: '' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no key: set AISWITCH_KEY'),
    });
  });
});

describe('a model that is not named', () => {
  async function withModels<Result>(body: object, work: (url: string) => Promise<Result>): Promise<Result> {
    const server = createServer((incoming, outgoing) => {
      const isAllowed = incoming.url === '/v1/models' && incoming.headers.authorization === `Bearer ${KEY}`;
      outgoing.writeHead(isAllowed ? 200 : 401, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify(isAllowed ? body : { error: { message: 'This API key is not valid.' } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const listOf = (...ids: string[]) => ({ data: ids.map((id) => ({ id, owned_by: 'mine' })) });

  it('is one for chats of those that the key may use', async () => {
    const { stdout } = await withModels(listOf('a-embed', 'big', 'small'), (url) =>
      connect(`codex --json --url ${url}`),
    );
    expect(JSON.parse(stdout)).toMatchObject({ model: 'big', smallModel: 'big' });
  });

  it('cannot be found for a key that may use none, or is none', async () => {
    const none = await withModels(listOf(), (url) => connect(`codex --url ${url}`));
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('may use no model') });
    const wrong = await withModels(listOf('big'), (url) => connect(`codex --url ${url} --key wrong`));
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('This API key is not valid.') });
  });
});
