import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { databases, ScriptedProvider, temporaryFolder } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launchStandalone, startStandalone } from './standalone-process.ts';

const run = promisify(execFile);
const postgres = databases.find(({ name }) => name === 'postgres') ?? expect.unreachable();

let folder: ReturnType<typeof temporaryFolder>;
let dataPath: string;

beforeEach(() => {
  folder = temporaryFolder();
  dataPath = join(folder.path, 'data');
});

afterEach(() => folder[Symbol.dispose]());

function curlIn(printed: string): string {
  const lines = /^ {2}curl [\s\S]*?'$/m.exec(printed)?.[0];
  if (lines === undefined) throw new Error(`no curl in:\n${printed}`);
  return lines;
}

describe('the first start', () => {
  it('prints a root key, and a curl that works', async () => {
    await using standalone = await startStandalone(dataPath);
    expect(standalone.key).toMatch(/^ais_/);
    const { stdout } = await run('sh', ['-c', curlIn(standalone.printed)]);
    const { choices, usage } = JSON.parse(stdout);
    expect(choices[0].message.content).toContain('npm run cli -- providers add');
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
  });

  it('prints lines for each tool, and nothing on stderr', async () => {
    await using standalone = await startStandalone(dataPath);
    const { printed, url, key } = standalone;
    expect(printed).toContain(`export ANTHROPIC_BASE_URL=${url}\n  export ANTHROPIC_AUTH_TOKEN=${key}`);
    expect(printed).toContain(`OpenAI(base_url="${url}/v1", api_key="${key}")`);
    const opencode = /^ {2}(\{"provider"[\s\S]*?\})$/m.exec(printed)?.[1] ?? '';
    expect(JSON.parse(opencode).provider['ai-switch'].options).toEqual({ baseURL: `${url}/v1`, apiKey: key });
    expect(printed).toContain(`base_url = "${url}/v1"\n  wire_api = "responses"`);
    expect(printed).toContain(`export GOOGLE_GEMINI_BASE_URL=${url}\n  export GEMINI_API_KEY=${key}`);
    expect(standalone.process.stderr).toBe('');
  });

  it('makes the data folder and its master key for the owner only', async () => {
    await using _standalone = await startStandalone(dataPath);
    expect(statSync(dataPath).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataPath, 'master.key')).mode & 0o777).toBe(0o600);
  });
});

describe('a later start', () => {
  it('keeps the data and prints no key', async () => {
    const first = await startStandalone(dataPath);
    await first[Symbol.asyncDispose]();
    await using second = await startStandalone(dataPath);
    expect(second.key).toBeUndefined();
    expect(second.printed).not.toContain('ais_');
    const { stdout } = await run('sh', ['-c', curlIn(second.printed)], {
      env: { PATH: process.env.PATH, AISWITCH_KEY: first.key },
    });
    expect(JSON.parse(stdout).choices).toHaveLength(1);
  });

  it('makes one more root key when asked', async () => {
    const first = await startStandalone(dataPath);
    await first[Symbol.asyncDispose]();
    await using second = await startStandalone(dataPath, { args: ['--new-root-key'] });
    expect(second.key).toMatch(/^ais_/);
    expect(second.key).not.toBe(first.key);
    for (const key of [first.key, second.key]) {
      const response = await fetch(`${second.url}/v1/models`, { headers: { 'x-api-key': key ?? '' } });
      expect(response.status).toBe(200);
    }
  });

  it('works after the process was killed', async () => {
    const first = await startStandalone(dataPath);
    first.process.kill('SIGKILL');
    await first.process.ended();
    await using second = await startStandalone(dataPath);
    expect(second.url).toMatch(/^http/);
  });
});

it('on PostgreSQL a later start keeps the data, and needs the master key of the first', async () => {
  const database = await postgres.create();
  const environment = { AISWITCH_DATABASE_URL: database.url };
  const first = await startStandalone(dataPath, { environment });
  await run('sh', ['-c', curlIn(first.printed)]);
  await first[Symbol.asyncDispose]();
  const second = await startStandalone(dataPath, { environment });
  const headers = { 'x-api-key': first.key ?? '' };
  const response = await fetch(`${second.url}/api/admin/v1/access-log`, { headers });
  expect(await response.json()).toMatchObject({ items: [{ alias: 'demo', httpStatus: 200 }] });
  await second[Symbol.asyncDispose]();
  const elsewhere = launchStandalone(join(folder.path, 'elsewhere'), { environment });
  expect(await elsewhere.ended()).toBe(1);
  expect(elsewhere.stderr).toMatch(/master key .* is missing/);
  await database.drop();
});

describe('a start that cannot be is one line on stderr and exit code 1:', () => {
  async function failureOf(environment: Record<string, string> = {}, uid?: number): Promise<string> {
    const options = uid === undefined ? { environment } : { environment, uid };
    const running = launchStandalone(dataPath, options);
    expect(await running.ended()).toBe(1);
    expect(running.stderr.trimEnd().split('\n')).toHaveLength(1);
    return running.stderr;
  }

  it('the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await failureOf({ AISWITCH_PORT: String(port) })).toMatch(/port is in use/);
    server.close();
  });

  it('a first start that fails has printed the key that it made', async () => {
    const running = launchStandalone(dataPath, { environment: { AISWITCH_HOST: '192.0.2.1' } });
    expect(await running.ended()).toBe(1);
    expect(running.stdout).toMatch(/ais_\w+/);
  });

  it('the data folder is a file', async () => {
    writeFileSync(dataPath, '');
    expect(await failureOf()).toMatch(/data folder .* cannot be written/);
  });

  it.runIf(process.getuid?.() === 0)('the data folder belongs to somebody else', async () => {
    mkdirSync(dataPath, { mode: 0o755 });
    chmodSync(folder.path, 0o755);
    expect(await failureOf({}, 65_534)).toMatch(/data folder .* cannot be written/);
  });

  it('another process uses the data folder', async () => {
    await using _first = await startStandalone(dataPath);
    expect(await failureOf()).toMatch(/another process uses the data folder/);
  });

  it('a database is newer than the program', async () => {
    const first = await startStandalone(dataPath);
    await first[Symbol.asyncDispose]();
    const database = new DatabaseSync(join(dataPath, 'quota-ledger.db'));
    database.exec("insert into schema_migrations (name, applied_at_ms) values ('999-later', 0)");
    database.close();
    expect(await failureOf()).toMatch(/newer version/);
  });

  it('a file is not a database', async () => {
    mkdirSync(dataPath);
    writeFileSync(join(dataPath, 'auth.db'), 'x'.repeat(4_096));
    expect(await failureOf()).toMatch(/not a database/);
  });

  it('the master key is gone and there is data', async () => {
    const first = await startStandalone(dataPath);
    await first[Symbol.asyncDispose]();
    rmSync(join(dataPath, 'master.key'));
    expect(await failureOf()).toMatch(/master key .* is missing/);
    expect(await failureOf()).toMatch(/master key .* is missing/);
  });

  it('the master key can be read by others', async () => {
    const first = await startStandalone(dataPath);
    await first[Symbol.asyncDispose]();
    chmodSync(join(dataPath, 'master.key'), 0o644);
    expect(await failureOf()).toMatch(/can be read by others/);
  });

  it('a setting is wrong', async () => {
    expect(await failureOf({ AISWITCH_PORT: 'http' })).toMatch(/AISWITCH_PORT must be/);
  });

  it('an argument is unknown', async () => {
    const running = launchStandalone(dataPath, { args: ['--port', '1'] });
    expect(await running.ended()).toBe(1);
    expect(running.stderr).toMatch(/takes only --new-root-key, --new-root-password and --help/);
  });
});

it('--help describes every setting', async () => {
  const running = launchStandalone(dataPath, { args: ['--help'] });
  expect(await running.ended()).toBe(0);
  for (const name of ['HOST', 'PORT', 'DATA', 'DATABASE_URL', 'DISCOVER_LOCAL', 'LOG_LEVEL']) {
    expect(running.stdout).toContain(`AISWITCH_${name}`);
  }
});

describe('SIGTERM', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s lets a live stream run to its end', async (signal) => {
    const standalone = await startStandalone(dataPath);
    const response = await fetch(`${standalone.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${standalone.key}` },
      body: JSON.stringify({ model: 'demo', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader?.read())?.value ?? '';
    standalone.process.kill(signal);
    // A terminal, npm and the bootstrap may each pass the same signal on.
    await new Promise((resolve) => setTimeout(resolve, 50));
    standalone.process.kill(signal);
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      text += part.value;
    }
    expect(text).toMatch(/"start\."[\s\S]*data: \[DONE\]/);
    expect(await standalone.process.ended()).toBe(0);
    expect(standalone.process.stderr).toBe('');
  });
});

describe('providers at start', () => {
  const providersOf = async (url: string, key: string | undefined) => {
    const response = await fetch(`${url}/api/admin/v1/providers`, { headers: { 'x-api-key': key ?? '' } });
    const { items } = (await response.json()) as { items: Record<string, unknown>[] };
    return items.map(({ name, origin, hasCredential }) => ({ name, origin, hasCredential }));
  };
  const demo = { name: 'demo', origin: 'environment', hasCredential: false };
  const glm = { name: 'glm', origin: 'environment', hasCredential: true };

  it('follow the keys in the environment, and the demo leaves when there are any', async () => {
    const first = await startStandalone(dataPath);
    expect(await providersOf(first.url, first.key)).toEqual([demo]);
    await first[Symbol.asyncDispose]();
    // The list of this provider's models is known without asking it.
    const withKey = await startStandalone(dataPath, { environment: { ZHIPUAI_API_KEY: 'sk-canary' } });
    expect(await providersOf(withKey.url, first.key)).toEqual([glm]);
    expect(withKey.printed).toContain('"model":"glm-5.3"');
    expect(withKey.printed).not.toContain('sk-canary');
    await withKey[Symbol.asyncDispose]();
    await using without = await startStandalone(dataPath);
    expect(await providersOf(without.url, first.key)).toEqual([demo]);
  });

  it('leave alone what an admin put under the same name', async () => {
    await using provider = await ScriptedProvider.open();
    const first = await startStandalone(dataPath);
    await fetch(`${first.url}/api/admin/v1/providers/glm`, {
      method: 'PUT',
      headers: { 'x-api-key': first.key ?? '' },
      body: JSON.stringify({ kind: 'custom', baseUrl: provider.baseUrl, models: ['own'] }),
    });
    await first[Symbol.asyncDispose]();
    const environment = { ZHIPUAI_API_KEY: 'sk-canary' };
    await using second = await startStandalone(dataPath, { environment });
    expect(await providersOf(second.url, first.key)).toEqual([
      { name: 'glm', origin: 'admin', hasCredential: false },
    ]);
    expect(second.printed).toContain('"model":"own"');
  });
});
