// The audit trail of a gateway of one process on the command line: whole, exported, and after somebody changed it.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startProcess, temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCli, runCli } from './cli.ts';
import { type StandaloneProcess, startStandalone } from './standalone-process.ts';

/** Only a failure waits so long. */
const POLL = { timeout: 25_000 };

let folder: ReturnType<typeof temporaryFolder>;
let standalone: StandaloneProcess;
let key: string;
const dataPath = () => join(folder.path, 'data');
const root = () => ({ ...standalone, key });

beforeAll(async () => {
  folder = temporaryFolder();
  standalone = await startStandalone(dataPath());
  key = standalone.key ?? '';
});
afterAll(async () => {
  await standalone[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function askAndChange(): Promise<void> {
  const response = await fetch(`${standalone.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  expect(response.status).toBe(200);
  await response.text();
  expect((await runCli(root(), 'users add alice')).code).toBe(0);
}

/** Once nothing is on its way: each log has all that it announced. */
async function storedOfAll(): Promise<number> {
  const logs: { readonly lastSequence: number; readonly stored: number }[] = await readCli(
    root(),
    'audit completeness',
  );
  const isWhole = logs.every(({ lastSequence, stored }) => lastSequence === stored);
  return isWhole ? logs.reduce((sum, { stored }) => sum + stored, 0) : 0;
}

it('a trail is whole and signed, also over a restart', async () => {
  await askAndChange();
  await expect.poll(storedOfAll, POLL).toBeGreaterThanOrEqual(3);
  await standalone[Symbol.asyncDispose]();
  standalone = await startStandalone(dataPath());
  await expect
    .poll(() => readCli(root(), 'audit completeness'), POLL)
    .toContainEqual(
      expect.objectContaining({ producer: expect.stringMatching(/^standalone\//), isFinal: true, stored: 1 }),
    );
  const report = await readCli(root(), 'audit verify');
  expect(report).toMatchObject({ faults: [], missing: 0, isSigned: true, isOwnKey: true });
  expect((await readCli(root(), 'usage --by hour'))[0]).toMatchObject({ requests: 1 });
});

it('an export is verified without the gateway, and a changed one is not', async () => {
  const path = join(folder.path, 'trail.ndjson');
  expect((await runCli(root(), ['audit', 'export', '--output', path])).code).toBe(0);
  const again = await runCli(root(), ['audit', 'export', '--output', path]);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('it is there already') });
  const nobody = { ...standalone, url: 'http://127.0.0.1:9', key: '' };
  const clean = await runCli(nobody, ['audit', 'verify', '--file', path]);
  expect(clean).toMatchObject({ code: 0, stdout: expect.stringContaining('no faults') });
  writeFileSync(path, readFileSync(path, 'utf8').replace('user.create', 'user.remove'));
  const changed = await runCli(nobody, ['audit', 'verify', '--file', path]);
  expect(changed).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/FAULT in \S+, epoch 1, record \d+/),
  });
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, -100));
  const cut = await runCli(nobody, ['audit', 'verify', '--file', path]);
  expect(cut).toMatchObject({ code: 1, stderr: expect.stringContaining('was cut or changed') });
});

it('a row that somebody changed in the database is named', async () => {
  await standalone[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(dataPath(), 'audit.db'));
  database.exec("update audit_events set actor = 'nobody' where action = 'user.create'");
  database.close();
  standalone = await startStandalone(dataPath());
  const { code, stdout } = await runCli(root(), 'audit verify');
  expect(code).toBe(1);
  expect(stdout).toMatch(/FAULT in \S+, epoch 1, record \d+: it is not what its hash is of/);
});

it('who is not root sees nothing of it', async () => {
  const { key: alices } = JSON.parse((await runCli(root(), 'keys add alice --scope admin --json')).stdout);
  for (const line of ['audit verify', 'audit completeness', 'audit export']) {
    expect((await runCli({ ...standalone, key: alices }, line)).code).toBe(1);
  }
});

it('a gateway that has lost the key of its trail says so in one line and does not start', async () => {
  await standalone[Symbol.asyncDispose]();
  const path = join(dataPath(), 'audit-signing.key');
  renameSync(path, `${path}.kept`);
  const environment = { AISWITCH_DATA: dataPath(), AISWITCH_PORT: '0' };
  const refused = startProcess('services/standalone/src/main.ts', { environment });
  expect(await refused.ended()).toBe(1);
  expect(refused.stderr.trim().split('\n').at(-1)).toMatch(
    /the audit trail is signed with the key \w+: give that one/,
  );
  expect(refused.stderr).not.toContain('    at ');
  renameSync(`${path}.kept`, path);
  standalone = await startStandalone(dataPath());
});
