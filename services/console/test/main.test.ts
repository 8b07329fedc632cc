import { randomBytes } from 'node:crypto';
import { openAuditLog } from '@ai-switch/audit-consumer';
import { openAuth } from '@ai-switch/auth';
import {
  AccessPoliciesDefinition,
  AuditLogDefinition,
  AuthDefinition,
  OrganisationDefinition,
  QuotaLedgerDefinition,
  RouterDefinition,
  SignInDefinition,
} from '@ai-switch/contracts';
import { inboxSink } from '@ai-switch/event-log';
import { openQuotaLedger } from '@ai-switch/quota-ledger';
import { openRouter } from '@ai-switch/router';
import { serve } from '@ai-switch/rpc';
import { createLogger } from '@ai-switch/telemetry';
import { startProcess } from '@ai-switch/testkit';
import { expect, test } from 'vitest';

const MAIN = 'services/console/src/main.ts';
const MEMORY = 'sqlite::memory:';
const LISTENS = /console listens on port (\d+)\n/;
const logger = createLogger({ service: 'console', level: 'silent' });

/** Every service that the console asks, behind one address. */
async function openServices() {
  const audit = await openAuditLog({ databaseUrl: MEMORY, logger });
  const auth = await openAuth({ databaseUrl: MEMORY, logger });
  const ledger = await openQuotaLedger({ databaseUrl: MEMORY, logger });
  const router = await openRouter({ databaseUrl: MEMORY, masterKey: randomBytes(32), logger });
  const outbox = auth.sendEvents(inboxSink(audit.auditLog));
  const server = await serve(
    [
      { definition: AuthDefinition, implementation: auth.auth },
      { definition: OrganisationDefinition, implementation: auth.organisation },
      { definition: AccessPoliciesDefinition, implementation: auth.accessPolicies },
      { definition: SignInDefinition, implementation: auth.signIn },
      { definition: QuotaLedgerDefinition, implementation: ledger.ledger },
      { definition: RouterDefinition, implementation: router.router },
      { definition: AuditLogDefinition, implementation: audit.auditLog },
    ],
    { address: '127.0.0.1:0' },
  );
  return {
    address: `127.0.0.1:${server.port}`,
    key: auth.firstRootKey ?? '',
    close: async () => {
      await server.close(100);
      await outbox.close(100);
      await Promise.all([auth.close(), ledger.close(), router.close(), audit.close()]);
    },
  };
}

test('the admin API as a process answers, limits wrong keys, and ends on SIGTERM', async () => {
  const services = await openServices();
  const running = startProcess(MAIN, {
    environment: {
      AISWITCH_CONSOLE_LISTEN: '127.0.0.1:0',
      AISWITCH_AUTH_ADDRESS: services.address,
      AISWITCH_LEDGER_ADDRESS: services.address,
      AISWITCH_ROUTER_ADDRESS: services.address,
      AISWITCH_AUDIT_ADDRESS: services.address,
    },
  });
  try {
    const [, port] = LISTENS.exec(await running.prints(LISTENS)) ?? [];
    const ask = (path: string, key: string, body?: unknown) =>
      fetch(`http://127.0.0.1:${port}/api/admin/v1${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    expect((await ask('/users', services.key, { name: 'alice' })).status).toBe(201);
    expect((await ask('/users/alice', services.key)).status).toBe(200);
    await expect
      .poll(async () => (await (await ask('/audit-events', services.key)).text()).includes('user.create'))
      .toBe(true);
    const guesses = await Promise.all(
      Array.from({ length: 60 }, (_, guess) => ask('/users', `wrong-${guess}`)),
    );
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(30);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(30);
    expect((await ask('/users', services.key)).status).toBe(200);
  } finally {
    running.kill('SIGTERM');
    expect(await running.ended()).toBe(0);
    await services.close();
  }
  expect(running.stderr).not.toContain(services.key);
});
