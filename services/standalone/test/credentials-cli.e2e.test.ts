// Keys are rotated on the command line while the gateway answers, and what was sealed opens after a restart.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ScriptedProvider, temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from './cli.ts';
import { type StandaloneProcess, startStandalone } from './standalone-process.ts';

const CREDENTIAL = 'sk-canary-of-the-provider';

let folder: ReturnType<typeof temporaryFolder>;
let standalone: StandaloneProcess;
let provider: ScriptedProvider;
let key: string;
const dataPath = () => join(folder.path, 'data');

beforeAll(async () => {
  folder = temporaryFolder();
  provider = await ScriptedProvider.open();
  standalone = await startStandalone(dataPath());
  key = standalone.key ?? '';
  const environment = { CREDENTIAL };
  const add = `providers add mine --kind custom --base-url ${provider.baseUrl} --model small --credential-env CREDENTIAL`;
  expect((await runCli(standalone, add, { environment })).code).toBe(0);
});
afterAll(async () => {
  await standalone[Symbol.asyncDispose]();
  await provider.close();
  folder[Symbol.dispose]();
});

async function told(line: string): Promise<string> {
  const { code, stdout, stderr } = await runCli({ ...standalone, key }, line);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

async function expectAnswer(): Promise<void> {
  const response = await fetch(`${standalone.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'small', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  expect(response.status).toBe(200);
  await response.text();
  expect(provider.requests.at(-1)?.headers.authorization).toBe(`Bearer ${CREDENTIAL}`);
}

it('a new data key and two new master keys come into use without a restart, and hold after one', async () => {
  await expectAnswer();
  expect(await told('credentials rotate-data-key')).toContain('data key 2 seals 1 credentials');
  await expectAnswer();
  for (const number of [2, 3]) {
    expect(await told('credentials rotate-master-key')).toContain('0 are left');
    expect(statSync(join(dataPath(), `master-${number}.key`)).mode & 0o777).toBe(0o600);
    await expectAnswer();
  }
  expect((await told('credentials status --master-keys')).trim().split('\n')).toHaveLength(4);
  const before = await told('credentials status');
  expect(before).not.toContain('canary');

  await standalone[Symbol.asyncDispose]();
  standalone = await startStandalone(dataPath());
  await expectAnswer();
  expect(await told('credentials status')).toBe(before);
  expect(await told('credentials rotate-master-key')).toContain('0 are left');
  const files = readdirSync(dataPath()).filter((name) => /^master.*\.key$/.test(name));
  expect(files.sort()).toEqual(['master-2.key', 'master-3.key', 'master-4.key', 'master.key']);
  await expectAnswer();
});
