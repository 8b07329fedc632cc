// A team that grows: what the standalone wrote into files is in PostgreSQL after one command, and goes on there.

import { databases, type FreshDatabase, startProcess, temporaryFolder } from '@ai-switch/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readCli } from './cli.ts';
import { openStandaloneGateway } from './gateway.ts';
import { startStandalone } from './standalone-process.ts';

const postgres = databases.find(({ name }) => name === 'postgres') ?? expect.unreachable();
let folder: ReturnType<typeof temporaryFolder>;
let target: FreshDatabase;

beforeEach(async () => {
  folder = temporaryFolder();
  target = await postgres.create();
});
afterEach(async () => {
  await target.drop();
  folder[Symbol.dispose]();
});

async function migrate(...args: string[]) {
  const running = startProcess('services/console/src/cli/main.ts', {
    args: ['migrate-database', '--from', folder.path, ...args],
    environment: { AISWITCH_DATABASE_URL: target.url },
  });
  const code = await running.ended();
  return { code, stdout: running.stdout, stderr: running.stderr };
}

async function ask(url: string, key: string): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await response.text();
  return response.status;
}

it('everything that was in the files is in PostgreSQL, and the gateway goes on there', async () => {
  let key: string;
  let before: unknown;
  {
    await using gateway = await openStandaloneGateway(folder.path);
    key = gateway.key;
    for (let count = 0; count < 5; count += 1) expect(await ask(gateway.url, key)).toBe(200);
    const early = await migrate();
    expect(early.code).toBe(1);
    expect(early.stderr).toMatch(/^error: another process uses the data folder .*\n$/);
    before = await readState({ url: gateway.url, key });
    await gateway.outputTokens();
  }

  const { code, stdout, stderr } = await migrate('--json');
  expect([code, stderr]).toEqual([0, '']);
  const { tables, proofs } = JSON.parse(stdout);
  const rowsOf = (name: string) => tables.find(({ table }: { table: string }) => table === name)?.rows;
  expect(Number(rowsOf('access_records'))).toBe(5);
  expect(Number(rowsOf('reservation'))).toBe(5);
  const heads = proofs.find(({ name }: { name: string }) => name === 'chain heads');
  expect(heads.rows.length).toBeGreaterThan(0);
  expect(heads.rows[0].chain).toMatch(/^[0-9a-f]{64}$/);

  await using standalone = await startStandalone(folder.path, {
    environment: { AISWITCH_DATABASE_URL: target.url, AISWITCH_UPSTREAM_NETWORKS: '127.0.0.0/8' },
  });
  expect(standalone.key).toBeUndefined();
  const there = { ...standalone, key };
  expect(await readState(there)).toEqual(before);
  const verified = await readCli(there, 'audit verify');
  expect(verified).toMatchObject({ faults: [] });

  const again = await migrate();
  expect(again.code).toBe(1);
  expect(again.stderr).toMatch(/^error: (the database is not empty|another process uses)/);
}, 120_000);

/** What people see of it. */
async function readState(of: { readonly url: string; readonly key: string }) {
  const read = async (path: string) => {
    const response = await fetch(`${of.url}/api/admin/v1${path}`, { headers: { 'x-api-key': of.key } });
    expect(response.status).toBe(200);
    return (await response.json()) as { readonly items: readonly { readonly name: string }[] };
  };
  return {
    users: await read('/users'),
    // The demo goes once there are others.
    providers: (await read('/providers')).items.filter(({ name }) => name !== 'demo'),
    aliases: await read('/aliases'),
    quota: await read('/quotas/root'),
  };
}

it('a folder without data and a database that is away are one line each', async () => {
  const empty = await migrate();
  expect(empty.code).toBe(1);
  expect(empty.stderr).toMatch(/^error: there is no .*auth\.db: name the folder .*\n$/);
  const nowhere = await migrate('--from', '/nowhere', '--to', 'mysql://x');
  expect(nowhere.stderr).toMatch(/^error: AISWITCH_DATABASE_URL must be postgres:.*\n$/);
  {
    await using _standalone = await startStandalone(folder.path);
  }
  const away = await migrate('--to', 'postgres://someone:canary@127.0.0.1:1/none');
  expect(away.code).toBe(1);
  expect(away.stderr).toMatch(/^error: PostgreSQL at 127\.0\.0\.1:1\/none does not answer .*\n$/);
  expect(away.stderr).not.toContain('canary');
}, 120_000);
