import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OpenAuditLog, openAuditLog } from '@ai-switch/audit-consumer';
import {
  AuditLogDefinition,
  AuthDefinition,
  ListAccessRequest,
  QuotaLedgerDefinition,
  RouterDefinition,
} from '@ai-switch/contracts';
import { type Server, serve } from '@ai-switch/rpc';
import { LOOPBACK_NETWORKS } from '@ai-switch/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressed, ask, type Gateway, openGateway, PATHS } from './gateway.ts';
import { endOf } from './wire.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

let spoolPath: string;
let gateway: Gateway;
let services: Server;
let audit: OpenAuditLog;
beforeAll(async () => {
  spoolPath = await mkdtemp(join(tmpdir(), 'aiswitch-spool-'));
  gateway = await openGateway();
  audit = await openAuditLog({ databaseUrl: 'sqlite::memory:' });
  const { ports } = gateway;
  services = await serve(
    [
      { definition: AuthDefinition, implementation: ports.auth },
      { definition: QuotaLedgerDefinition, implementation: ports.quotaLedger },
      { definition: RouterDefinition, implementation: ports.router },
      { definition: AuditLogDefinition, implementation: audit.auditLog },
    ],
    { address: '127.0.0.1:0' },
  );
});
afterAll(async () => {
  await rm(spoolPath, { recursive: true, force: true });
  await services.close(0);
  await audit.close();
  await gateway[Symbol.asyncDispose]();
});

test('the edge runs as a process of its own, with every port behind gRPC', async () => {
  const address = `127.0.0.1:${services.port}`;
  const child = spawn(process.execPath, [MAIN], {
    env: {
      AISWITCH_EDGE_LISTEN: '127.0.0.1:0',
      AISWITCH_AUTH_ADDRESS: address,
      AISWITCH_LEDGER_ADDRESS: address,
      AISWITCH_ROUTER_ADDRESS: address,
      AISWITCH_AUDIT_ADDRESS: address,
      AISWITCH_EDGE_SPOOL_PATH: spoolPath,
      AISWITCH_UPSTREAM_NETWORKS: LOOPBACK_NETWORKS.join(),
      AISWITCH_EDGE_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = `http://127.0.0.1:${await portOf(child)}`;
  const headers = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' };
  for (const path of PATHS) {
    for (const stream of [false, true]) {
      const { address, body } = addressed(path, ask(path, 'chat', { stream }));
      const response = await fetch(url + address, { method: 'POST', headers, body: JSON.stringify(body) });
      expect(response.status).toBe(200);
      const text = await response.text();
      if (stream) expect(endOf(path, text)).toBe('finished');
      await gateway.settled();
      const id = response.headers.get('x-aiswitch-reservation') ?? '';
      expect((await gateway.reservation(id)).charged).toMatchObject({ input: 11n, output: 7n });
      const requestId = response.headers.get('x-request-id');
      await expect.poll(recordedIds).toContain(requestId);
    }
  }
  const refused = await fetch(`${url}/v1/models`, { headers: { 'x-api-key': 'none' } });
  expect(refused.status).toBe(401);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('the edge says in one line which setting is missing', async () => {
  const child = spawn(process.execPath, [MAIN], { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(said).toMatch(/^edge-gateway: AISWITCH_AUTH_ADDRESS is required: .*\n$/);
});

async function recordedIds(): Promise<readonly string[]> {
  const scope = { tenant: gateway.tenant, isWholeCompany: true, departmentPaths: [], userId: '' };
  const { records } = await audit.auditLog.listAccess(ListAccessRequest.create({ scope }));
  return records.map(({ requestId }) => requestId);
}

async function portOf(child: ChildProcess): Promise<number> {
  let said = '';
  for await (const chunk of child.stdout ?? []) {
    said += chunk;
    const port = /listens on port (\d+)/.exec(said)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`the edge did not start: ${said}`);
}
