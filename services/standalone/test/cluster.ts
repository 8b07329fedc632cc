// Every service as a process of its own, joined over gRPC: what a cluster runs, on one machine.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Alias,
  AuthDefinition,
  Bucket,
  CreateKeyRequest,
  CreateUserRequest,
  Limits,
  OrganisationDefinition,
  PeriodKind,
  Provider,
  QuotaLedgerDefinition,
  RouterDefinition,
  Subject,
  Tier,
} from '@ai-switch/contracts';
import { connect } from '@ai-switch/rpc';
import { LOOPBACK_NETWORKS, type RunningProcess, ScriptedProvider, startProcess } from '@ai-switch/testkit';
import { ALL_ALIASES, type Gateway, PROVIDER_KEY } from './gateway.ts';

const ANY_PORT = '127.0.0.1:0';
const TENANT = 'default';
const LISTENS = /listen(?:s|ing) on port (\d+)\n/;

export async function openCluster(folder: string): Promise<Gateway> {
  const masterKeyPath = join(folder, 'master.key');
  writeFileSync(masterKeyPath, randomBytes(32), { mode: 0o600 });
  const url = (service: string) => `sqlite:${join(folder, `${service}.db`)}`;
  const processes = {
    auth: startService('auth', { AISWITCH_AUTH_LISTEN: ANY_PORT, AISWITCH_AUTH_DATABASE_URL: url('auth') }),
    ledger: startService('quota-ledger', {
      AISWITCH_LEDGER_LISTEN: ANY_PORT,
      AISWITCH_LEDGER_DATABASE_URL: url('quota-ledger'),
    }),
    router: startService('router', {
      AISWITCH_ROUTER_LISTEN: ANY_PORT,
      AISWITCH_ROUTER_DATABASE_URL: url('router'),
      AISWITCH_MASTER_KEY_FILE: masterKeyPath,
      AISWITCH_UPSTREAM_NETWORKS: LOOPBACK_NETWORKS.join(),
    }),
    audit: startService('audit-consumer', {
      AISWITCH_AUDIT_LISTEN: ANY_PORT,
      AISWITCH_AUDIT_DATABASE_URL: url('audit'),
    }),
  };
  const addresses = {
    AISWITCH_AUTH_ADDRESS: await addressOf(processes.auth),
    AISWITCH_LEDGER_ADDRESS: await addressOf(processes.ledger),
    AISWITCH_ROUTER_ADDRESS: await addressOf(processes.router),
    AISWITCH_AUDIT_ADDRESS: await addressOf(processes.audit),
  };
  const edge = startService('edge-gateway', {
    AISWITCH_EDGE_LISTEN: ANY_PORT,
    AISWITCH_EDGE_SPOOL_PATH: join(folder, 'spool'),
    AISWITCH_UPSTREAM_NETWORKS: LOOPBACK_NETWORKS.join(),
    ...addresses,
  });
  const edgeAddress = await addressOf(edge);

  const auth = connect(AuthDefinition, addresses.AISWITCH_AUTH_ADDRESS);
  const organisation = connect(OrganisationDefinition, addresses.AISWITCH_AUTH_ADDRESS);
  const ledger = connect(QuotaLedgerDefinition, addresses.AISWITCH_LEDGER_ADDRESS);
  const router = connect(RouterDefinition, addresses.AISWITCH_ROUTER_ADDRESS);
  const key = /ais_\w+/.exec(await processes.auth.prints(/ais_\w+/))?.[0] ?? '';
  const { caller } = await auth.authenticate({ key });
  const actor = { tenant: TENANT, userId: caller?.userId ?? '' };
  const provider = await ScriptedProvider.open();
  for (const [alias, { kind, dialect, model }] of Object.entries(ALL_ALIASES)) {
    const name = `${alias}-provider`;
    const row = { tenant: TENANT, name, kind, dialect, baseUrl: provider.baseUrl, origin: 'admin' };
    await router.putProvider({ provider: Provider.create(row), credential: PROVIDER_KEY });
    const resource = { provider: name, model, weight: 1, priority: 0 };
    await router.putAlias({ alias: Alias.create({ tenant: TENANT, name: alias, resources: [resource] }) });
  }

  let users = 0;
  return {
    url: `http://${edgeAddress}`,
    key,
    provider,
    limitedKey: async (output) => {
      users += 1;
      const name = `limited-${users}`;
      const { user } = await organisation.createUser(CreateUserRequest.create({ actor, name }));
      const userId = user?.userId ?? '';
      const limits = Limits.create({ output: BigInt(output) });
      await ledger.putBucket({
        bucket: Bucket.create({
          tenant: TENANT,
          tier: Tier.PERSONAL,
          scope: `user:${userId}`,
          limits,
          periodKind: PeriodKind.MONTH,
        }),
      });
      const made = await organisation.createKey(CreateKeyRequest.create({ actor, userId }));
      return made.plaintext;
    },
    outputTokens: async () => {
      const subject = Subject.create({ userId: caller?.userId ?? '' });
      const { balances } = await ledger.getBalances({ tenant: TENANT, subject });
      const { balance } = balances.find(({ bucket }) => bucket?.tier === Tier.PERSONAL) ?? {};
      return { held: Number(balance?.held?.output), used: Number(balance?.used?.output) };
    },
    [Symbol.asyncDispose]: async () => {
      for (const port of [auth, organisation, ledger, router]) port.close();
      for (const running of [edge, ...Object.values(processes)]) {
        running.kill('SIGTERM');
        await running.ended();
      }
      await provider.close();
    },
  };
}

function startService(name: string, environment: Readonly<Record<string, string>>): RunningProcess {
  return startProcess(`services/${name}/src/main.ts`, { environment });
}

async function addressOf(running: RunningProcess): Promise<string> {
  const printed = await running.prints(LISTENS);
  return `127.0.0.1:${LISTENS.exec(printed)?.[1]}`;
}
